package retention

import (
	"context"
	"slices"
	"time"

	"jiban"
)

// lookEvery is how often the clock is looked at.
const lookEvery = 30 * time.Second

// runsLookedAt is how many runs may have been partial ones since the last whole
// one.
const runsLookedAt = 50

// day is the distance between two runs.
const day = 24 * time.Hour

// Loop runs once a day at its time, on one of the nodes, and when it is asked to,
// until ctx ends. A run that was missed or interrupted is made up for.
func (s *Service) Loop(ctx context.Context) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case by := <-s.ask:
			s.runLogged(ctx, by)
		case <-t.C:
			s.Daily(ctx)
		}
	}
}

// Start asks the loop for a run now. CodeConflict when one is asked for already.
func (s *Service) Start(by string) error {
	select {
	case s.ask <- by:
		return nil
	default:
		return &jiban.Error{Code: jiban.CodeConflict, Op: "retention.Start", Msg: "已有一次清理在等待执行 (a run is waiting already)"}
	}
}

// Daily runs when the day's run is due and nobody did it yet.
func (s *Service) Daily(ctx context.Context) {
	due, err := s.isDue(ctx)
	if err != nil {
		s.d.Log.WarnContext(ctx, "it cannot be told when records were last let go, it is tried again", "error", err)
		return
	}
	if due {
		s.runLogged(ctx, "system")
	}
}

// isDue reports whether the newest time of day that has passed came after the
// newest complete run. A house that never ran waits for its first such time: who
// installs it may look at the plan before.
func (s *Service) isDue(ctx context.Context) (bool, error) {
	runs, err := s.d.Store.Runs(ctx, runsLookedAt)
	if err != nil {
		return false, err
	}
	last := s.began
	if i := slices.IndexFunc(runs, func(r Report) bool { return !r.Partial }); i >= 0 {
		if last = runs[i].StartedAt; !runs[i].Complete {
			return true, nil
		}
	}
	return s.slot().After(last), nil
}

// slot is the newest time of day at which a run was due.
func (s *Service) slot() time.Time {
	now := s.d.Clock.Now().In(jiban.Beijing)
	at := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, jiban.Beijing).Add(s.d.At)
	if at.After(now) {
		at = at.Add(-day)
	}
	return at
}

func (s *Service) runLogged(ctx context.Context, by string) {
	r, err := s.Run(ctx, by)
	switch {
	case jiban.CodeOf(err) == jiban.CodeConflict:
		s.d.Log.InfoContext(ctx, "another node lets records go whose time is over")
	case err != nil:
		s.d.Log.ErrorContext(ctx, "records whose time is over stay for now, it is tried again", "error", err)
	default:
		s.d.Log.InfoContext(ctx, "records whose time is over are gone", "run", r.ID, "records", r.Total(), "failed", r.Failed(), "complete", r.Complete)
	}
}
