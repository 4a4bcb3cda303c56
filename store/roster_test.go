package store_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"jiban"
	"jiban/people"
)

func (h *household) imports(t testing.TB, csv string, o people.ImportOptions) people.ImportReport {
	t.Helper()
	return must[people.ImportReport](t)(h.roster.Import(t.Context(), strings.NewReader(csv), o))
}

func (h *household) listed(t testing.TB, phone string) string {
	t.Helper()
	kind, ok, err := h.roster.OnRoster(t.Context(), phone)
	if err != nil || ok != (kind != "") {
		t.Fatal(kind, ok, err)
	}
	return kind
}

func TestRosterImport(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		if h.listed(t, phone) != "" {
			t.Error("listed on an empty list")
		}
		const file = "\ufeff姓名,手机号,电话2,类别,有效期\r\n" +
			"王小明,13800001234,0451-8765 4321,残疾人,2027\r\n" +
			"李四,\"13900001111、+86 139-0000-2222\",,,2026-12-31\r\n" +
			"张三,13700000000,,老年人,2025年\r\n" +
			"\r\n" +
			"赵六,１３６００００００００,,烈属,长期\r\n"
		dry := h.imports(t, file, people.ImportOptions{DryRun: true})
		if dry.Applied || dry.Rows != 4 || dry.Bad != 0 || dry.Expired != 1 || dry.Phones != 5 || h.listed(t, phone) != "" {
			t.Fatalf("%+v", dry)
		}
		done := h.imports(t, file, people.ImportOptions{By: "admin"})
		if !done.Applied || done.Phones != 5 || done.Encoding != people.UTF8 || done.Kinds["残疾人"] != 1 || len(done.Ignored) != 1 {
			t.Fatalf("%+v", done)
		}
		for number, kind := range map[string]string{"13800001234": "残疾人", "tel:+8613800001234": "残疾人", "0451 87654321": "残疾人",
			"13900001111": "特服", "13900002222": "特服", "13600000000": "烈属", "13700000000": "", "13800001235": "", "网上": ""} {
			if got := h.listed(t, number); got != kind {
				t.Errorf("%s is listed as %q, want %q", number, got, kind)
			}
		}
		h.clock.Advance(60 * 24 * time.Hour) // 2027
		if h.listed(t, "13900001111") != "" || h.listed(t, phone) != "残疾人" {
			t.Error("entries end with their year")
		}
		var plain int
		p.query(t, &plain, "SELECT COUNT(*) FROM roster_blocks WHERE CAST(data AS TEXT) LIKE '%138%'")
		if plain != 0 {
			t.Error("a number is kept in clear")
		}
	})
}

func TestRosterDelta(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		h.imports(t, "phone,kind\n13800000001,a\n13800000002,b\n13800000003,c\n", people.ImportOptions{})
		r := h.imports(t, "操作,phone,kind\n删除,13800000001,\n新增,13800000004,d\n修改,13800000002,c\n", people.ImportOptions{Delta: true})
		if r.Before != 3 || r.Phones != 3 || r.Removed != 1 {
			t.Fatalf("%+v", r)
		}
		for number, kind := range map[string]string{"13800000001": "", "13800000002": "c", "13800000003": "c", "13800000004": "d"} {
			if got := h.listed(t, number); got != kind {
				t.Errorf("%s is listed as %q, want %q", number, got, kind)
			}
		}
		_, err := h.roster.Import(t.Context(), strings.NewReader("操作,phone\n删除,13800000001\n"), people.ImportOptions{})
		wantCode(t, err, jiban.CodeInvalid) // changes must not replace the list
		h.imports(t, "phone\n13800000009\n", people.ImportOptions{})
		var rows int
		if p.query(t, &rows, "SELECT COUNT(*) FROM roster_blocks"); rows != 1 || h.listed(t, "13800000003") != "" {
			t.Errorf("replaced lists leave %d buckets", rows)
		}
	})
}

func TestARosterWithEveryTenthRowBroken(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		h.imports(t, "phone,kind\n13800001234,旧\n", people.ImportOptions{})
		var b strings.Builder
		b.WriteString("phone,kind,until\n")
		broken := []string{"1380000,a,2030", "13900000000,a", "13900000000,a,soon", "\"13900000000,a,2030", ",a,2030",
			"13900000000,\xff\xfe,2030", "13900000000,a\"b,2030", "1390000000a,a,2030", "13900000000,a,1999", strings.Repeat("9", 70_000) + ",a,2030"}
		for i := range 5000 {
			if i%10 == 9 {
				b.WriteString(broken[i/10%len(broken)] + "\n")
			} else {
				fmt.Fprintf(&b, "139%08d,新,2030\n", i)
			}
		}
		r, err := h.roster.Import(t.Context(), strings.NewReader(b.String()), people.ImportOptions{Encoding: people.UTF8})
		wantCode(t, err, jiban.CodeInvalid)
		if r.Rows != 5000 || r.Bad != 500 || len(r.Errors) != 500 || r.Errors[0].Row != 11 || r.Errors[499].Row != 5001 || r.Applied {
			t.Fatalf("rows %d, bad %d, errors %d", r.Rows, r.Bad, len(r.Errors))
		}
		for _, e := range r.Errors {
			if strings.Contains(e.Text, "139") || strings.Contains(e.Text, "138") {
				t.Fatalf("the report repeats a number: %+v", e)
			}
		}
		if h.listed(t, phone) != "旧" || h.listed(t, "13900000001") != "" {
			t.Error("half imported")
		}
		r, err = h.roster.Import(t.Context(), strings.NewReader(b.String()), people.ImportOptions{Encoding: people.UTF8, SkipBad: true})
		if err != nil || r.Phones != 4500 || h.listed(t, "13900000001") != "新" || h.listed(t, phone) != "" {
			t.Fatalf("phones %d, error %v", r.Phones, err)
		}
	})
}

func TestARosterInGB18030(t *testing.T) {
	h := newHousehold(t, sqlitePlace(t))
	out, err := simplifiedchinese.GB18030.NewEncoder().String("姓名\t电话\t类别\n王𠀀\t１３８００００１２３４\t残疾人\n")
	if err != nil {
		t.Fatal(err)
	}
	r := h.imports(t, out, people.ImportOptions{})
	if r.Encoding != people.GB18030 || h.listed(t, phone) != "残疾人" {
		t.Errorf("%+v", r)
	}
}

func TestFilesThatAreNoRoster(t *testing.T) {
	h := newHousehold(t, sqlitePlace(t))
	for name, file := range map[string]string{"empty": "", "no telephone": "姓名,类别\n王,残疾人\n", "xlsx": "PK\x03\x04\x00\x00",
		"utf-16": "\xff\xfep\x00h\x00", "long header": strings.Repeat("电话", 100_000)} {
		_, err := h.roster.Import(t.Context(), strings.NewReader(file), people.ImportOptions{})
		if jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := h.roster.Import(t.Context(), io.MultiReader(strings.NewReader("phone\n13800001234\n"), failingReader{}), people.ImportOptions{})
	if err == nil || h.listed(t, phone) != "" {
		t.Errorf("a file that broke off was imported: %v", err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// TestAnImportThatFailsLeavesTheListAlone: two imports at once, the slower one
// has read a list that is gone.
func TestAnImportThatFailsLeavesTheListAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		h.imports(t, "phone,kind\n13800001234,a\n", people.ImportOptions{})
		inner := false
		_, err := h.roster.Import(t.Context(), strings.NewReader("phone,kind\n13800000001,slow\n"), people.ImportOptions{Delta: true,
			Progress: func(p people.ImportProgress) {
				if p.Written > 0 && !inner {
					inner = true
					h.imports(t, "phone,kind\n13800000002,quick\n", people.ImportOptions{})
				}
			}})
		wantCode(t, err, jiban.CodeConflict)
		if h.listed(t, "13800000002") != "quick" || h.listed(t, "13800000001") != "" {
			t.Error("the wrong list is in use")
		}
		var lists int
		if p.query(t, &lists, "SELECT COUNT(DISTINCT roster_id) FROM roster_blocks"); lists != 1 {
			t.Errorf("%d lists hold entries", lists)
		}
	})
}

func TestAProvenNumberOnTheRosterMarksTheContact(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		h.imports(t, "phone,kind\n13800001234,残疾人\n", people.ImportOptions{})
		conv := h.web(t, "v1", "你好")
		proof := h.prove(t, conv.ContactID, phone)
		if proof.Kind != "残疾人" || !proof.Contact.Roster {
			t.Errorf("%+v", proof)
		}
		if c := must[jiban.Contact](t)(h.store.Contact(t.Context(), conv.ContactID)); !c.Roster {
			t.Error("not marked")
		}
	})
}

// rosterFile is a list of n people, one in three with a second telephone.
func rosterFile(n int) []byte {
	var b bytes.Buffer
	b.WriteString("姓名,手机号,备用电话,类别,有效期\n")
	kinds := []string{"残疾人", "老年人", "优抚对象", "低保户"}
	for i := range n {
		b.WriteString("某某某,1")
		b.WriteString(strconv.Itoa(3_000_000_000 + i*3))
		b.WriteByte(',')
		if i%3 == 0 {
			b.WriteString("0451")
			b.WriteString(strconv.Itoa(80_000_000 + i))
		}
		b.WriteByte(',')
		b.WriteString(kinds[i%4])
		b.WriteString(",2027\n")
	}
	return b.Bytes()
}

// rosterSize is the number of people on the list of the model customer.
const rosterSize = 1_410_000

func BenchmarkRosterImport(b *testing.B) {
	file := rosterFile(rosterSize)
	h := newHousehold(b, sqlitePlace(b))
	for b.Loop() {
		r, err := h.roster.Import(b.Context(), bytes.NewReader(file), people.ImportOptions{})
		if err != nil || r.Bad != 0 || r.Phones != rosterSize*4/3 {
			b.Fatalf("%+v, error %v", r, err)
		}
	}
}

// BenchmarkRosterImportBroken imports the same list with every tenth row broken:
// all of them are reported, the good ones are taken.
func BenchmarkRosterImportBroken(b *testing.B) {
	lines := bytes.SplitAfter(rosterFile(rosterSize), []byte("\n"))
	for i := 10; i < len(lines); i += 10 {
		if len(lines[i]) > 0 {
			lines[i] = []byte("某某某,138000,,残疾人,2027\n")
		}
	}
	file := bytes.Join(lines, nil)
	h := newHousehold(b, sqlitePlace(b))
	for b.Loop() {
		told := 0
		r, err := h.roster.Import(b.Context(), bytes.NewReader(file), people.ImportOptions{SkipBad: true, Bad: func(people.RowError) { told++ }})
		if err != nil || r.Bad != rosterSize/10 || told != r.Bad || !r.Applied {
			b.Fatalf("%+v, told %d, error %v", r.Rows, told, err)
		}
	}
}

func BenchmarkRosterLookUp(b *testing.B) {
	h := newHousehold(b, sqlitePlace(b))
	file := rosterFile(rosterSize)
	if _, err := h.roster.Import(b.Context(), bytes.NewReader(file), people.ImportOptions{}); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		number := "1" + strconv.Itoa(3_000_000_000+(i*7919*3)%(rosterSize*6))
		if _, _, err := h.roster.OnRoster(b.Context(), number); err != nil {
			b.Fatal(err)
		}
	}
}
