package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/prompts"
	"jiban/retention"
	"jiban/staff"
)

// retentionPause is how long the writer is left to others between two steps.
const retentionPause = 50 * time.Millisecond

// newRetention builds the room that lets go what is over; metrics may be nil.
func newRetention(b *base, record *staff.Service, metrics retention.Metrics) (*retention.Service, error) {
	at, err := time.Parse("15:04", b.cfg.Retention.At)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "retention", "retention.at: %w", err)
	}
	return retention.New(retention.Deps{
		Store: b.store, Leases: b.shared, Record: record, Archive: auditArchive{record, b.cfg.Retention.Archive, b.ids},
		Metrics: metrics, Drop: b.keys.Drop, Clock: b.clock, IDs: b.ids, Log: b.log, Node: b.node, Rules: b.cfg.Retention.Rules(),
		At: time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, Pause: retentionPause,
	})
}

// auditArchive keeps, as files of JSON lines, what is cut off the audit record.
type auditArchive struct {
	record *staff.Service
	dir    string
	ids    jiban.IDs
}

// ArchiveAudit writes all entries older than the given time into a new file. It is
// on disk when the call returns.
func (a auditArchive) ArchiveAudit(ctx context.Context, before time.Time) error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "retention.archive", "the folder of the archive cannot be made: %w", err)
	}
	name := filepath.Join(a.dir, fmt.Sprintf("audit-%s-%s.jsonl", before.In(jiban.Beijing).Format("20060102"), a.ids.NewID()))
	f, err := os.OpenFile(name+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "retention.archive", "the archive cannot be made: %w", err)
	}
	out := bufio.NewWriter(f)
	_, _, err = a.record.ExportAudit(ctx, out, jiban.AuditFilter{Until: before}, 0)
	if err = errors.Join(err, out.Flush(), f.Sync(), f.Close()); err == nil {
		err = errors.Join(os.Rename(name+".part", name), syncFolder(a.dir))
	}
	if err != nil {
		err = errors.Join(err, os.Remove(name+".part"))
		return jiban.Errorf(jiban.CodeUnavailable, "retention.archive", "the audit record is not cut, its archive could not be written: %w", err)
	}
	return nil
}

// syncFolder puts a new name in a folder on disk.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// RetentionOptions are what the command is asked for.
type RetentionOptions struct {
	DryRun bool
	JSON   bool
	Kinds  []string
}

// LetGo lets records go whose time is over, or says what would go, and prints the
// report. It returns false when not all of it could be done.
func LetGo(ctx context.Context, c config.Config, o RetentionOptions, out io.Writer) (good bool, err error) {
	var r retention.Report
	err = withRetention(ctx, c, func(s *retention.Service) error {
		kinds := make([]retention.Kind, len(o.Kinds))
		for i, k := range o.Kinds {
			kinds[i] = retention.Kind(k)
		}
		if o.DryRun {
			r, err = s.Plan(ctx, kinds...)
		} else {
			r, err = s.Run(ctx, "system", kinds...)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	if o.JSON {
		lines := json.NewEncoder(out)
		lines.SetIndent("", "  ")
		return len(r.Failed()) == 0 && r.Complete, lines.Encode(r)
	}
	return len(r.Failed()) == 0 && r.Complete, printReport(out, &r)
}

// withRetention opens what retention stands on, for one command.
func withRetention(ctx context.Context, c config.Config, f func(*retention.Service) error) error {
	return withKeys(ctx, c, func(b *base) (err error) {
		if b.shared, err = openShared(Options{Config: c}.withDefaults()); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.shared.Close()) }()
		catalogue, err := catalogueOf(ctx, b.store)
		if err != nil {
			return err
		}
		record, err := newStaff(ctx, b, catalogue)
		if err != nil {
			return err
		}
		b.node = node(b.ids)
		s, err := newRetention(b, record, nil)
		if err != nil {
			return err
		}
		return f(s)
	})
}

// printReport prints a report as a table.
func printReport(out io.Writer, r *retention.Report) error {
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "类别 kind\t处理 deed\t期限 kept\t到期 due\t已清 done\t暂留 held\t最早 oldest\t说明 error")
	for i := range r.Lines {
		l := &r.Lines[i]
		oldest := "-"
		if !l.Oldest.IsZero() {
			oldest = l.Oldest.In(jiban.Beijing).Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s %s\t%s\t%dd\t%d\t%d\t%d\t%s\t%s\n", kindName(l.Kind), l.Kind, deedName(l.Deed), l.Days, l.Due, l.Done, l.Held, oldest, l.Error)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	what, n := "已清理 records that went", r.Total()
	if r.DryRun {
		what, n = "试运行，未作任何改动，将清理 a dry run, nothing was changed; records that would go", wouldGo(r)
	}
	_, err := fmt.Fprintf(out, "%s: %d%s\n", what, n, strings.Repeat("  (未完成，稍后继续 interrupted, it goes on later)", map[bool]int{false: 1}[r.Complete]))
	return err
}

// wouldGo counts what a run would let go.
func wouldGo(r *retention.Report) int {
	n := 0
	for i := range r.Lines {
		n += r.Lines[i].Due - r.Lines[i].Held
	}
	return n
}

// newBook returns the sentences; what they say of how long things are kept is what
// the rules say.
func newBook(r config.Retention) (*prompts.Book, error) {
	book, err := prompts.New()
	if err != nil {
		return nil, err
	}
	return book.Keeping(periods(r.Rules())), nil
}

// periods are the rules as the notice on personal data tells them: of kinds that
// it names together, the longest.
func periods(r retention.Rules) prompts.Periods {
	longest := func(kinds ...retention.Kind) int {
		most := 0
		for _, k := range kinds {
			if r[k] == 0 { // for ever
				return 0
			}
			most = max(most, r[k])
		}
		return most
	}
	return prompts.Periods{
		Talk:    longest(retention.Messages, retention.Turns, retention.Handoffs, retention.Conversations, retention.Alerts),
		Request: longest(retention.Consultations, retention.Helps, retention.Complaints, retention.Suggestions, retention.Praises, retention.Untyped, retention.Intakes),
		Report:  longest(retention.Reports),
	}
}
