package knowledge

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"gopkg.in/yaml.v3"
)

// Limits on what is read from a file.
const (
	maxFile    = 256 << 20 // bytes
	maxUnzip   = 1 << 30   // bytes of an xlsx when unpacked
	maxColumns = 100
)

// row is one article as a file has it: words by column.
type row struct {
	number int
	cells  map[string][]string // by the column's English name; most have one value
}

// readRows reads a file into rows. It never panics, whatever the file holds.
func readRows(in Input) ([]row, []RowError) {
	if len(in.Data) > maxFile {
		return nil, []RowError{{in.Name, 1, "", fmt.Sprintf("the file is larger than %d MB: split it", maxFile>>20)}}
	}
	switch strings.ToLower(path.Ext(in.Name)) {
	case ".csv":
		return readCSV(in)
	case ".xlsx":
		return readXLSX(in)
	case ".jsonl", ".ndjson":
		return readJSONL(in)
	case ".md", ".markdown":
		return readMarkdown(in)
	}
	return nil, []RowError{{in.Name, 1, "", "unknown format: the name must end in .csv, .xlsx, .jsonl or .md"}}
}

// decodeText returns a text file as UTF-8: without its mark, from UTF-16 with a
// mark, or from GB 18030, as Chinese table programmes write it.
func decodeText(b []byte) (string, error) {
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		b = b[3:]
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(b)
		if err != nil {
			return "", fmt.Errorf("not valid UTF-16: %w", err)
		}
		b = out
	}
	if utf8.Valid(b) {
		return string(b), nil
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", errors.New("neither valid UTF-8 nor GB 18030 (GBK): save the file as UTF-8")
	}
	return string(out), nil
}

func readCSV(in Input) ([]row, []RowError) {
	text, err := decodeText(in.Data)
	if err != nil {
		return nil, []RowError{{in.Name, 1, "", err.Error()}}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator(text)
	r.FieldsPerRecord = -1
	t := table{file: in.Name}
	for t.number = 1; ; t.number++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.fail("", csvProblem(err))
			break
		}
		if !t.take(cells) {
			break
		}
	}
	return t.finish()
}

// separator is the comma, or the tabulator or semicolon when the header has that
// and no comma.
func separator(text string) rune {
	header, _, _ := strings.Cut(text, "\n")
	for _, sep := range ",\t;" {
		if strings.ContainsRune(header, sep) {
			return sep
		}
	}
	return ','
}

func csvProblem(err error) string {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Sprintf("line %d of the file cannot be read: %v", parse.Line, parse.Err)
	}
	return err.Error()
}

func readXLSX(in Input) ([]row, []RowError) {
	t := table{file: in.Name, number: 1}
	f, err := excelize.OpenReader(bytes.NewReader(in.Data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: maxUnzip / 4,
	})
	if err != nil {
		t.fail("", "not an xlsx file that can be read: "+err.Error())
		return t.finish()
	}
	defer f.Close()
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		t.fail("", "the file has no sheet")
		return t.finish()
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		t.fail("", "the first sheet cannot be read: "+err.Error())
		return t.finish()
	}
	defer rows.Close()
	for ; rows.Next(); t.number++ {
		cells, err := rows.Columns()
		if err != nil {
			t.fail("", err.Error())
			break
		}
		if !t.take(cells) {
			break
		}
	}
	if err := rows.Error(); err != nil {
		t.fail("", err.Error())
	}
	return t.finish()
}

// table turns rows of cells below a header into rows of named words.
type table struct {
	file    string
	number  int
	columns []string
	rows    []row
	errs    []RowError
}

func (t *table) fail(column, problem string) {
	t.errs = append(t.errs, RowError{t.file, t.number, column, problem})
}

// take reads one row of cells, the header first, and reports whether to go on.
func (t *table) take(cells []string) bool {
	if t.columns == nil {
		return t.header(cells)
	}
	r := row{number: t.number, cells: map[string][]string{}}
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			continue
		}
		if i >= len(t.columns) {
			t.fail("", fmt.Sprintf("has %d cells, the header has %d", len(cells), len(t.columns)))
			return len(t.errs) < maxReported
		}
		if name := t.columns[i]; name != "" {
			r.cells[name] = append(r.cells[name], cell)
		}
	}
	if len(r.cells) > 0 {
		t.rows = append(t.rows, r)
	}
	if len(t.rows) > maxRows {
		t.fail("", fmt.Sprintf("more than %d articles: split the import", maxRows))
		return false
	}
	return len(t.errs) < maxReported
}

func (t *table) header(cells []string) bool {
	if len(cells) > maxColumns {
		t.fail("", fmt.Sprintf("more than %d columns", maxColumns))
		return false
	}
	t.columns = make([]string, len(cells))
	seen := map[string]bool{}
	for i, cell := range cells {
		name := columnName(cell)
		if name != "" && seen[name] {
			t.fail(cell, "this column stands twice")
			return false
		}
		seen[name] = true
		t.columns[i] = name
	}
	if !seen["body"] {
		t.fail("", "the header has no column body (正文): the first row must name the columns")
		return false
	}
	return true
}

func (t *table) finish() ([]row, []RowError) {
	if t.columns == nil && len(t.errs) == 0 {
		t.fail("", "the file is empty")
	}
	return t.rows, t.errs
}

func readJSONL(in Input) ([]row, []RowError) {
	t := table{file: in.Name, columns: []string{}}
	text, err := decodeText(in.Data)
	if err != nil {
		t.number = 1
		t.fail("", err.Error())
		return t.finish()
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, maxLine)
	for lines.Scan() && len(t.errs) < maxReported && len(t.rows) <= maxRows {
		t.number++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var object map[string]any
		in := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		in.UseNumber()
		if err := in.Decode(&object); err != nil {
			t.fail("", "not a JSON object: "+err.Error())
			continue
		}
		t.object(object)
	}
	if err := lines.Err(); err != nil {
		t.number++
		t.fail("", fmt.Sprintf("cannot be read: %v (a line may have %d MB)", err, maxLine>>20))
	}
	return t.finish()
}

// object takes one object of named values.
func (t *table) object(object map[string]any) {
	r := row{number: t.number, cells: map[string][]string{}}
	for key, value := range object {
		name := columnName(key)
		if name == "" {
			continue
		}
		words, err := wordsOf(value)
		if err != nil {
			t.fail(key, err.Error())
			continue
		}
		if len(words) > 0 {
			r.cells[name] = append(r.cells[name], words...)
		}
	}
	t.rows = append(t.rows, r)
}

// wordsOf returns the words of a JSON or YAML value: a text, a number, or a list
// of these. A word that is empty counts as none.
func wordsOf(value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		if v = strings.TrimSpace(v); v == "" {
			return nil, nil
		}
		return []string{v}, nil
	case []any:
		var all []string
		for _, one := range v {
			if _, nested := one.([]any); nested {
				return nil, errors.New("a list within a list")
			}
			words, err := wordsOf(one)
			if err != nil {
				return nil, err
			}
			all = append(all, words...)
		}
		return all, nil
	case time.Time: // of YAML, which takes a time without a zone as UTC
		if v.Location() != time.UTC {
			return []string{v.Format(time.RFC3339)}, nil
		}
		if v.Equal(v.Truncate(24 * time.Hour)) {
			return []string{v.Format(time.DateOnly)}, nil
		}
		return []string{v.Format(time.DateTime)}, nil
	case map[string]any:
		return nil, errors.New("an object where a text or a list of texts is expected")
	}
	return []string{fmt.Sprint(value)}, nil
}

// readMarkdown reads one article: YAML between lines of ---, then the body.
// Without an id there, the file's name is the id; without a title, the first
// heading.
func readMarkdown(in Input) ([]row, []RowError) {
	t := table{file: in.Name, number: 1, columns: []string{}}
	text, err := decodeText(in.Data)
	if err != nil {
		t.fail("", err.Error())
		return t.finish()
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	matter, body, err := frontMatter(text)
	if err != nil {
		t.fail("", err.Error())
		return t.finish()
	}
	object := map[string]any{}
	if err := yaml.Unmarshal([]byte(matter), &object); err != nil {
		t.fail("", "the front matter is not valid YAML: "+err.Error())
		return t.finish()
	}
	t.object(object)
	cells := t.rows[0].cells
	body = strings.TrimSpace(body)
	if heading, rest, _ := strings.Cut(body, "\n"); len(cells["title"]) == 0 && strings.HasPrefix(heading, "# ") {
		cells["title"] = []string{strings.TrimSpace(heading[2:])}
		body = strings.TrimSpace(rest)
	}
	if body != "" {
		cells["body"] = []string{body}
	}
	if len(cells["id"]) == 0 {
		cells["id"] = []string{strings.TrimSuffix(path.Base(in.Name), path.Ext(in.Name))}
	}
	return t.finish()
}

func frontMatter(text string) (matter, body string, err error) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return "", text, nil
	}
	matter, body, ok = strings.Cut(rest, "\n---\n")
	if !ok {
		if matter, ok = strings.CutSuffix(strings.TrimRight(rest, "\n"), "\n---"); !ok {
			return "", "", errors.New("the front matter that begins with --- does not end")
		}
	}
	return matter, body, nil
}
