package files

import (
	"context"
	"errors"
	"io"
	"time"

	"jiban"
)

// Media is where a channel keeps what people sent until it is fetched.
type Media interface {
	// Media opens a file by the provider's id. CodeNotFound: it is there no more, or
	// never was; other errors may pass.
	Media(ctx context.Context, id string) (io.ReadCloser, error)
}

const (
	fetchBatch  = 8
	fetchLimit  = 2 * time.Minute // for one file
	fetchLease  = 5 * time.Minute // until another node may try
	maxTries    = 12              // spread over about a day: providers keep media for three (domain A10)
	firstPause  = 30 * time.Second
	pauseLimit  = 6 * time.Hour
	rescanAfter = 5 * time.Minute
)

// Work fetches what is wanted and has looked at what waits for the scanner, and
// tells whether there may be more. media is by channel.
func (s *Service) Work(ctx context.Context, media map[string]Media) (more bool, err error) {
	now := s.now()
	due, err := s.d.Records.DueFiles(ctx, now, now.Add(fetchLease), fetchBatch)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, f := range due {
		if ctx.Err() != nil {
			break
		}
		if f.State == jiban.FileWaiting {
			errs = append(errs, s.rescan(ctx, f))
		} else {
			errs = append(errs, s.fetch(ctx, f, media[f.Channel]))
		}
	}
	return len(due) == fetchBatch, errors.Join(errs...)
}

// fetch gets one file from its provider.
func (s *Service) fetch(ctx context.Context, f jiban.File, from Media) error {
	if from == nil {
		return s.giveUp(ctx, f, jiban.FileGone, Lost)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	k := Kept{File: f}
	k.State = jiban.FileKept
	err := s.fetched(ctx, &k, from)
	if err == nil {
		k.Source, k.NextAt = "", nextOf(k)
		if err = s.d.Records.SaveFile(ctx, k.File, jiban.FileWanted); err != nil {
			s.drop(ctx, k.Place)
		}
		return ignoring(err, jiban.CodeConflict) // deleted meanwhile, or another node was faster
	}
	reason := ReasonOf(err)
	switch {
	case reason != "" && reason != NoScan:
		return s.giveUp(ctx, f, jiban.FileRefused, reason)
	case jiban.CodeOf(err) == jiban.CodeNotFound, f.Tries >= maxTries:
		s.d.Log.WarnContext(ctx, "a file could not be had from its provider", "file", f.ID, "channel", f.Channel, "tries", f.Tries, "error", err)
		return s.giveUp(ctx, f, jiban.FileGone, Lost)
	}
	f.NextAt = s.now().Add(pauseAfter(f.Tries))
	s.d.Log.InfoContext(ctx, "a file is fetched later", "file", f.ID, "channel", f.Channel, "tries", f.Tries, "error", err)
	return ignoring(s.d.Records.SaveFile(ctx, f, jiban.FileWanted), jiban.CodeConflict)
}

func (s *Service) fetched(ctx context.Context, k *Kept, from Media) error {
	if err := s.notTooOften(ctx, k.File); err != nil {
		return err
	}
	body, err := from.Media(ctx, k.Source)
	if err != nil {
		return err
	}
	defer body.Close()
	return s.keep(ctx, k, Upload{ContactID: k.ContactID, Body: body})
}

// notTooOften refuses a file when the contact sent many before it on that day.
func (s *Service) notTooOften(ctx context.Context, f jiban.File) error {
	all, err := s.d.Records.Files(ctx, jiban.FileFilter{Contact: f.ContactID})
	if err != nil {
		return err
	}
	before := 0
	for _, o := range all {
		if o.AttachedBy == "" && o.CreatedAt.After(f.CreatedAt.Add(-day)) && o.CreatedAt.Before(f.CreatedAt) {
			before++
		}
	}
	if before >= s.limits.MaxPerDay {
		return refused(TooOften, "more than %d files in a day", s.limits.MaxPerDay)
	}
	return nil
}

// nextOf is when a kept file is looked at again: one that waits for the scanner.
func nextOf(k Kept) time.Time {
	if k.State == jiban.FileWaiting {
		return k.NextAt
	}
	return time.Time{}
}

// pauseAfter doubles with every try.
func pauseAfter(tries int) time.Duration {
	p := firstPause
	for range tries {
		if p *= 2; p >= pauseLimit {
			return pauseLimit
		}
	}
	return p
}

// giveUp records why there will be no file.
func (s *Service) giveUp(ctx context.Context, f jiban.File, state jiban.FileState, why Reason) error {
	from := f.State
	f.State, f.Why, f.Source, f.NextAt = state, string(why), "", time.Time{}
	return ignoring(s.d.Records.SaveFile(ctx, f, from), jiban.CodeConflict)
}

// rescan has a file looked at that waits for it.
func (s *Service) rescan(ctx context.Context, f jiban.File) error {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	next := f
	next.NextAt = time.Time{}
	err := s.scanKept(ctx, &next)
	switch {
	case ReasonOf(err) != "":
		if err := s.giveUp(ctx, f, jiban.FileRefused, ReasonOf(err)); err != nil {
			return err
		}
		return s.d.Records.DeleteFile(ctx, f.ID)
	case err != nil:
		next.NextAt = s.now().Add(rescanAfter)
		s.d.Log.WarnContext(ctx, "a file waits for the scanner", "file", f.ID, "error", err)
	default:
		next.State, next.Scan = jiban.FileKept, "clean"
	}
	return ignoring(s.d.Records.SaveFile(ctx, next, jiban.FileWaiting), jiban.CodeConflict)
}

func (s *Service) scanKept(ctx context.Context, f *jiban.File) error {
	if s.d.Scanner == nil {
		return nil // it was taken out of the configuration
	}
	r, err := s.open(ctx, *f)
	if err != nil {
		return err
	}
	return errors.Join(s.d.Scanner.Scan(ctx, r), r.Close())
}

func ignoring(err error, code jiban.Code) error {
	if jiban.CodeOf(err) == code {
		return nil
	}
	return err
}
