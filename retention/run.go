package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jiban"
)

// The lease that keeps two nodes from doing the same work.
const (
	leaseKey  = "retention"
	leaseTime = time.Minute
)

// endTime bounds what is written when a run ends, even an interrupted one.
const endTime = 5 * time.Second

// wanted lists the kinds with a limit, or those of them that are asked for.
func (s *Service) wanted(only []Kind) ([]Kind, error) {
	for _, k := range only {
		if !slices.Contains(Kinds(), k) {
			return nil, jiban.Errorf(jiban.CodeInvalid, "retention", "there is no kind %q", k)
		}
	}
	kinds := slices.DeleteFunc(Kinds(), func(k Kind) bool {
		return s.d.Rules[k] == 0 || len(only) > 0 && !slices.Contains(only, k)
	})
	return kinds, nil
}

// Plan says what a run would do now, of all kinds or of some. It changes nothing.
// A kind that cannot be counted says so in its line.
func (s *Service) Plan(ctx context.Context, only ...Kind) (Report, error) {
	kinds, err := s.wanted(only)
	if err != nil {
		return Report{}, err
	}
	r := Report{DryRun: true, By: "system", StartedAt: s.d.Clock.Now(), Complete: true, Partial: len(only) > 0}
	for _, k := range kinds {
		l := s.line(k, r.StartedAt)
		if err := s.count(ctx, &l); err != nil {
			l.Error = err.Error()
		}
		r.Lines = append(r.Lines, l)
	}
	r.EndedAt = s.d.Clock.Now()
	return r, ctx.Err()
}

func (s *Service) line(k Kind, now time.Time) Line {
	return Line{Kind: k, Deed: k.Deed(), Days: s.d.Rules[k], Before: s.before(k, now)}
}

// count fills in how many records of a line are over.
func (s *Service) count(ctx context.Context, l *Line) error {
	c, err := s.d.Store.Expired(ctx, l.Kind, l.Before)
	l.Due, l.Held, l.Oldest = c.Due, c.Held, c.Oldest
	return err
}

// Run lets go what is over, of all kinds or of some, and keeps a report of it. A
// kind that fails is named in the report and keeps none of the others back.
// CodeConflict when another node is at it. When ctx ends the run is interrupted;
// what is left goes with the next one.
func (s *Service) Run(ctx context.Context, by string, only ...Kind) (Report, error) {
	const op = "retention.Run"
	kinds, err := s.wanted(only)
	if err != nil {
		return Report{}, err
	}
	mine := s.d.Node + "/" + s.d.IDs.NewID()
	switch got, err := s.d.Leases.Acquire(ctx, leaseKey, mine, leaseTime); {
	case err != nil:
		return Report{}, jiban.Errorf(jiban.CodeUnavailable, op, "the nodes cannot agree on who does it: %w", err)
	case !got:
		return Report{}, jiban.Errorf(jiban.CodeConflict, op, "another node is at it already: wait until it is through")
	}
	r := Report{ID: s.d.IDs.NewID(), By: by, StartedAt: s.d.Clock.Now(), Complete: true, Partial: len(only) > 0}
	for _, k := range kinds {
		l := s.work(ctx, k, r.StartedAt, mine)
		r.Lines = append(r.Lines, l)
		if ctx.Err() != nil {
			r.Complete = false
			break
		}
	}
	return r, s.end(ctx, &r, mine)
}

// end records a run, also one that was interrupted.
func (s *Service) end(ctx context.Context, r *Report, mine string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	r.EndedAt = s.d.Clock.Now()
	err := errors.Join(s.d.Store.SaveRun(ctx, *r), s.d.Record.Audit(ctx, jiban.AuditEntry{
		Actor: r.By, Action: "retention.run", Object: "retention:" + r.ID, Result: summary(r),
	}), s.d.Leases.Release(ctx, leaseKey, mine))
	if err != nil {
		err = jiban.Errorf(jiban.CodeOf(err), "retention.Run", "the run could not be recorded: %w", err)
	}
	return err
}

// summary is a run in one line, for the audit record.
func summary(r *Report) string {
	var b strings.Builder
	b.WriteString("ok")
	if failed := r.Failed(); len(failed) > 0 {
		b.Reset()
		b.WriteString("failed " + strings.Join(failed, ","))
	}
	if !r.Complete {
		b.WriteString(" interrupted")
	}
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Done > 0 {
			fmt.Fprintf(&b, " %s=%d", l.Kind, l.Done)
		}
	}
	return b.String()
}

// work lets go all of one kind, step by step.
func (s *Service) work(ctx context.Context, k Kind, now time.Time, mine string) Line {
	l := s.line(k, now)
	err := s.prepare(ctx, &l)
	if err == nil {
		err = s.steps(ctx, &l, mine)
	}
	l.Due = l.Done + l.Held
	s.tell(ctx, &l, err)
	return l
}

// tell says what became of a kind.
func (s *Service) tell(ctx context.Context, l *Line, err error) {
	if s.d.Metrics != nil && l.Done > 0 {
		s.d.Metrics.Expired(string(l.Kind), l.Done)
	}
	if err == nil {
		return
	}
	l.Error = err.Error()
	if ctx.Err() != nil {
		return // interrupted, no failure
	}
	s.d.Log.ErrorContext(ctx, "records whose time is over could not all go, it is tried again with the next run", "kind", l.Kind, "error", err)
	if s.d.Metrics != nil {
		s.d.Metrics.ExpiryFailed(string(l.Kind))
	}
}

// prepare archives the part of the audit record that is about to be cut.
func (s *Service) prepare(ctx context.Context, l *Line) error {
	if l.Kind != Audit {
		return nil
	}
	c, err := s.d.Store.Expired(ctx, Audit, l.Before)
	if err != nil || c.Due == 0 {
		return err
	}
	l.Oldest = c.Oldest
	if s.d.Archive == nil {
		return jiban.Errorf(jiban.CodeInvalid, "retention", "the audit record is not cut while there is no archive for what is cut off")
	}
	return s.d.Archive.ArchiveAudit(ctx, l.Before)
}

// steps lets go all of one kind. It does not count beforehand: reading so long
// would keep the database's log from being emptied.
func (s *Service) steps(ctx context.Context, l *Line, mine string) error {
	size := max(1, s.d.Batch/4)
	for at := (Place{}); ; {
		began := s.d.Clock.Now()
		step, err := s.d.Store.Expire(ctx, l.Kind, l.Before, at, size)
		if err != nil {
			return err
		}
		size = s.resized(size, s.d.Clock.Now().Sub(began))
		l.Done, l.Held, at = l.Done+step.Done, l.Held+step.Held, step.Next
		if l.Oldest.IsZero() {
			l.Oldest = step.Oldest
		}
		for _, id := range step.Gone {
			s.d.Drop(id)
		}
		if !step.More {
			return nil
		}
		if err := s.rest(ctx, mine); err != nil {
			return err
		}
	}
}

// stepTime is how long a step should take: who writes meanwhile waits as long.
const stepTime = 50 * time.Millisecond

// resized is the size of the next step by how long the last one took. There are
// few sizes, and so few statements to prepare.
func (s *Service) resized(size int, took time.Duration) int {
	switch {
	case took > stepTime:
		return max(1, size/2, s.d.Batch/16)
	case took < stepTime/4:
		return min(size*2, s.d.Batch)
	default:
		return size
	}
}

// rest lets others come in, and keeps the lease. Who lost it stops: another node
// is at it by now.
func (s *Service) rest(ctx context.Context, mine string) error {
	t := time.NewTimer(s.d.Pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
	}
	got, err := s.d.Leases.Acquire(ctx, leaseKey, mine, leaseTime)
	if err == nil && !got {
		err = jiban.Errorf(jiban.CodeConflict, "retention.Run", "another node took over")
	}
	return err
}
