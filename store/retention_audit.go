package store

import (
	"context"
	"fmt"
	"time"

	"jiban"
	"jiban/retention"
)

// anchor is where the audit record begins: behind the entry at seq, whose hash is
// kept, and which was cut off with all before it.
type anchor struct {
	seq  int64
	hash string
}

func readAnchor(ctx context.Context, q querier) (anchor, error) {
	var a anchor
	found, err := scanOne(ctx, q, "SELECT seq, hash FROM audit_anchor WHERE id = 1", nil, &a.seq, &a.hash)
	if err == nil && !found {
		err = broken(0, "the place where it begins is missing")
	}
	return a, err
}

// cutAction and named are the entry that bears witness of a cut: it stands in the
// chain behind it, so that nobody can cut the record without being seen.
const cutAction = "audit.cut"

func (a anchor) named() string { return fmt.Sprintf("audit:%d:%s", a.seq, a.hash) }

// attested fails where the record begins at an anchor of which no entry behind it
// bears witness.
func (a anchor) attested(ctx context.Context, q querier) error {
	if a.seq == 0 {
		return nil
	}
	var one int
	found, err := scanOne(ctx, q, "SELECT 1 FROM audit WHERE action = $1 AND object = $2 AND seq > $3 LIMIT 1",
		[]any{cutAction, a.named(), a.seq}, &one)
	if err == nil && !found {
		err = broken(a.seq+1, "what came before was cut off, and no entry says so")
	}
	return err
}

// lastBefore is the place up to which every entry is older than a time.
func lastBefore(ctx context.Context, q querier, a anchor, before time.Time) (int64, error) {
	var seq int64
	found, err := scanOne(ctx, q, "SELECT seq FROM audit WHERE seq > $1 AND at >= $2 ORDER BY seq LIMIT 1", []any{a.seq, micros(before)}, &seq)
	if err != nil || found {
		return seq - 1, err
	}
	_, err = scanOne(ctx, q, "SELECT seq FROM audit_head WHERE id = 1", nil, &seq)
	return seq, err
}

// expiredAudit counts the entries that a cut would take, and those that an
// interrupted one left.
func (s *Store) expiredAudit(ctx context.Context, before time.Time) (retention.Count, error) {
	const op = "store.Expired"
	a, err := readAnchor(ctx, s.read)
	if err != nil {
		return retention.Count{}, fault(op, err)
	}
	last, err := lastBefore(ctx, s.read, a, before)
	if err != nil {
		return retention.Count{}, fault(op, err)
	}
	var c retention.Count
	_, err = scanOne(ctx, s.read, "SELECT COUNT(*), COALESCE(MIN(at), 0) FROM audit WHERE seq <= $1", []any{max(last, a.seq)}, &c.Due, stamp{&c.Oldest})
	return c, fault(op, err)
}

// cutAudit cuts the beginning of the record off. The first step moves the anchor
// and bears witness of it, in one transaction; from then on the entries before it
// belong to the record no more, and each step deletes some of them.
func (s *Store) cutAudit(ctx context.Context, before time.Time, limit int) (retention.Step, error) {
	var step retention.Step
	err := s.write(ctx, "store.CutAudit", func(ctx context.Context, q querier) error {
		a, err := s.moveAnchor(ctx, q, before)
		if err != nil {
			return err
		}
		const some = "DELETE FROM audit WHERE seq <= $1 AND seq IN (SELECT seq FROM audit WHERE seq <= $1 ORDER BY seq LIMIT $2 + 0)"
		n, err := q.exec(ctx, some, a.seq, limit)
		step = retention.Step{Done: int(n), More: int(n) == limit}
		return err
	})
	return step, err
}

// moveAnchor brings the anchor to the last entry that is old enough.
func (s *Store) moveAnchor(ctx context.Context, q querier, before time.Time) (anchor, error) {
	if _, _, err := s.takeHead(ctx, q); err != nil { // one cut at a time
		return anchor{}, err
	}
	a, err := readAnchor(ctx, q)
	if err != nil {
		return a, err
	}
	last, err := lastBefore(ctx, q, a, before)
	if err != nil || last <= a.seq {
		return a, err
	}
	next := anchor{seq: last}
	found, err := scanOne(ctx, q, "SELECT hash FROM audit WHERE seq = $1", []any{last}, &next.hash)
	if err == nil && !found {
		err = broken(last, "an entry was removed")
	}
	if err != nil {
		return a, err
	}
	if _, err := q.exec(ctx, "UPDATE audit_anchor SET seq = $1, hash = $2, cut_at = $3 WHERE id = 1", next.seq, next.hash, micros(s.now())); err != nil {
		return a, err
	}
	return next, s.addAudit(ctx, q, []jiban.AuditEntry{{Actor: "system", Action: cutAction, Object: next.named(), Result: "ok"}})
}
