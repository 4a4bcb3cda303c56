package staff

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"time"

	"jiban"
)

// The sizes of what is written and read of the record at once.
const (
	recordLimit = 256 // entries of one write
	recordTime  = 10 * time.Second
	exportPage  = 1000
)

// Audit records an entry; its id and time are filled in. It returns when the
// entry is on disk.
func (s *Service) Audit(ctx context.Context, e jiban.AuditEntry) error {
	e.ID, e.At = s.ids.NewID(), s.clock.Now()
	if err := s.recorder.add(ctx, s.store, e); err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.audit", "record %s: %w", e.Action, err)
	}
	return nil
}

// entries is one entry that is written together with what it tells of.
func (s *Service) entries(actor, action, object, result string) []jiban.AuditEntry {
	return []jiban.AuditEntry{{ID: s.ids.NewID(), Actor: actor, Action: action, Object: object, Result: result, At: s.clock.Now()}}
}

// recorder joins entries that come in while a write is under way into the next
// write: the end of the chain is taken once for all of them. Who comes while
// nobody writes leads; who has led hands over to one of those who wait.
type recorder struct {
	mu      sync.Mutex
	writing bool
	waiting []*record
}

// record is one waiting entry.
type record struct {
	entry jiban.AuditEntry
	lead  chan struct{} // closed when it is this one's turn to write
	done  chan error
}

// add writes an entry, alone or together with those of others.
func (r *recorder) add(ctx context.Context, store AuditStore, e jiban.AuditEntry) error {
	mine := &record{entry: e, lead: make(chan struct{}), done: make(chan error, 1)}
	r.enqueue(mine)
	select {
	case err := <-mine.done:
		return err
	case <-mine.lead:
		r.write(ctx, store)
		return <-mine.done
	case <-ctx.Done():
	}
	if r.leave(mine) {
		return jiban.Errorf(jiban.CodeUnavailable, "staff.audit", "the record could not be written in time: %w", ctx.Err())
	}
	select {
	case err := <-mine.done:
		return err
	case <-mine.lead:
		r.write(ctx, store)
		return <-mine.done
	}
}

func (r *recorder) enqueue(mine *record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, mine)
	if !r.writing {
		r.writing = true
		close(mine.lead)
	}
}

// leave takes an entry back that nobody has begun to write.
func (r *recorder) leave(mine *record) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-mine.lead:
		return false
	default:
	}
	i := slices.Index(r.waiting, mine)
	if i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
	}
	return i >= 0
}

// write writes what waits, the leader's own entry first, and hands over. Others'
// entries hang on it, so it has its own limit of time.
func (r *recorder) write(ctx context.Context, store AuditStore) {
	batch := r.take()
	es := make([]jiban.AuditEntry, len(batch))
	for i, one := range batch {
		es[i] = one.entry
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	err := store.AppendAudit(limited, es)
	r.handOver()
	for _, one := range batch {
		one.done <- err
	}
}

func (r *recorder) take() []*record {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.waiting), recordLimit)
	batch := r.waiting[:n:n]
	r.waiting = slices.Clone(r.waiting[n:])
	return batch
}

func (r *recorder) handOver() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writing = len(r.waiting) > 0; r.writing {
		close(r.waiting[0].lead)
	}
}

// SearchAudit lists the entries of the record that a filter selects.
func (s *Service) SearchAudit(ctx context.Context, f jiban.AuditFilter) ([]jiban.ChainedEntry, error) {
	es, err := s.store.SearchAudit(ctx, f)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "staff.audit", "search the record: %w", err)
	}
	return es, nil
}

// VerifyAudit follows the chain of the record and returns how many entries are in
// order; CodeConflict when one was changed, removed or put in between. The check
// is recorded.
func (s *Service) VerifyAudit(ctx context.Context) (int, error) {
	n, err := s.store.VerifyAudit(ctx)
	result := "ok"
	if err != nil {
		result = "failed"
	}
	if recorded := s.Audit(ctx, jiban.AuditEntry{Actor: ActorOf(ctx), Action: "audit.verify", Result: result}); recorded != nil && err == nil {
		return n, recorded
	}
	if err != nil {
		return n, jiban.Errorf(jiban.CodeOf(err), "staff.audit", "verify the record: %w", err)
	}
	return n, nil
}

// exported is an entry as the export has it: one JSON object a line.
type exported struct {
	Seq    int64  `json:"seq"`
	ID     string `json:"id"`
	At     string `json:"at"` // RFC 3339, UTC, microseconds
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Object string `json:"object"`
	Result string `json:"result"`
	Hash   string `json:"hash"`
}

// ExportAudit writes the selected entries as JSON lines, oldest first, at most so
// many (0 for all). It returns how many there were and the place of the last. The
// export is recorded before the first line is written.
func (s *Service) ExportAudit(ctx context.Context, w io.Writer, f jiban.AuditFilter, most int) (n int, last int64, err error) {
	e := jiban.AuditEntry{Actor: ActorOf(ctx), Action: "audit.export", Object: described(f), Result: "ok"}
	if err := s.Audit(ctx, e); err != nil {
		return 0, 0, err
	}
	out := json.NewEncoder(w)
	f.Forward, f.Before, last = true, 0, f.After
	for most == 0 || n < most {
		f.After, f.Limit = last, exportPage
		if most > 0 {
			f.Limit = min(exportPage, most-n)
		}
		es, err := s.SearchAudit(ctx, f)
		if err != nil || len(es) == 0 {
			return n, last, err
		}
		for _, e := range es {
			if err := out.Encode(exported{e.Seq, e.ID, e.At.UTC().Format("2006-01-02T15:04:05.000000Z"), e.Actor, e.Action, e.Object, e.Result, e.Hash}); err != nil {
				return n, last, jiban.Errorf(jiban.CodeUnavailable, "staff.audit", "write the export: %w", err)
			}
			n, last = n+1, e.Seq
		}
	}
	return n, last, nil
}

// described says what an export selected, for the record.
func described(f jiban.AuditFilter) string {
	s := "audit"
	for _, part := range [][2]string{{"actor", f.Actor}, {"action", f.Action}, {"object", f.Object}} {
		if part[1] != "" {
			s += " " + part[0] + "=" + part[1]
		}
	}
	for _, part := range []struct {
		name string
		at   time.Time
	}{{"since", f.Since}, {"until", f.Until}} {
		if !part.at.IsZero() {
			s += " " + part.name + "=" + part.at.UTC().Format(time.RFC3339)
		}
	}
	return s
}
