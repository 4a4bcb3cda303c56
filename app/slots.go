package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jiban"
	"jiban/lang"
)

// EvalSlots measures how well times, telephone numbers and places are found on
// labelled rows: a file, or all .jsonl and .json files of a folder. Regions are
// the codes of the installation whose places they are; none means all of China
// alike.
func EvalSlots(in string, regions []string, asJSON bool, out io.Writer) error {
	files, err := slotFiles(in)
	if err != nil {
		return err
	}
	var rows []lang.SlotRow
	for _, file := range files {
		more, err := readRows(file, readSlotRows)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	gazetteer, err := gazetteerOf(regions)
	if err != nil {
		return err
	}
	scores := lang.EvalSlots(gazetteer, rows)
	if asJSON {
		return printJSON(out, struct {
			Rows  int              `json:"rows"`
			Kinds []lang.SlotScore `json:"kinds"`
		}{len(rows), scores})
	}
	return printSlots(scores, len(rows), out)
}

func printSlots(scores []lang.SlotScore, rows int, out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows\n%-12s %6s %6s %6s %7s %9s %7s %6s\n", rows, "kind", "n", "found", "right", "touched", "precision", "recall", "F1")
	for _, s := range scores {
		fmt.Fprintf(&b, "%-12s %6d %6d %6d %7d %9.3f %7.3f %6.3f\n", s.Kind, s.N, s.Found, s.Right, s.Touched, s.Precision, s.Recall, s.F1)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// slotFiles is the file itself, or the files of a folder in order of their names.
func slotFiles(in string) ([]string, error) {
	info, err := os.Stat(in)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "%w", err)
	}
	if !info.IsDir() {
		return []string{in}, nil
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "%w", err)
	}
	var files []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".jsonl" || ext == ".json") {
			files = append(files, filepath.Join(in, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "no .jsonl and no .json file in %s", in)
	}
	return files, nil
}

func gazetteerOf(regions []string) (*lang.Gazetteer, error) {
	nation := lang.NewGazetteer(nil)
	var own []jiban.Region
	for _, code := range regions {
		name := nation.FullName(code)
		if name == "" {
			return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "%q is the code of no region: six digits, such as 230000", code)
		}
		own = append(own, jiban.Region{Code: code, Name: name})
	}
	if len(own) == 0 {
		return nation, nil
	}
	return lang.NewGazetteer(own), nil
}

// readSlotRows reads rows in any of the four forms of docs/operations.md. A row
// that is none of them, or whose labels do not stand in its text, is named by its
// line (in an array, by its place).
func readSlotRows(r io.Reader) ([]lang.SlotRow, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if isArrayOfObjects(in) {
		return readCases(in)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRow)
	var rows []lang.SlotRow
	for line := 1; lines.Scan(); line++ {
		b := bytes.TrimSpace(lines.Bytes())
		if len(b) == 0 {
			continue
		}
		row, err := slotRow(b)
		if err == nil {
			err = standsInText(row)
		}
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "slots eval", "after %d rows: %w", len(rows), err)
	}
	return rows, nil
}

// isArrayOfObjects tells one array that holds all rows from a row that is an
// array.
func isArrayOfObjects(in *bufio.Reader) bool {
	head, _ := in.Peek(256) // a shorter file is no error here
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(head), []byte("["))
	return ok && bytes.HasPrefix(bytes.TrimSpace(rest), []byte("{"))
}

// standsInText checks that every label stands in the text, in order; one that
// differs in width or case alone is written as it stands there.
func standsInText(row lang.SlotRow) error {
	for _, labels := range [][]lang.SlotLabel{row.Times, row.Phones, row.Parts} {
		rest := row.Text
		for i := range labels {
			words, ok := asWritten(rest, labels[i].Text)
			if !ok {
				return fmt.Errorf("label %d does not stand in the text after the one before", i+1)
			}
			labels[i].Text = words
			_, rest, _ = strings.Cut(rest, words)
		}
	}
	return nil
}

// asWritten finds words in a text, by their letters if not as they are.
func asWritten(text, words string) (string, bool) {
	if words == "" || strings.Contains(text, words) {
		return words, words != ""
	}
	runes, n, want := []rune(text), len([]rune(words)), lang.Fold(words)
	for i := 0; i+n <= len(runes); i++ {
		if s := string(runes[i : i+n]); lang.Fold(s) == want {
			return s, true
		}
	}
	return "", false
}

// slotObject is a row that is an object: with times, phones or spans, or with
// expect, which says that the whole text is one time.
type slotObject struct {
	Text   *string         `json:"text"`
	Now    string          `json:"now"`
	Times  []string        `json:"times"`
	Phones []string        `json:"phones"`
	Spans  [][]string      `json:"spans"`
	Base   json.RawMessage `json:"base"`
	Expect *expectedTime   `json:"expect"`
}

type expectedTime struct {
	Type string          `json:"type"`
	Time json.RawMessage `json:"time"`
}

func slotRow(b []byte) (lang.SlotRow, error) {
	if b[0] == '[' {
		return timesRow(b)
	}
	var o slotObject
	if err := json.Unmarshal(b, &o); err != nil {
		return lang.SlotRow{}, fmt.Errorf("not a row {text, times, phones, spans}: %w", err)
	}
	if o.Text == nil {
		return lang.SlotRow{}, errors.New("no text")
	}
	row := lang.SlotRow{Text: *o.Text, Now: defaultNow(), Times: wordLabels(o.Times), Phones: wordLabels(o.Phones)}
	var err error
	if row.Parts, err = partLabels(o.Spans); err != nil {
		return row, err
	}
	if o.Now != "" {
		if row.Now, err = time.Parse(time.RFC3339, o.Now); err != nil {
			return row, fmt.Errorf("now is no time: %w", err)
		}
	}
	if o.Expect != nil {
		err = o.expected(&row)
	}
	if err == nil && row.Times == nil && row.Phones == nil && row.Parts == nil {
		err = errors.New("nothing labelled: times, phones, spans or expect")
	}
	return row, err
}

// defaultNow is the present of rows that name none; what is measured then are
// words, not moments.
func defaultNow() time.Time { return time.Date(2026, 1, 15, 12, 0, 0, 0, beijingZone()) }

func beijingZone() *time.Location { return time.FixedZone("CST", 8*60*60) }

func wordLabels(words []string) []lang.SlotLabel {
	if words == nil {
		return nil
	}
	out := make([]lang.SlotLabel, 0, len(words))
	for _, w := range words {
		out = append(out, lang.SlotLabel{Text: w})
	}
	return out
}

// partOf translates the labels of addresses to the kinds of lang.AddressPart.
var partOf = map[string]string{
	"prov": "province", "city": "city", "district": "district", "town": "town", "devZone": "zone",
	"road": "road", "subRoad": "road", "subroad": "road", "roadno": "number", "subroadno": "number", "community": "community",
	"poi": "landmark", "subpoi": "landmark", "houseno": "building", "cellno": "unit", "floorno": "floor", "roomno": "room",
	"country": "", "assist": "", "redundant": "", "person": "",
}

// partLabels reads spans [label, words]; a label is one of partOf or itself a kind.
func partLabels(spans [][]string) ([]lang.SlotLabel, error) {
	if spans == nil {
		return nil, nil
	}
	kinds := []string{"province", "zone", "number", "landmark", "building", "unit", "floor", "room"}
	out := make([]lang.SlotLabel, 0, len(spans))
	for i, s := range spans {
		if len(s) != 2 {
			return nil, fmt.Errorf("span %d is not [label, words]", i+1)
		}
		part, ok := partOf[s[0]]
		if !ok && slices.Contains(kinds, s[0]) {
			part, ok = s[0], true
		}
		if !ok {
			return nil, fmt.Errorf("span %d has an unknown label", i+1)
		}
		out = append(out, lang.SlotLabel{Text: s[1], Part: part})
	}
	return out, nil
}
