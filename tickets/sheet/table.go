package sheet

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// column is one column of a sheet: how a value is written, and read. What is read
// comes trimmed. A column that is optional may be missing altogether.
type column[T any] struct {
	name string
	get  func(*T) string
	set  func(*T, string) error
}

// table is one sheet.
type table[T any] struct {
	name    string
	columns []column[T]
}

// text is a column that is kept as it is.
func text[T any](name string, field func(*T) *string) column[T] {
	return column[T]{name, func(v *T) string { return *field(v) }, func(v *T, s string) error {
		*field(v) = s
		return nil
	}}
}

// flag is a column of 是 and nothing.
func flag[T any](name string, field func(*T) *bool) column[T] {
	return column[T]{name, func(v *T) string {
		if *field(v) {
			return yes
		}
		return ""
	}, func(v *T, s string) error {
		*field(v) = s == yes
		if s != yes && s != "" && s != no {
			return fmt.Errorf("%q 不是 是 或 否 (write 是 or 否)", brief(s))
		}
		return nil
	}}
}

const (
	yes = "是"
	no  = "否"
)

// list is a column of several texts with a separator between them.
func list[T any](name, separator string, field func(*T) *[]string) column[T] {
	return column[T]{name, func(v *T) string { return strings.Join(*field(v), separator) }, func(v *T, s string) error {
		*field(v) = parts(s, separator)
		return nil
	}}
}

// parts splits a cell; empty parts are slips of the hand and left out.
func parts(s, separator string) []string {
	var all []string
	for _, part := range strings.Split(s, separator) {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// Separators within a cell.
const (
	comma = "、"
	line  = "\n"
)

// word is a value with the Chinese word that stands for it in a cell.
type word struct{ value, zh string }

func (t words) zh(value string) string {
	for _, w := range t {
		if w.value == value {
			return w.zh
		}
	}
	return value
}

type words []word

func (t words) value(zh string) (string, error) {
	all := make([]string, 0, len(t))
	for _, w := range t {
		if w.zh == zh {
			return w.value, nil
		}
		all = append(all, w.zh)
	}
	return "", fmt.Errorf("%q 不认识，应为：%s (unknown word)", brief(zh), strings.Join(all, comma))
}

// chosen is a column of one word.
func chosen[T any](name string, t words, field func(*T) *string) column[T] {
	return column[T]{name, func(v *T) string { return t.zh(*field(v)) }, func(v *T, s string) (err error) {
		*field(v), err = t.value(s)
		return err
	}}
}

// brief quotes no more of a cell than is needed to find it.
func brief(s string) string {
	if utf8.RuneCountInString(s) > 20 {
		return string([]rune(s)[:20]) + "…"
	}
	return s
}

// write makes the sheet of a workbook. All cells are text, so that a code keeps
// its zeros when somebody opens it.
func (t table[T]) write(f *excelize.File, style int, rows []T) error {
	if _, err := f.NewSheet(t.name); err != nil {
		return err
	}
	w, err := f.NewStreamWriter(t.name)
	if err != nil {
		return err
	}
	if err := w.SetColWidth(1, len(t.columns), 18); err != nil {
		return err
	}
	cells := make([]any, len(t.columns))
	for i, c := range t.columns {
		cells[i] = excelize.Cell{StyleID: style, Value: c.name}
	}
	if err := w.SetRow("A1", cells); err != nil {
		return err
	}
	for n := range rows {
		for i, c := range t.columns {
			value := c.get(&rows[n])
			if utf8.RuneCountInString(value) > excelize.TotalCellChars {
				return fmt.Errorf("the sheet %s, row %d, column %s: more than %d characters do not fit into a cell", t.name, n+2, c.name, excelize.TotalCellChars)
			}
			cells[i] = excelize.Cell{StyleID: style, Value: value}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", n+2), cells); err != nil {
			return err
		}
	}
	return w.Flush()
}

// at is a value with the row it stands in.
type at[T any] struct {
	row   int
	value T
}

// read reads the sheet of a workbook. Columns may stand in any order; rows
// without anything in them are passed over.
func (t table[T]) read(b *reader) []at[T] {
	rows, ok := b.rows(t.name)
	if !ok {
		return nil
	}
	defer rows.Close()
	var all []at[T]
	var order []int
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil || len(cells) > mostColumns || n > mostRows {
			b.fault(t.name, n, "", fmt.Sprintf("表格读不下去：最多 %d 行 %d 列 (the sheet cannot be read on: at most so many rows and columns)", mostRows, mostColumns))
			return all
		}
		if n == 1 {
			if order, ok = t.header(b, cells); !ok {
				return nil
			}
			continue
		}
		if blank(cells) {
			continue
		}
		all = append(all, at[T]{n, t.row(b, n, order, cells)})
		if b.full() {
			return all
		}
	}
	if order == nil {
		b.fault(t.name, 1, "", "没有表头 (there is no header)")
	}
	return all
}

// header says which column each cell of a row belongs to.
func (t table[T]) header(b *reader, cells []string) ([]int, bool) {
	order, seen := make([]int, 0, len(cells)), map[string]bool{}
	before := len(b.faults)
	for _, cell := range cells {
		name := strings.TrimSpace(cell)
		i := t.column(name)
		if name != "" && (i < 0 || seen[name]) {
			b.fault(t.name, 1, brief(name), "没有这一列，或重复 (no such column, or twice)")
		}
		seen[name] = true
		order = append(order, i)
	}
	for _, c := range t.columns {
		if !seen[c.name] {
			b.fault(t.name, 1, c.name, "缺少这一列 (the column is missing)")
		}
	}
	return order, len(b.faults) == before
}

func (t table[T]) column(name string) int {
	for i, c := range t.columns {
		if c.name == name {
			return i
		}
	}
	return -1
}

func (t table[T]) row(b *reader, n int, order []int, cells []string) T {
	var v T
	for i, c := range t.columns {
		cell := ""
		for j, at := range order {
			if at == i && j < len(cells) {
				cell = strings.TrimSpace(strings.ReplaceAll(cells[j], "\r\n", "\n"))
			}
		}
		if !utf8.ValidString(cell) {
			b.fault(t.name, n, c.name, "不是文字 (not text)")
		} else if err := c.set(&v, cell); err != nil {
			b.fault(t.name, n, c.name, err.Error())
		}
	}
	for j, cell := range cells {
		if (j >= len(order) || order[j] < 0) && strings.TrimSpace(cell) != "" {
			b.fault(t.name, n, "", "表头之外有内容 (something stands beside the columns)")
		}
	}
	return v
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}
