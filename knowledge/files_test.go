package knowledge

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"jiban"
)

func TestReadInputs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("md/b.md", "# 公积金提取\n到中心。")
	write("md/sub/a.md", "---\ntitle: 社保卡补办\n---\n到银行。")
	write("md/readme.txt", "不是知识")
	write("c.csv", "id,body\nc,正文\n")
	inputs, err := ReadInputs([]string{filepath.Join(dir, "md"), filepath.Join(dir, "c.csv")})
	if err != nil || len(inputs) != 3 {
		t.Fatalf("%d inputs, %v", len(inputs), err)
	}
	_, store, r, err := importing(t, inputs, ImportOptions{})
	if err != nil || r.New != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	if a, err := store.Article(context.Background(), "b"); err != nil || a.Title != "公积金提取" || a.Body != "到中心。" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := ReadInputs([]string{filepath.Join(dir, "none.csv")}); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("a file that is not there: %v", err)
	}
}
