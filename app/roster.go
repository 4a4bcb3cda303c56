package app

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/channels"
	"jiban/people"
	"jiban/store"
)

// newRoster returns the special-service list, whose look-ups are counted.
func newRoster(b *base) *people.Roster {
	return people.NewRoster(people.RosterDeps{Store: b.store, Hash: b.keys, Clock: b.clock, IDs: b.ids, Looked: b.looked})
}

// RosterImport is one run of the import command.
type RosterImport struct {
	people.ImportOptions
	File   string
	Report string    // csv file that names every bad row; "" for none
	Out    io.Writer // the summary
	Bar    io.Writer // where a progress bar is drawn; nil for none
}

// shownErrors is how many bad rows the summary itself names.
const shownErrors = 20

// ImportRoster reads the special-service list from a csv file and prints a
// summary; a bad row is named by number and, unless they are to be skipped,
// nothing is imported.
func ImportRoster(ctx context.Context, c config.Config, r RosterImport) error {
	f, err := os.Open(r.File)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "roster import", "%w", err)
	}
	defer f.Close()
	report, err := newRowReport(r.Report)
	if err != nil {
		return err
	}
	r.Bad = report.bad
	if r.Bar != nil {
		r.Progress = newBar(r.Bar, f).draw
	}
	err = withKeys(ctx, c, func(b *base) error {
		done, failed := newRoster(b).Import(ctx, f, r.ImportOptions)
		if r.Bar != nil {
			fmt.Fprintln(r.Bar)
		}
		_, err := io.WriteString(r.Out, summary(done))
		return errors.Join(failed, err)
	})
	return errors.Join(err, report.close())
}

func summary(r people.ImportReport) string {
	var lines strings.Builder
	for i, e := range r.Errors {
		if i == shownErrors {
			fmt.Fprintf(&lines, "… 共 %d 行有误，--report FILE.csv 可列出全部 (%d bad rows in all, --report lists them)\n", r.Bad, r.Bad)
			break
		}
		fmt.Fprintf(&lines, "row %d: %s\n", e.Row, e.Text)
	}
	fmt.Fprintf(&lines, "rows %d, bad %d, expired %d, removed %d; numbers before %d, after %d; applied %v\n",
		r.Rows, r.Bad, r.Expired, r.Removed, r.Before, r.Phones, r.Applied)
	return lines.String()
}

// rowReport writes every bad row to a csv file: its number and what is wrong, and
// nothing of the row itself.
type rowReport struct {
	file *os.File
	out  *csv.Writer
	err  error
}

func newRowReport(name string) (*rowReport, error) {
	if name == "" {
		return &rowReport{}, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "roster import", "the report cannot be written: %w", err)
	}
	// Table programs take a file for UTF-8 only when it says so.
	_, err = f.WriteString("\ufeff行号 row,原因 reason\n")
	return &rowReport{file: f, out: csv.NewWriter(f), err: err}, nil
}

func (r *rowReport) bad(e people.RowError) {
	if r.file != nil && r.err == nil {
		r.err = r.out.Write([]string{strconv.Itoa(e.Row), e.Text})
	}
}

func (r *rowReport) close() error {
	if r.file == nil {
		return nil
	}
	r.out.Flush()
	if err := errors.Join(r.err, r.out.Error(), r.file.Close()); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "roster import", "the report could not be written whole: %w", err)
	}
	return nil
}

// bar draws how far an import is, on one line of a terminal: first the reading,
// by bytes, then the writing.
type bar struct {
	out  io.Writer
	size int64
}

func newBar(out io.Writer, f *os.File) *bar {
	b := &bar{out: out}
	if info, err := f.Stat(); err == nil {
		b.size = info.Size()
	}
	return b
}

const barWidth = 30

// IsTerminal reports whether somebody looks at what is written to a file.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (b *bar) draw(p people.ImportProgress) {
	what, done, all := "读取 reading", p.Bytes, b.size
	if p.Buckets > 0 {
		what, done, all = "写入 writing", int64(p.Written), int64(p.Buckets)
	}
	share := 1.0
	if all > 0 {
		share = min(1, float64(done)/float64(all))
	}
	full := int(share * barWidth)
	fmt.Fprintf(b.out, "\r%s [%s%s] %3.0f%%  %d 行 rows ", what, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), share*100, p.Rows)
}

// rosterLimit bounds a look-up: a message is never held up by the list.
const rosterLimit = 500 * time.Millisecond

// recognising is the gateway's store, which looks a telephone up in the roster
// when it writes for the first time. A look-up that fails costs the priority, not
// the message.
type recognising struct {
	channels.GatewayStore
	store  *store.Store
	roster *people.Roster
	b      *base
}

// Receive commits a message and recognises who wrote it.
func (r recognising) Receive(ctx context.Context, in jiban.Received) (jiban.Message, bool, error) {
	m, repeat, err := r.GatewayStore.Receive(ctx, in)
	if err == nil && m.Seq == 1 && strings.HasPrefix(string(in.Address), "tel:") {
		if err := r.recognise(ctx, in.Address); err != nil {
			r.b.log.WarnContext(ctx, "the special-service list could not be asked", "error", err)
		}
	}
	return m, repeat, err
}

func (r recognising) recognise(ctx context.Context, a jiban.Address) error {
	ctx, cancel := context.WithTimeout(ctx, rosterLimit)
	defer cancel()
	_, listed, err := r.roster.OnRoster(ctx, string(a))
	if err != nil || !listed {
		return err
	}
	c, err := r.store.EnsureContact(ctx, a)
	if err != nil || c.Roster {
		return err
	}
	c.Roster = true
	return r.store.SaveContact(ctx, c)
}
