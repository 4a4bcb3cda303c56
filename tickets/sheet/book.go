package sheet

import (
	"bytes"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"jiban"
)

// The limits of a workbook. They hold a catalogue of ten thousand matters, and a
// file that unpacks to more is refused before it is unpacked.
const (
	maxFile     = 16 << 20  // bytes
	maxUnzip    = 128 << 20 // bytes of all parts when unpacked
	mostRows    = 200_000   // of one sheet
	mostColumns = 60
	mostFaults  = 100 // that are told
)

// Fault is something in a workbook that cannot be read. Row and column are as
// people count and name them; row 0 is the whole workbook, column "" the whole
// row.
type Fault struct {
	Sheet   string `json:"sheet"`
	Row     int    `json:"row"`
	Column  string `json:"column"`
	Message string `json:"message"`
}

// Error says where and what.
func (f Fault) Error() string {
	switch {
	case f.Row == 0:
		return f.Message
	case f.Column == "":
		return fmt.Sprintf("%s 第 %d 行：%s", f.Sheet, f.Row, f.Message)
	default:
		return fmt.Sprintf("%s 第 %d 行“%s”：%s", f.Sheet, f.Row, f.Column, f.Message)
	}
}

// Write writes a catalogue as a workbook.
func Write(to io.Writer, c jiban.Catalogue) error {
	const op = "sheet.Write"
	f := excelize.NewFile()
	defer f.Close()
	style, err := f.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return jiban.Errorf(jiban.CodeInternal, op, "no workbook can be made: %w", err)
	}
	steps := []func() error{
		func() error { return categories().write(f, style, c.Categories) },
		func() error { return matters().write(f, style, c.Matters) },
		func() error { return forms().write(f, style, fieldRows(c.Matters)) },
		func() error { return owners().write(f, style, c.Owners) },
		func() error { return limits().write(f, style, limitRows(c)) },
		func() error { return departments().write(f, style, c.Departments) },
		func() error { return regions().write(f, style, c.Regions) },
		func() error { return f.DeleteSheet("Sheet1") },
		func() error { return f.Write(to) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return jiban.Errorf(jiban.CodeInvalid, op, "the catalogue cannot be written: %w", err)
		}
	}
	return nil
}

// Read reads a workbook. With a fault, a hundred of which are told at most, there
// is no catalogue: nothing is half-read. It never panics, whatever the file holds.
func Read(data []byte) (c jiban.Catalogue, faults []Fault) {
	// The reader of the format is not ours, and the file is a stranger's.
	defer func() {
		if p := recover(); p != nil {
			c, faults = jiban.Catalogue{}, []Fault{unreadable}
		}
	}()
	if len(data) > maxFile {
		return c, []Fault{{Message: fmt.Sprintf("文件大于 %d MB (the file is too large)", maxFile>>20)}}
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: maxUnzip,
	})
	if err != nil {
		return c, []Fault{unreadable}
	}
	defer f.Close()
	b := &reader{file: f}
	c = b.catalogue()
	if len(b.faults) > 0 {
		return jiban.Catalogue{}, b.faults
	}
	return c, nil
}

var unreadable = Fault{Message: "不是能读的 xlsx 文件 (not an xlsx file that can be read)"}

// reader is one workbook being read.
type reader struct {
	file   *excelize.File
	faults []Fault
}

func (b *reader) fault(sheet string, row int, column, message string) {
	if !b.full() {
		b.faults = append(b.faults, Fault{sheet, row, column, message})
	}
}

func (b *reader) full() bool { return len(b.faults) >= mostFaults }

func (b *reader) rows(sheet string) (*excelize.Rows, bool) {
	rows, err := b.file.Rows(sheet)
	if err != nil {
		b.fault(sheet, 1, "", "没有这张表，或读不出来 (the sheet is missing or cannot be read)")
		return nil, false
	}
	return rows, true
}

func (b *reader) catalogue() jiban.Catalogue {
	c := jiban.Catalogue{
		Categories: values(categories().read(b)), Matters: values(matters().read(b)), Owners: values(owners().read(b)),
		Departments: values(departments().read(b)), Regions: values(regions().read(b)),
	}
	at := map[string]*jiban.Matter{}
	for i := range c.Matters {
		at[c.Matters[i].Code] = &c.Matters[i]
	}
	for _, r := range forms().read(b) {
		if m := at[r.value.matter]; m != nil {
			m.Form.Fields = append(m.Form.Fields, r.value.field)
		} else {
			b.fault(sheetForms, r.row, colMatter, noMatter)
		}
	}
	for _, r := range limits().read(b) {
		b.limit(&c, at, r)
	}
	return c
}

const noMatter = "事项表里没有这个代码 (no such matter)"

// limit puts one limit where it belongs: the default when it names no matter.
func (b *reader) limit(c *jiban.Catalogue, matters map[string]*jiban.Matter, r at[limitRow]) {
	ordinary, urgent := &c.Limits, &c.UrgentLimits
	if r.value.matter != "" {
		m := matters[r.value.matter]
		if m == nil {
			b.fault(sheetLimits, r.row, colMatter, noMatter)
			return
		}
		ordinary, urgent = &m.Limits, &m.UrgentLimits
	}
	t, g := jiban.RequestType(r.value.kind), jiban.Grade(r.value.grade)
	into := ordinary
	if g != jiban.GradeOrdinary {
		if *urgent == nil {
			*urgent = map[jiban.Grade]map[jiban.RequestType]jiban.Limit{}
		}
		row := (*urgent)[g]
		into = &row
		defer func() { (*urgent)[g] = row }()
	}
	if *into == nil {
		*into = map[jiban.RequestType]jiban.Limit{}
	}
	if _, twice := (*into)[t]; twice {
		b.fault(sheetLimits, r.row, "", "同一事项、类型、紧急程度写了两次 (the same limit twice)")
		return
	}
	(*into)[t] = r.value.limit()
}

func values[T any](rows []at[T]) []T {
	var all []T
	for _, r := range rows {
		all = append(all, r.value)
	}
	return all
}
