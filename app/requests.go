package app

import (
	"context"
	"io"
	"slices"
	"time"

	"jiban"
	"jiban/files"
	"jiban/people"
)

// newRequests returns what people ask for concerning the data held about them. It
// is due in working days of the offices.
func newRequests(b *base, doer people.Doer, heard listener) (*people.Requests, error) {
	offices, _, err := calendars(b.cfg)
	if err != nil {
		return nil, err
	}
	limit := jiban.Limit{Days: b.cfg.People.RequestDays}
	d := people.RequestDeps{
		Store: b.store, Doer: doer, Heard: heard, Clock: b.clock, IDs: b.ids,
		Due: func(from time.Time) time.Time { due, _ := offices.Due(from, limit); return due },
	}
	if b.files != nil {
		d.Files = sentFiles{b.files}
		if d.Temp, err = scratchFolder(b.cfg); err != nil {
			return nil, err
		}
	}
	return people.NewRequests(d), nil
}

// sentFiles are the files of a person as their copy needs them.
type sentFiles struct{ files *files.Service }

// SentBy lists them, those too of which nothing is kept. What staff attached to a
// ticket is not sent by the person, and what they keep among themselves is not the
// person's.
func (s sentFiles) SentBy(ctx context.Context, contactID string) ([]people.SentFile, error) {
	kept, err := s.files.List(ctx, jiban.FileFilter{Contact: contactID})
	kept = slices.DeleteFunc(kept, func(k files.Kept) bool { return k.AttachedBy != "" && (k.Internal || k.ToldAt.IsZero()) })
	sent := make([]people.SentFile, len(kept))
	for i := range kept {
		k := &kept[i]
		sent[i] = people.SentFile{ID: k.ID, Name: k.Name, Type: k.Type, Size: k.Size, SHA256: k.SHA256, SentAt: k.CreatedAt}
		if k.State != jiban.FileKept {
			sent[i].Why = string(k.State)
		}
	}
	return sent, err
}

// Content opens one.
func (s sentFiles) Content(ctx context.Context, fileID string) (io.ReadCloser, error) {
	return s.files.Open(ctx, fileID)
}
