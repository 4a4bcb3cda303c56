package app

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jiban"
	"jiban/lang"
)

// slotsFile writes rows into a file of its own.
func slotsFile(t *testing.T, name, rows string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const slotRows = `{"text":"昨晚八点停水，电话13800001234","now":"2026-11-02T09:00:00+08:00","times":["昨晚八点"],"phones":["13800001234"]}

["楼道灯坏了三天", [{"text":"三天","offset":[5,7],"type":"time_delta"}]]
{"text":"南岗区学府路52号","spans":[["district","南岗区"],["road","学府路"],["roadno","52号"]]}
{"text":"昨天","base":[2026,11,2,9],"expect":{"type":"time_point","time":["2026-11-01 00:00:00","2026-11-01 23:59:59"]}}
`

const slotCases = `[
 {"Input":"明天上午９点来","Context":{"ReferenceDateTime":"2026-11-02T09:00:00"},"Results":[{"Text":"明天上午9点","TypeName":"datetimeV2.datetime","Resolution":{"values":[{"type":"datetime","value":"2026-11-03 09:00:00"}]}}]},
 {"Input":"没有时间","Results":[]}
]`

func TestEvalSlotsCommand(t *testing.T) {
	dir := filepath.Dir(slotsFile(t, "rows.jsonl", slotRows))
	if err := os.WriteFile(filepath.Join(dir, "cases.json"), []byte(slotCases), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := EvalSlots(dir, []string{"230000"}, true, &out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rows  int
		Kinds []lang.SlotScore
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	n := map[string][3]int{}
	for _, k := range got.Kinds {
		n[k.Kind] = [3]int{k.N, k.Found, k.Right}
	}
	for kind, want := range map[string][3]int{"time": {4, 4, 4}, "time.from": {2, 2, 2}, "phone": {1, 1, 1}, "place": {1, 1, 1}, "number": {1, 1, 1}, "road": {1, 1, 1}} {
		if n[kind] != want {
			t.Errorf("%s: %v, want %v", kind, n[kind], want)
		}
	}
	if got.Rows != 6 {
		t.Errorf("%d rows, want 6", got.Rows)
	}
	out.Reset()
	if err := EvalSlots(filepath.Join(dir, "rows.jsonl"), nil, false, &out); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "precision") || !strings.Contains(s, "4 rows") || !strings.Contains(s, "time.from") {
		t.Errorf("printed:\n%s", s)
	}
}

func TestEvalSlotsNamesBadRows(t *testing.T) {
	good := `{"text":"昨天","times":["昨天"]}` + "\n"
	for name, c := range map[string]struct{ rows, says string }{
		"no JSON":          {good + "\n{", "line 3"},
		"no text":          {good + `{"times":[]}`, "line 2: no text"},
		"nothing labelled": {`{"text":"昨天"}`, "line 1: nothing labelled"},
		"label elsewhere":  {good + good + `{"text":"昨天","times":["前天"]}`, "line 3: label 1"},
		"empty label":      {`{"text":"昨天","times":[""]}`, "line 1: label 1"},
		"unknown part":     {`{"text":"学府路","spans":[["planet","学府路"]]}`, "line 1: span 1"},
		"half a span":      {`{"text":"学府路","spans":[["road"]]}`, "line 1: span 1"},
		"no present":       {`{"text":"昨天","times":["昨天"],"now":"soon"}`, "line 1: now"},
		"no base":          {`{"text":"昨天","base":"x","expect":{"time":[]}}`, "line 1: base"},
		"a row of three":   {`["昨天", [], []]`, "line 1: not a row"},
		"a broken case":    {`[{"Input":"昨天","Results":[]},{"Results":[]}]`, "row 2: no Input"},
		"a broken array":   {`[{"Input":"昨天"`, "no array of rows"},
		"a bad reference":  {`[{"Input":"昨天","Context":{"ReferenceDateTime":"x"},"Results":[]}]`, "row 1: ReferenceDateTime"},
	} {
		path := slotsFile(t, "rows.jsonl", c.rows)
		err := EvalSlots(path, nil, false, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.says) || jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "昨天") {
			t.Errorf("%s: the error repeats the text: %v", name, err)
		}
	}
	for _, in := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if err := EvalSlots(in, nil, false, &bytes.Buffer{}); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", in, err)
		}
	}
	if err := EvalSlots(slotsFile(t, "rows.jsonl", good), []string{"23"}, false, &bytes.Buffer{}); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("unknown region: %v", err)
	}
}

func FuzzSlotRows(f *testing.F) {
	for _, s := range []string{slotRows, slotCases, `["a", []]`, `[{"Input":"1"}]`, "\n\n", `{"text":"昨天","base":{"year":-1},"expect":{"time":["x","y"]}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rows, err := readSlotRows(strings.NewReader(s))
		if err != nil && jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Fatalf("%q: %v", s, err)
		}
		for _, r := range rows {
			if err := standsInText(r); err != nil {
				t.Fatalf("%q: %v", s, err)
			}
		}
	})
}
