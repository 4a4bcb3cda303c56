package knowledge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"jiban"
	"jiban/knowledge/index"
)

// snapshotFrom is the number of articles from which on a snapshot is faster than
// building.
const snapshotFrom = 2000

// snapshotNote is kept with the snapshot. Packing names the text that articles
// were packed against: another build of the program may have another.
type snapshotNote struct {
	Revision int64  `json:"revision"`
	Packing  uint32 `json:"packing"`
}

// readSnapshot returns the state of the snapshot file; fs.ErrNotExist when there
// is none.
func (s *Service) readSnapshot(ctx context.Context) (*state, error) {
	if s.deps.Snapshot == "" {
		return nil, fs.ErrNotExist
	}
	f, err := os.Open(s.deps.Snapshot)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	ix, b, err := index.Read(f, info.Size())
	if err != nil {
		return nil, err
	}
	var note snapshotNote
	if err := json.Unmarshal(b, &note); err != nil {
		return nil, fmt.Errorf("the snapshot's note: %w", err)
	}
	if note.Packing != s.packed.id() {
		return nil, errors.New("the snapshot was packed by another build")
	}
	from := &state{index: ix, revision: note.Revision}
	return from, s.belongs(ctx, from)
}

// probes is how many articles of a snapshot are compared with the store.
const probes = 8

// belongs checks that a snapshot is of this store and not of one that was
// replaced, by a restored backup say: the store must have come at least as far,
// and must have some articles of the snapshot in their version or a later one.
func (s *Service) belongs(ctx context.Context, from *state) error {
	revision, err := s.deps.Store.Articles(ctx, from.revision, func(jiban.Article) error { return nil })
	if err != nil {
		return err
	}
	if revision < from.revision {
		return errors.New("the snapshot is newer than the store")
	}
	every, n := max(1, from.index.Len()/probes), 0
	return from.index.Each(func(_ string, data []byte) error {
		if n++; n%every != 0 {
			return nil
		}
		kept, err := s.packed.unpack(data)
		if err != nil {
			return err
		}
		have, err := s.deps.Store.Article(ctx, kept.ID)
		if err != nil {
			return err
		}
		if have.Version < kept.Version || have.Version == kept.Version && !sameContent(have, kept) {
			return fmt.Errorf("article %s of the snapshot is not that of the store", kept.ID)
		}
		return nil
	})
}

// writeSnapshot keeps a freshly built index: beside the old file first, then in
// its place.
func (s *Service) writeSnapshot(fresh *state) error {
	if s.deps.Snapshot == "" || fresh.index.Len() < snapshotFrom {
		return nil
	}
	note, err := json.Marshal(snapshotNote{Revision: fresh.revision, Packing: s.packed.id()})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.deps.Snapshot), filepath.Base(s.deps.Snapshot)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is gone when all went well
	err = fresh.index.Save(f, note)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.deps.Snapshot)
}
