package tickets

import (
	"context"
	"slices"
	"sync"

	"jiban"
)

// pastEditions is how many former versions of the catalogue stay in memory: turns
// that began before a change and the nodes that have not heard of it yet.
const pastEditions = 4

// editions keeps former versions of the catalogue ready for looking things up.
type editions struct {
	mu   sync.Mutex
	kept []*index // the newest last
}

func (e *editions) keep(x *index) {
	if x == nil || x.catalogue.Version == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept = slices.DeleteFunc(e.kept, func(k *index) bool { return k.catalogue.Version == x.catalogue.Version })
	e.kept = append(e.kept, x)
	e.kept = e.kept[max(0, len(e.kept)-pastEditions):]
}

func (e *editions) find(version int) *index {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.kept {
		if x.catalogue.Version == version {
			return x
		}
	}
	return nil
}

// edition is the catalogue in which a draft's matter was chosen: 0 is the one in
// force. A version that never was in force counts as none named.
func (s *Service) edition(ctx context.Context, version int) (*index, error) {
	x := s.index.Load()
	if version == 0 || version == x.catalogue.Version {
		return x, nil
	}
	if past := s.past.find(version); past != nil {
		return past, nil
	}
	v, err := s.deps.Store.CatalogueVersion(ctx, version)
	if jiban.CodeOf(err) == jiban.CodeNotFound || err == nil && v.State == jiban.CatalogueDraft {
		return x, nil
	}
	if err != nil {
		return nil, err
	}
	past := newIndex(v.Catalogue)
	s.past.keep(past)
	return past, nil
}
