package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"jiban"
	"jiban/app/config"
	"jiban/store"
	"jiban/tickets"
	"jiban/tickets/sheet"
)

// commandActor is who the record names for what was done on the machine itself.
const commandActor = "command"

// CheckCatalogue prints what is wrong or doubtful about the catalogue in force, or
// about a workbook, and reports whether it could be put into force.
func CheckCatalogue(ctx context.Context, c config.Config, file string, asJSON bool, out io.Writer) (bool, error) {
	catalogue, err := catalogueIn(ctx, c, file, out)
	if err != nil {
		return false, err
	}
	findings := tickets.Check(catalogue)
	sound := true
	for _, f := range findings {
		sound = sound && f.Severity != tickets.SeverityError
		if asJSON {
			err = printJSON(out, f)
		} else {
			_, err = fmt.Fprintf(out, "%s %s: %s (%s)\n", f.Severity, f.Rule, f.Words, f.WordsEN)
		}
		if err != nil {
			return sound, err
		}
	}
	if asJSON {
		return sound, nil
	}
	_, err = fmt.Fprintf(out, "分类 %d categories, 事项 %d matters, 单位 %d departments, 区划 %d regions, 主办规则 %d owner rules: %d findings\n",
		len(catalogue.Categories), len(catalogue.Matters), len(catalogue.Departments), len(catalogue.Regions), len(catalogue.Owners), len(findings))
	return sound, err
}

// catalogueIn reads a workbook, or the catalogue in force without one.
func catalogueIn(ctx context.Context, c config.Config, file string, out io.Writer) (catalogue jiban.Catalogue, err error) {
	if file != "" {
		return readWorkbook(file, out)
	}
	err = withStore(ctx, c, func(s *store.Store) error {
		catalogue, err = catalogueOf(ctx, s)
		return err
	})
	return catalogue, err
}

// mostWorkbook bounds a workbook before it is read into memory.
const mostWorkbook = 32 << 20

// readWorkbook reads a workbook and prints what cannot be read of it.
func readWorkbook(file string, out io.Writer) (jiban.Catalogue, error) {
	const op = "catalogue"
	var none jiban.Catalogue
	f, err := os.Open(file)
	if err != nil {
		return none, jiban.Errorf(jiban.CodeInvalid, op, "%w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostWorkbook))
	if err != nil {
		return none, jiban.Errorf(jiban.CodeUnavailable, op, "the workbook cannot be read: %w", err)
	}
	c, faults := sheet.Read(data)
	for _, fault := range faults {
		if _, err := fmt.Fprintln(out, fault.Error()); err != nil {
			return none, err
		}
	}
	if len(faults) > 0 {
		return none, jiban.Errorf(jiban.CodeInvalid, op, "the workbook has %d faults, nothing was taken", len(faults))
	}
	return c, nil
}

// ExportCatalogue writes the catalogue in force into a workbook.
func ExportCatalogue(ctx context.Context, c config.Config, file string, out io.Writer) error {
	catalogue, err := catalogueIn(ctx, c, "", out)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := sheet.Write(&b, catalogue); err != nil {
		return err
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "catalogue", "the workbook cannot be written: %w", err)
	}
	_, err = fmt.Fprintf(out, "已导出 exported: %s, %d matters\n", file, len(catalogue.Matters))
	return err
}

// CatalogueImport says what becomes of a workbook.
type CatalogueImport struct {
	Check bool   // write nothing
	Force bool   // in force at once
	Note  string // for the record
}

// ImportCatalogue reads a workbook into the draft, or puts it into force at once,
// and prints what changes.
func ImportCatalogue(ctx context.Context, c config.Config, file string, o CatalogueImport, out io.Writer) error {
	read, err := readWorkbook(file, out)
	if err != nil {
		return err
	}
	return withStore(ctx, c, func(s *store.Store) error {
		now, err := catalogueOf(ctx, s)
		if err != nil {
			return err
		}
		wrong := 0
		for _, f := range tickets.Check(read) {
			if f.Severity == tickets.SeverityError {
				wrong++
			}
			if _, err := fmt.Fprintf(out, "%s %s: %s (%s)\n", f.Severity, f.Rule, f.Words, f.WordsEN); err != nil {
				return err
			}
		}
		verb, version := "检查通过，没有写入 checked, nothing written", 0
		if !o.Check {
			if verb, version, err = takeWorkbook(ctx, s, read, o); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(out, "%s: version %d, %d matters, %d entries changed, %d errors\n", verb, version, len(read.Matters), len(tickets.Diff(now, read)), wrong)
		return err
	})
}

func takeWorkbook(ctx context.Context, s *store.Store, c jiban.Catalogue, o CatalogueImport) (string, int, error) {
	e := &tickets.Editor{Store: s, Clock: jiban.SystemClock{}}
	if o.Force {
		v, err := e.Install(ctx, commandActor, o.Note, c)
		return "已启用 in force", v.Version, err
	}
	v, err := e.Replace(ctx, commandActor, 0, o.Note, c)
	return "已存为草稿，等待启用 a draft that waits to be put into force", v.Version, err
}
