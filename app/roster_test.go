package app_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jiban"
	"jiban/app"
	"jiban/people"
)

// brokenRoster is a list of n rows, every tenth of them broken in another way.
func brokenRoster(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("姓名,电话,有效期\n")
	bad := []string{"某某,138000,2027", "某某,13800001234", "某某,,2027", "某某,13800001234,去年", "某\"某,13800001234,2027"}
	for i := range n {
		if i%10 == 9 {
			b.WriteString(bad[i/10%len(bad)] + "\n")
			continue
		}
		fmt.Fprintf(&b, "某某,1%d,2027\n", 3_000_000_000+i)
	}
	file := filepath.Join(t.TempDir(), "roster.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRosterImportReportsEveryBadRow(t *testing.T) {
	const n = 25_000
	c := embedded(t)
	file, report := brokenRoster(t, n), filepath.Join(t.TempDir(), "report.csv")
	var out, bar bytes.Buffer
	r := app.RosterImport{File: file, Report: report, Out: &out, Bar: &bar}
	if err := app.ImportRoster(t.Context(), c, r); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Fatalf("a file with bad rows was imported: %v", err)
	}
	if got := out.String(); !strings.Contains(got, "bad 2500") || !strings.Contains(got, "applied false") || strings.Count(got, "\n") > 25 {
		t.Errorf("the summary: %s", got)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 1+n/10 {
		t.Fatalf("%d rows in the report, %v", len(rows), err)
	}
	for i, row := range rows[1:] {
		if want := fmt.Sprint(2 + 10*i + 9); row[0] != want || row[1] == "" {
			t.Fatalf("line %d of the report is %v, want row %s", i, row, want)
		}
	}
	if strings.Contains(string(data), "1380000") {
		t.Error("the report repeats telephone numbers")
	}
	if info, err := os.Stat(report); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the report's mode: %v, %v", info.Mode(), err)
	}
	out.Reset()
	r.ImportOptions = people.ImportOptions{SkipBad: true}
	if err := app.ImportRoster(t.Context(), c, r); err != nil || !strings.Contains(out.String(), "after 22500; applied true") {
		t.Errorf("%v: %s", err, out.String())
	}
	for _, want := range []string{"读取 reading", "写入 writing", "100%", "\r"} {
		if !strings.Contains(bar.String(), want) {
			t.Errorf("the bar has no %q: %q", want, bar.String())
		}
	}
}

func TestRosterImportWithoutAPlaceForItsReport(t *testing.T) {
	c := embedded(t)
	r := app.RosterImport{File: brokenRoster(t, 5), Report: filepath.Join(t.TempDir(), "no", "such", "folder.csv"), Out: &bytes.Buffer{}}
	if err := app.ImportRoster(t.Context(), c, r); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("%v", err)
	}
}
