package files

import (
	"context"
	"errors"
	"time"

	"jiban"
)

const (
	looseAfter  = time.Hour // a file that no message named by then is dropped
	orphanAfter = 6 * time.Hour
	sweepBatch  = 200
)

// Discard drops a file that was just taken and is not needed.
func (s *Service) Discard(ctx context.Context, k Kept) error {
	if err := s.d.Records.DeleteFile(ctx, k.ID); err != nil {
		return err
	}
	return s.remove(ctx, k.File)
}

// DeleteOf deletes all files of a contact, records and bytes. What is interrupted
// is finished by the sweep.
func (s *Service) DeleteOf(ctx context.Context, contactID string) (int, error) {
	return s.Delete(ctx, jiban.FileFilter{Contact: contactID})
}

// Delete deletes the files of a conversation, a ticket or a contact.
func (s *Service) Delete(ctx context.Context, f jiban.FileFilter) (int, error) {
	n, err := s.d.Records.DeleteFiles(ctx, f)
	if err != nil || n == 0 {
		return n, err
	}
	_, err = s.removeLeft(ctx)
	return n, err
}

func (s *Service) remove(ctx context.Context, f jiban.File) error {
	if f.Place == "" {
		return nil
	}
	if err := s.d.Blobs.Remove(ctx, f.Place); err != nil {
		return err
	}
	return s.d.Records.BytesGone(ctx, f.ID)
}

// removeLeft removes the bytes of deleted files and returns how many.
func (s *Service) removeLeft(ctx context.Context) (int, error) {
	n := 0
	for {
		left, err := s.d.Records.LeftFiles(ctx, sweepBatch)
		if err != nil {
			return n, err
		}
		for _, f := range left {
			if err := s.remove(ctx, f); err != nil {
				return n, err
			}
			n++
		}
		if len(left) < sweepBatch {
			return n, nil
		}
	}
}

// Sweep drops files that no message took, and removes the bytes of deleted ones.
// It costs in proportion to what there is to do, and returns how many bytes it
// removed.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	_, loose := s.d.Records.LooseFiles(ctx, s.now().Add(-looseAfter))
	n, left := s.removeLeft(ctx)
	return n, errors.Join(loose, left)
}

// SweepOrphans removes bytes that no record names: a crash between writing the two
// leaves them. It goes through all that is kept, so it is for once a day. Young
// ones are left alone: their record may be about to be written.
func (s *Service) SweepOrphans(ctx context.Context) (int, error) {
	n, after := 0, ""
	before := s.now().Add(-orphanAfter)
	for {
		blobs, err := s.d.Blobs.List(ctx, after, sweepBatch)
		if err != nil || len(blobs) == 0 {
			return n, err
		}
		after = blobs[len(blobs)-1].Name
		gone, err := s.removeUnknown(ctx, blobs, before)
		n += gone
		if err != nil {
			return n, err
		}
	}
}

func (s *Service) removeUnknown(ctx context.Context, blobs []Blob, before time.Time) (int, error) {
	old := make([]string, 0, len(blobs))
	for _, b := range blobs {
		if b.At.Before(before) {
			old = append(old, b.Name)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	known, err := s.d.Records.KnownPlaces(ctx, old)
	if err != nil {
		return 0, err
	}
	named := make(map[string]bool, len(known))
	for _, k := range known {
		named[k] = true
	}
	n := 0
	for _, name := range old {
		if named[name] {
			continue
		}
		if err := s.d.Blobs.Remove(ctx, name); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
