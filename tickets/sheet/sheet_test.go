package sheet_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"jiban"
	"jiban/tickets"
	"jiban/tickets/sample"
	"jiban/tickets/sheet"
)

func sampleCatalogue(t testing.TB) jiban.Catalogue {
	t.Helper()
	c, err := sample.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func written(t testing.TB, c jiban.Catalogue) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := sheet.Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// same compares as JSON: an empty list and none are the same catalogue.
func same(a, b jiban.Catalogue) (string, bool) {
	a.Version, b.Version = 0, 0
	one, _ := json.Marshal(a)
	two, _ := json.Marshal(b)
	if bytes.Equal(one, two) {
		return "", true
	}
	for i := range one {
		if i >= len(two) || one[i] != two[i] {
			return fmt.Sprintf("…%.160s\nis read as …%.160s", one[max(0, i-60):], two[min(len(two), max(0, i-60)):]), false
		}
	}
	return "something more is read", false
}

func TestSampleComesBackEqual(t *testing.T) {
	c := sampleCatalogue(t)
	data := written(t, c)
	t.Logf("%d matters, %d departments, %d owners: %d KB", len(c.Matters), len(c.Departments), len(c.Owners), len(data)>>10)
	got, faults := sheet.Read(data)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if where, ok := same(c, got); !ok {
		t.Fatal(where)
	}
	if len(tickets.Diff(c, got)) != 0 {
		t.Error("the difference is not empty")
	}
}

// text draws what a person may write on one line of a list.
func text(t *rapid.T, label string) string {
	s := rapid.StringOfN(rapid.RuneFrom([]rune("停水a B_x0041_=+-@'\"<>&|;,，。%$#😀é0１\u3000")), 1, 12, -1).Draw(t, label)
	if s = strings.TrimSpace(s); s == "" {
		return "x"
	}
	return s
}

func texts(t *rapid.T, label string) []string {
	var all []string
	for range rapid.IntRange(0, 3).Draw(t, label+" count") {
		all = append(all, text(t, label))
	}
	return all
}

func drawLimit(t *rapid.T) jiban.Limit {
	n := rapid.IntRange(1, 365).Draw(t, "limit")
	switch rapid.IntRange(0, 3).Draw(t, "kind of limit") {
	case 0:
		return jiban.Limit{Days: n}
	case 1:
		return jiban.Limit{Days: n, AtOnce: true}
	case 2:
		return jiban.Limit{Hours: n}
	default:
		return jiban.Limit{Hours: n, OnClock: true}
	}
}

func drawLimits(t *rapid.T) map[jiban.RequestType]jiban.Limit {
	var all map[jiban.RequestType]jiban.Limit
	for _, k := range tickets.Types() {
		if rapid.Bool().Draw(t, "has a limit") {
			if all == nil {
				all = map[jiban.RequestType]jiban.Limit{}
			}
			all[k] = drawLimit(t)
		}
	}
	return all
}

func drawUrgent(t *rapid.T) map[jiban.Grade]map[jiban.RequestType]jiban.Limit {
	var all map[jiban.Grade]map[jiban.RequestType]jiban.Limit
	for _, g := range []jiban.Grade{jiban.GradePressing, jiban.GradeCritical} {
		if row := drawLimits(t); row != nil {
			if all == nil {
				all = map[jiban.Grade]map[jiban.RequestType]jiban.Limit{}
			}
			all[g] = row
		}
	}
	return all
}

func drawRules(t *rapid.T) []jiban.UrgencyRule {
	var all []jiban.UrgencyRule
	for _, g := range []jiban.Grade{jiban.GradeCritical, jiban.GradePressing} {
		if w := texts(t, "words"); w != nil {
			all = append(all, jiban.UrgencyRule{Level: g, Words: w})
		}
	}
	return all
}

func drawField(t *rapid.T, n int) jiban.Field {
	f := jiban.Field{Key: fmt.Sprintf("k%d", n), Label: text(t, "label"), LabelEN: text(t, "label en"),
		Kind:     rapid.SampledFrom([]string{"text", "place", "city", "time", "phone", "name", "amount", "number", "choice"}).Draw(t, "kind"),
		Required: rapid.Bool().Draw(t, "required"), MaxLength: rapid.IntRange(0, 4000).Draw(t, "longest"), Pattern: text(t, "pattern")}
	if f.Kind == "choice" {
		f.Choices = []jiban.Option{{Value: "a", Label: text(t, "choice")}, {Value: "b b", Label: text(t, "choice")}}
	}
	return f
}

func drawMatter(t *rapid.T, n int) jiban.Matter {
	m := jiban.Matter{Code: fmt.Sprintf("0101%02d", n), Name: text(t, "name"), NameEN: text(t, "name en"), Category: text(t, "category"), Parent: "0101",
		Aliases: texts(t, "alias"), Samples: texts(t, "sample"), Owner: text(t, "owner"), CoOwners: texts(t, "with"),
		Types:  rapid.SliceOfNDistinct(rapid.SampledFrom(tickets.Types()), 1, 4, func(k jiban.RequestType) jiban.RequestType { return k }).Draw(t, "types"),
		Limits: drawLimits(t), UrgentLimits: drawUrgent(t), Urgency: drawRules(t), Urgent: rapid.Bool().Draw(t, "urgent"), Sensitive: rapid.Bool().Draw(t, "sensitive"),
		Confidential: rapid.SampledFrom([]jiban.ConfidentialRule{"", jiban.ConfidentialReports, jiban.ConfidentialAlways}).Draw(t, "confidential"),
		Public:       rapid.Bool().Draw(t, "public"), Retired: rapid.Bool().Draw(t, "retired")}
	for i := range rapid.IntRange(0, 3).Draw(t, "fields") {
		m.Form.Fields = append(m.Form.Fields, drawField(t, i))
	}
	return m
}

func drawCatalogue(t *rapid.T) jiban.Catalogue {
	c := jiban.Catalogue{
		Categories: []jiban.Category{{Code: "01", Name: text(t, "name"), NameEN: text(t, "en"), Urgency: drawRules(t)}, {Code: "0101", Name: text(t, "name"), NameEN: "x", Parent: "01"}},
		Regions:    []jiban.Region{{Code: "230000", Name: text(t, "region")}, {Code: "230100", Name: "哈尔滨市", Parent: "230000"}},
		Limits:     drawLimits(t), UrgentLimits: drawUrgent(t),
	}
	for n := range rapid.IntRange(0, 4).Draw(t, "matters") {
		c.Matters = append(c.Matters, drawMatter(t, n))
	}
	for n := range rapid.IntRange(0, 4).Draw(t, "departments") {
		d := jiban.Department{ID: fmt.Sprintf("d%d", n), Name: text(t, "department"), Region: "230100"}
		if n > 0 {
			d.Superior = "d0"
		}
		c.Departments = append(c.Departments, d)
		c.Owners = append(c.Owners, jiban.Owner{Kind: text(t, "duty"), Region: "230100", Department: d.ID, Rank: rapid.IntRange(0, 9).Draw(t, "rank")})
	}
	return c
}

// What is exported and imported again is the same, whatever staff wrote.
func TestImportAfterExportIsIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCatalogue(t)
		var b bytes.Buffer
		if err := sheet.Write(&b, c); err != nil {
			t.Fatal(err)
		}
		got, faults := sheet.Read(b.Bytes())
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if where, ok := same(c, got); !ok {
			t.Fatal(where)
		}
	})
}

// spoilt is the sample's workbook with one cell changed.
func spoilt(t *testing.T, change func(f *excelize.File) error) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(written(t, sampleCatalogue(t))))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	if err := change(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBadRowsAreNamed(t *testing.T) {
	set := func(sheet, cell string, v any) func(*excelize.File) error {
		return func(f *excelize.File) error { return f.SetCellValue(sheet, cell, v) }
	}
	for _, c := range []struct {
		why    string
		change func(*excelize.File) error
		want   string
	}{
		{"an unknown type", set("事项", "F3", "咨询、许愿"), "事项 第 3 行“诉求类型”"},
		{"an unknown rule", set("事项", "O4", "看心情"), "事项 第 4 行“保密”"},
		{"neither yes nor no", set("事项", "K5", "也许"), "事项 第 5 行“紧急”"},
		{"a field of an unknown matter", set("要素", "A7", "999999"), "要素 第 7 行“事项代码”"},
		{"an unknown kind of field", set("要素", "E8", "颜色"), "要素 第 8 行“类型”"},
		{"a choice without label", set("要素", "G8", "a"), "要素 第 8 行“选项”"},
		{"a length that is no number", set("要素", "H8", "十"), "要素 第 8 行“最长字数”"},
		{"a limit of an unknown matter", set("时限", "A2", "999999"), "时限 第 2 行“事项代码”"},
		{"an impossible number", set("时限", "D3", "-3"), "时限 第 3 行“数量”"},
		{"no number", set("时限", "D3", ""), "时限 第 3 行“数量”"},
		{"an unknown unit", set("时限", "E3", "光年"), "时限 第 3 行“单位”"},
		{"hours that begin with a day", set("时限", "F10", "次日"), "时限 第 10 行“起算”"},
		{"a limit twice", func(f *excelize.File) error { return f.DuplicateRow("时限", 2) }, "时限 第 3 行"},
		{"a rank that is no number", set("主办", "D9", "甲"), "主办 第 9 行“顺序”"},
		{"a missing column", set("区划", "B1", "叫法"), "区划 第 1 行“叫法”"},
		{"a missing sheet", func(f *excelize.File) error { return f.DeleteSheet("单位") }, "单位 第 1 行"},
		{"words beside the table", set("单位", "H4", "备注"), "单位 第 4 行"},
	} {
		got, faults := sheet.Read(spoilt(t, c.change))
		if len(faults) == 0 || len(got.Matters) > 0 {
			t.Errorf("%s: %d matters, faults %v: nothing may be half-read", c.why, len(got.Matters), faults)
			continue
		}
		if !strings.Contains(faults[0].Error(), c.want) {
			t.Errorf("%s: got %q, want %q", c.why, faults[0].Error(), c.want)
		}
	}
}

// People move columns, leave rows free and type codes as they like.
func TestHandmadeWorkbookIsRead(t *testing.T) {
	data := spoilt(t, func(f *excelize.File) error {
		if err := f.InsertRows("区划", 3, 2); err != nil {
			return err
		}
		return f.SetSheetRow("区划", "A3", &[]any{"  ", "", " "})
	})
	got, faults := sheet.Read(data)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if where, ok := same(sampleCatalogue(t), got); !ok {
		t.Fatal(where)
	}
}

// A file of a few kilobytes that unpacks to gigabytes is refused before it is
// unpacked, and so is one that is no workbook.
func TestHostileFiles(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, 100<<20); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	many := spoilt(t, func(f *excelize.File) error {
		for row := 2; row < 400; row++ {
			if err := f.SetCellValue("主办", fmt.Sprintf("D%d", row), "甲"); err != nil {
				return err
			}
		}
		return nil
	})
	for why, data := range map[string][]byte{
		"nothing": nil, "no zip": []byte("hello"), "a bomb": bomb.Bytes(), "too large": make([]byte, 17<<20), "hundreds of faults": many,
	} {
		c, faults := sheet.Read(data)
		if len(faults) == 0 || len(faults) > 100 || len(c.Matters) > 0 {
			t.Errorf("%s (%d KB): %d faults, %d matters", why, len(data)>>10, len(faults), len(c.Matters))
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func FuzzRead(f *testing.F) {
	small := jiban.Catalogue{
		Categories: []jiban.Category{{Code: "01", Name: "住", NameEN: "h"}, {Code: "0101", Name: "物业", NameEN: "p", Parent: "01"}},
		Regions:    []jiban.Region{{Code: "230000", Name: "黑龙江省"}}, Limits: map[jiban.RequestType]jiban.Limit{jiban.Help: {Days: 7}},
		Matters: []jiban.Matter{{Code: "010101", Name: "停水", Types: []jiban.RequestType{jiban.Help}, Form: jiban.Form{Fields: []jiban.Field{{Key: "place", Kind: "place"}}}}},
	}
	f.Add(written(f, small))
	f.Add(written(f, jiban.Catalogue{}))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, faults := sheet.Read(data)
		if len(faults) > 0 {
			if len(c.Matters)+len(c.Regions) > 0 {
				t.Fatal("something was half-read")
			}
			return
		}
		again, faults := sheet.Read(written(t, c))
		if len(faults) > 0 {
			t.Fatalf("what was read cannot be read again: %v", faults)
		}
		if where, ok := same(c, again); !ok {
			t.Fatal(where)
		}
	})
}

// repacked is a workbook with one part replaced, not compressed, so that a fuzzer
// changes what the reader sees and not what the zip hides.
func repacked(t testing.TB, book []byte, part string, content []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range in.File {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == part {
			_, err = w.Write(content)
		} else if r, failed := f.Open(); failed != nil {
			err = failed
		} else {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func FuzzSheetOfAStranger(f *testing.F) {
	book := written(f, jiban.Catalogue{Regions: []jiban.Region{{Code: "230000", Name: "黑龙江省"}}})
	const head = `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	f.Add([]byte(head + `<row r="1"><c r="A1" t="inlineStr"><is><t>代码</t></is></c></row></sheetData></worksheet>`))
	f.Add([]byte(head + `<row r="999999999"><c r="ZZZZZ1" t="s"><v>-1</v></c></row></sheetData></worksheet>`))
	f.Add([]byte(head + `<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>`))
	f.Fuzz(func(t *testing.T, xml []byte) {
		c, faults := sheet.Read(repacked(t, book, "xl/worksheets/sheet2.xml", xml))
		if len(faults) > 0 && len(c.Regions) > 0 {
			t.Fatal("something was half-read")
		}
	})
}

func BenchmarkWriteSample(b *testing.B) {
	c := sampleCatalogue(b)
	for b.Loop() {
		if err := sheet.Write(io.Discard, c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadSample(b *testing.B) {
	data := written(b, sampleCatalogue(b))
	for b.Loop() {
		if _, faults := sheet.Read(data); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}
