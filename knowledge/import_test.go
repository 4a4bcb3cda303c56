package knowledge

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"jiban"
)

func file(name, content string) []Input { return []Input{{Name: name, Data: []byte(content)}} }

func importing(t *testing.T, inputs []Input, opts ImportOptions) (*Service, *memoryStore, Report, error) {
	t.Helper()
	store := newMemoryStore()
	s := newService(t, store)
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	r, err := s.Import(context.Background(), inputs, opts)
	return s, store, r, err
}

func xlsx(t *testing.T, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func encode(t *testing.T, how string, text string) string {
	t.Helper()
	enc := simplifiedchinese.GB18030.NewEncoder()
	if how == "utf16" {
		enc = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
	}
	out, err := enc.String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Each format, each encoding and each language of the header say the same.
func TestImportFormats(t *testing.T) {
	want := jiban.Article{
		ID: "a1", Version: 1, Title: "社保卡补办", Body: "带身份证\n到银行网点。", Department: "省人社厅",
		Regions: []string{"230100"}, Audience: jiban.Citizen, Theme: "社会保险", Source: "《社会保险法》",
		ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, jiban.Beijing),
		ValidTo:   time.Date(2027, 1, 1, 0, 0, 0, -1, jiban.Beijing),
		Similar:   []string{"社保卡丢了", "补卡"}, Keywords: []string{"社保卡"},
		Status: jiban.ArticleReview, Author: "li",
	}
	english := "id,title,body,department,region,audience,theme,source,valid_from,valid_to,similar,keywords\n" +
		"a1,社保卡补办,\"带身份证\n到银行网点。\",省人社厅,230100,citizen,社会保险,《社会保险法》,2026-01-01,2026-12-31,社保卡丢了|补卡,社保卡\n"
	chinese := strings.Replace(english, "id,title,body,department,region,audience,theme,source,valid_from,valid_to,similar,keywords",
		"编号,标题,正文,责任部门,适用地区,服务对象,分类,来源,生效日期,失效日期,相似问法,关键词", 1)
	chinese = strings.NewReplacer("230100", "哈尔滨市", "citizen", "自然人", "2026-01-01", "2026年1月1日", "2026-12-31", "2026/12/31").Replace(chinese)
	jsonl := `{"id":"a1","title":"社保卡补办","text":"带身份证\n到银行网点。","department":"省人社厅","region":"230100","audience":["自然人"],"theme":["社会保险"],"source":"《社会保险法》","valid_from":"2026-01-01","valid_to":"2026-12-31","similar":["社保卡丢了","补卡"],"keywords":"社保卡","alias":null,"unknown":{"x":1}}`
	md := "---\nid: a1\ndepartment: 省人社厅\nregion: \"230100\"\naudience: citizen\ntheme: 社会保险\nsource: 《社会保险法》\nvalid_from: 2026-01-01\nvalid_to: 2026-12-31\nsimilar: [社保卡丢了, 补卡]\nkeywords: [社保卡]\n---\n# 社保卡补办\n\n带身份证\n到银行网点。\n"
	cases := map[string][]Input{
		"csv":                    file("a.csv", english),
		"csv, Chinese header":    file("a.csv", chinese),
		"csv with mark":          file("a.CSV", "\xef\xbb\xbf"+english),
		"csv in GB 18030":        file("a.csv", encode(t, "gb", chinese)),
		"csv in UTF-16":          file("a.csv", encode(t, "utf16", chinese)),
		"csv with Windows lines": file("a.csv", strings.ReplaceAll(english, "\n", "\r\n")),
		"tabs":                   file("a.csv", strings.ReplaceAll(english, ",", "\t")),
		"jsonl":                  file("a.jsonl", jsonl+"\n\n"),
		"md":                     file("x/a.md", md),
		"md, Windows lines":      file("x/a.md", strings.ReplaceAll(md, "\n", "\r\n")),
		"xlsx": file("a.xlsx", xlsx(t,
			[]any{"编号", "标题", "正文", "责任部门", "适用地区", "服务对象", "分类", "来源", "生效日期", "失效日期", "相似问", "关键词", "备注"},
			[]any{"a1", "社保卡补办", "带身份证\n到银行网点。", "省人社厅", 230100, "自然人", "社会保险", "《社会保险法》",
				time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "2026-12-31", "社保卡丢了；补卡", "社保卡", "不用"})),
	}
	for name, inputs := range cases {
		t.Run(name, func(t *testing.T) {
			_, store, r, err := importing(t, inputs, ImportOptions{Actor: "li"})
			if err != nil {
				t.Fatal(err, r.Problems())
			}
			got, err := store.Article(context.Background(), "a1")
			if err != nil {
				t.Fatal(err)
			}
			if !sameContent(got, want) || got.Version != 1 || got.Status != want.Status || got.Author != "li" || got.UpdatedAt.IsZero() {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// A broken file is refused whole; the first problem names the row and the cause.
func TestBrokenImports(t *testing.T) {
	const head = "id,title,body,region,audience,valid_from,valid_to\n"
	cases := []struct {
		name    string
		inputs  []Input
		row     int
		problem string
	}{
		{"unknown format", file("a.doc", "x"), 1, "unknown format"},
		{"empty csv", file("a.csv", ""), 1, "the file is empty"},
		{"no body column", file("a.csv", "id,title\n1,x\n"), 1, "no column body"},
		{"column twice", file("a.csv", "id,body,正文\n1,x,y\n"), 1, "stands twice"},
		{"body empty", file("a.csv", head+"1,t,b,,,,\n2,t,,,,,\n"), 3, "is empty"},
		{"quote open", file("a.csv", head+"1,t,\"b,,,,\n"), 2, "cannot be read"},
		{"too many cells", file("a.csv", head+"1,t,b,,,,,x\n"), 2, "has 8 cells, the header has 7"},
		{"not text", file("a.csv", head+"1,t,\xff\xff\xff,,,,\n"), 1, "neither valid UTF-8 nor GB 18030"},
		{"zero byte", file("a.csv", head+"1,t,b\x00b,,,,\n"), 2, "no text"},
		{"unknown region", file("a.csv", head+"1,t,b,火星,,,\n"), 2, "unknown region"},
		{"region not of GB/T 2260", file("a.csv", head+"1,t,b,990000,,,\n"), 2, "unknown region"},
		{"region too short", file("a.csv", head+"1,t,b,2301,,,\n"), 2, "unknown region"},
		{"unknown audience", file("a.csv", head+"1,t,b,,外星人,,\n"), 2, "unknown word"},
		{"broken date", file("a.csv", head+"1,t,b,,,2026-13-01,\n"), 2, "is no date"},
		{"date of words", file("a.csv", head+"1,t,b,,,明天,\n"), 2, "is no date"},
		{"impossible year", file("a.csv", head+"1,t,b,,,1026-01-01,\n"), 2, "cannot be meant"},
		{"ends before it begins", file("a.csv", head+"1,t,b,,,2026-02-01,2026-01-01\n"), 2, "lies before"},
		{"id twice", file("a.csv", head+"1,t,b,,,,\n1,u,c,,,,\n"), 3, "stands already"},
		{"id twice over files", append(file("a.csv", head+"1,t,b,,,,\n"), file("b.jsonl", `{"id":1,"body":"x"}`)...), 1, "stands already in a.csv, row 2"},
		{"id with blanks", file("a.csv", head+"a b,t,b,,,,\n"), 2, "must not hold blanks"},
		{"id too long", file("a.csv", head+strings.Repeat("x", 200)+",t,b,,,,\n"), 2, "at most 128"},
		{"title too long", file("a.csv", head+"1,"+strings.Repeat("长", 301)+",b,,,,\n"), 2, "at most 300"},
		{"body too long", file("a.jsonl", `{"id":"1","body":"`+strings.Repeat("长", 50_001)+`"}`), 1, "at most 50000"},
		{"jsonl, not an object", file("a.jsonl", "{\"id\":\"1\",\"body\":\"x\"}\n[1]\n"), 2, "not a JSON object"},
		{"jsonl, broken", file("a.jsonl", "{\"id\":\"1\",\"body\":\"x\"\n"), 1, "not a JSON object"},
		{"jsonl, object for text", file("a.jsonl", `{"id":"1","body":{"x":1}}`), 1, "an object where"},
		{"jsonl, list in list", file("a.jsonl", `{"id":"1","body":"x","similar":[["y"]]}`), 1, "a list within a list"},
		{"jsonl, empty", file("a.jsonl", "\n\n"), 0, "no articles"},
		{"md, front matter open", file("a.md", "---\ntitle: x\nbody"), 1, "does not end"},
		{"md, broken yaml", file("a.md", "---\ntitle: [x\n---\nbody"), 1, "not valid YAML"},
		{"md, no body", file("a.md", "---\ntitle: x\n---\n"), 1, "is empty"},
		{"xlsx, not one", file("a.xlsx", "PK\x03\x04nonsense"), 1, "not an xlsx file"},
		{"xlsx, bad row", file("a.xlsx", xlsx(t, []any{"id", "body"}, []any{"1", "x"}, []any{"2", ""})), 3, "is empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, store, r, err := importing(t, c.inputs, ImportOptions{Publish: true})
			if jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error()+r.Problems(), c.problem) {
				t.Fatalf("error %v, want %q", err, c.problem)
			}
			if c.row > 0 && (len(r.Errors) == 0 || r.Errors[0].Row != c.row) {
				t.Errorf("problems %q, want row %d", r.Problems(), c.row)
			}
			if len(store.versions) != 0 || len(store.audit) != 0 {
				t.Error("something was saved")
			}
		})
	}
}

func TestImportAgain(t *testing.T) {
	ctx := context.Background()
	const first = "id,title,body\n1,社保卡,到银行。\n2,公积金,到中心。\n"
	s, store, r, err := importing(t, file("a.csv", first), ImportOptions{Publish: true, Actor: "li"})
	if err != nil || r.New != 2 || r.Rows != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(search(t, s, jiban.SearchQuery{Text: "社保卡"}).Found) == 0 {
		t.Error("a published import is not found")
	}
	second := strings.Replace(first, "到银行。", "到网点。", 1)
	r, err = s.Import(ctx, file("a.csv", second), ImportOptions{Publish: true, Check: true})
	if err != nil || r.Changed != 1 || r.Same != 1 || r.New != 0 {
		t.Fatalf("dry run %+v, %v", r, err)
	}
	if a, _ := store.Article(ctx, "1"); a.Version != 1 {
		t.Error("a dry run saved something")
	}
	if _, err = s.Import(ctx, file("a.csv", second), ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	a, _ := store.Article(ctx, "1")
	if a.Version != 2 || a.Status != jiban.ArticleReview {
		t.Errorf("after the change %+v", a)
	}
	if b, _ := store.Article(ctx, "2"); b.Version != 1 || b.Status != jiban.ArticlePublished {
		t.Errorf("an unchanged article was touched: %+v", b)
	}
	// Until the change is reviewed, the old text stands.
	if got := search(t, s, jiban.SearchQuery{Text: "社保卡"}).Found[0].Article; got.Body != "到银行。" {
		t.Errorf("answered from %q", got.Body)
	}
	if _, err = s.Import(ctx, file("a.csv", second), ImportOptions{Publish: true}); err != nil {
		t.Fatal(err)
	}
	if got := search(t, s, jiban.SearchQuery{Text: "社保卡"}).Found[0].Article; got.Body != "到网点。" {
		t.Errorf("answered from %q after publishing", got.Body)
	}
}

func TestImportWithoutIDsOrTitles(t *testing.T) {
	ctx := context.Background()
	const rows = `{"text":"社保卡丢了可以补办。带身份证。"}` + "\n" + `{"text":"公积金可以提取。"}`
	s, store, r, err := importing(t, file("a.jsonl", rows), ImportOptions{Publish: true})
	if err != nil || r.New != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	got := search(t, s, jiban.SearchQuery{Text: "社保卡补办"}).Found[0].Article
	if got.Title != "社保卡丢了可以补办" || got.Audience != jiban.Everyone || got.Regions[0] != "000000" {
		t.Errorf("%+v", got)
	}
	if r, err = s.Import(ctx, file("a.jsonl", rows), ImportOptions{Publish: true}); err != nil || r.Same != 2 || len(store.versions) != 2 {
		t.Errorf("the same file again: %+v, %v", r, err)
	}
}

func FuzzReadRows(f *testing.F) {
	f.Add("csv", []byte("id,body\n1,x\n"))
	f.Add("csv", []byte("\xef\xbb\xbf编号;正文\n1;\"x\n\n"))
	f.Add("csv", []byte("\xff\xfei\x00d\x00"))
	f.Add("jsonl", []byte(`{"id":1,"text":["a",["b"]],"valid_to":44927}`))
	f.Add("jsonl", []byte("{\"body\":\"\\u0000\\ud800\"}"))
	f.Add("md", []byte("---\nvalid_from: 2026-01-01\nsimilar: [a, {b: c}]\n---\n# t\nb"))
	f.Add("md", []byte("---\na: &a [*a]\n---\n"))
	f.Add("xlsx", []byte("PK\x03\x04"))
	p := newPlaces(regions())
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		rows, errs := readRows(Input{Name: "f." + format, Data: data})
		if len(rows) == 0 && len(errs) == 0 && format != "jsonl" && len(data) > 0 && format != "csv" {
			t.Skip()
		}
		ar := newArchive("")
		for _, r := range rows {
			a, errs := r.article(p)
			if len(errs) > 0 {
				continue
			}
			if a.ID == "" || a.Body == "" || len(a.Regions) == 0 || a.Audience == "" {
				t.Fatalf("an article without id, body, regions or audience passed: %+v", a)
			}
			back, err := ar.unpack(ar.pack(a))
			if err != nil || !sameContent(a, back) || a.ID != back.ID {
				t.Fatalf("packed %+v, unpacked %+v, %v", a, back, err)
			}
		}
	})
}
