package knowledge

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"jiban"
	"jiban/knowledge/index"
)

// Store keeps articles with all their versions.
type Store interface {
	// Article returns the newest version; CodeNotFound when there is none.
	Article(ctx context.Context, id string) (jiban.Article, error)
	// ArticleVersions returns every version of an article.
	ArticleVersions(ctx context.Context, id string) ([]jiban.Article, error)
	// SaveArticles appends versions in one transaction and raises the revision;
	// CodeConflict when a version exists already.
	SaveArticles(ctx context.Context, as []jiban.Article, audit []jiban.AuditEntry) error
	// Articles visits the newest version of every article changed after the
	// revision and returns the revision it saw.
	Articles(ctx context.Context, sinceRevision int64, visit func(jiban.Article) error) (int64, error)
	ListArticles(ctx context.Context, status jiban.ArticleStatus, text, afterID string, limit int) ([]jiban.Article, error)
}

// Bus tells other nodes, and hears from them, that articles changed. It only
// saves waiting: every node also looks by itself each second.
type Bus interface {
	Publish(ctx context.Context, topic string, data []byte) error
	Subscribe(ctx context.Context, topic string) (<-chan []byte, func(), error)
}

// Deps is what the service stands on. Regions, where given, lets it understand
// cities that a question or an import names; Bus may be nil; Calibration is the
// embedded one when nil.
type Deps struct {
	Store       Store
	Clock       jiban.Clock
	IDs         jiban.IDs
	Log         *slog.Logger
	Regions     []jiban.Region
	Bus         Bus
	Calibration *Calibration
	// Snapshot is a file in which the built index is kept, so that the next start
	// need not build it; "" for none. It belongs to one store.
	Snapshot string
}

// Service answers searches from an index in memory and changes articles in the
// store. Its methods may be called at the same time; a search takes no lock.
type Service struct {
	deps   Deps
	judge  Calibration
	places places
	packed *archive
	now    atomic.Pointer[state]
	change sync.Mutex // held by whoever replaces the state
	build  sync.Mutex // held by whoever builds the index anew
}

// state is an index and the revision of the store that it shows.
type state struct {
	index    *index.Index
	revision int64
}

// New returns a service that finds nothing until Load has run.
func New(deps Deps) (*Service, error) {
	const op = "knowledge.New"
	if deps.Store == nil || deps.Clock == nil || deps.IDs == nil {
		return nil, jiban.Errorf(jiban.CodeInternal, op, "store, clock and ids are needed")
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	judge := deps.Calibration
	if judge == nil {
		embedded, err := DefaultCalibration()
		if err != nil {
			return nil, err
		}
		judge = &embedded
	}
	return &Service{deps: deps, judge: *judge, places: newPlaces(deps.Regions), packed: newArchive(usualText())}, nil
}

// Ready reports whether the index is loaded.
func (s *Service) Ready() bool { return s.now.Load() != nil }

// Len returns how many articles can be found, before any filter.
func (s *Service) Len() int {
	if now := s.now.Load(); now != nil {
		return now.index.Len()
	}
	return 0
}

// Search finds the articles that answer a question and says what they are worth.
// Only published ones that are valid at the query's time (now, when it has none)
// for its audience are found. Those of cities are among them while only the
// province, or nothing, is known of the place; the verdict then says so. A city
// named in the question itself goes before the query's region. CodeUnavailable
// before the index is loaded.
func (s *Service) Search(ctx context.Context, q jiban.SearchQuery) (jiban.SearchResult, error) {
	now := s.now.Load()
	if now == nil {
		return jiban.SearchResult{}, jiban.Errorf(jiban.CodeUnavailable, "knowledge.Search", "the index is not loaded yet")
	}
	if err := ctx.Err(); err != nil {
		return jiban.SearchResult{}, jiban.Errorf(jiban.CodeUnavailable, "knowledge.Search", "given up: %w", err)
	}
	if q.At.IsZero() {
		q.At = s.deps.Clock.Now()
	}
	if q.K <= 0 {
		q.K = defaultK
	}
	q.K = min(q.K, maxK)
	q = s.places.placed(q)
	found := rank(now.index, q, q.K)
	r := s.judge.decide(found, q)
	r.Found = make([]jiban.Found, min(len(found), q.K))
	for i := range r.Found {
		a, err := s.packed.unpack(found[i].hit.Data)
		if err != nil {
			return jiban.SearchResult{}, err
		}
		r.Found[i] = jiban.Found{Article: a, Score: found[i].score}
	}
	return r, nil
}

const (
	defaultK = 5
	maxK     = 100
)

// Article returns the newest version of an article, whatever its status.
func (s *Service) Article(ctx context.Context, id string) (jiban.Article, error) {
	return s.deps.Store.Article(ctx, id)
}

// List returns articles of a status ("" for any) whose title or body has the
// text, ordered by id, after the given one.
func (s *Service) List(ctx context.Context, status jiban.ArticleStatus, text, afterID string, limit int) ([]jiban.Article, error) {
	return s.deps.Store.ListArticles(ctx, status, text, afterID, limit)
}

// Load makes the service ready: with the index of the snapshot, where there is a
// sound one, and what changed since, or with one built from the store.
func (s *Service) Load(ctx context.Context) error {
	s.build.Lock()
	defer s.build.Unlock()
	start := s.deps.Clock.Now()
	from, err := s.readSnapshot(ctx)
	if err == nil {
		err = s.serve(ctx, from)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.deps.Log.InfoContext(ctx, "knowledge snapshot not used", "err", err)
		}
		return s.rebuild(ctx, start)
	}
	s.loaded(ctx, "knowledge index read", start)
	return nil
}

// rebuild builds the index from the store; the caller holds build.
func (s *Service) rebuild(ctx context.Context, start time.Time) error {
	fresh, err := s.read(ctx)
	if err != nil {
		return err
	}
	if err := s.serve(ctx, fresh); err != nil {
		return err
	}
	s.loaded(ctx, "knowledge index built", start)
	if err := s.writeSnapshot(fresh); err != nil {
		s.deps.Log.WarnContext(ctx, "knowledge snapshot not written", "err", err)
	}
	return nil
}

// serve replaces the state. What changed since it was read is added before
// anybody sees it, so that nothing steps back in time.
func (s *Service) serve(ctx context.Context, fresh *state) error {
	s.change.Lock()
	defer s.change.Unlock()
	fresh, err := s.advance(ctx, fresh)
	if err != nil {
		return err
	}
	s.now.Store(fresh)
	return nil
}

func (s *Service) loaded(ctx context.Context, how string, start time.Time) {
	now := s.now.Load()
	s.deps.Log.InfoContext(ctx, how, "articles", now.index.Len(),
		"revision", now.revision, "took", s.deps.Clock.Now().Sub(start))
}

// read builds a state from all articles of the store.
func (s *Service) read(ctx context.Context) (*state, error) {
	b := index.NewBuilder()
	var unsettled []string
	revision, err := s.deps.Store.Articles(ctx, 0, func(a jiban.Article) error {
		if a.Status == jiban.ArticlePublished {
			b.Add(s.packed.document(a))
		} else if a.Status != jiban.ArticleWithdrawn && a.Version > 1 {
			unsettled = append(unsettled, a.ID)
		}
		return nil
	})
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "knowledge.Load", "read the articles: %w", err)
	}
	for _, id := range unsettled {
		a, ok, err := s.standing(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			b.Add(s.packed.document(a))
		}
	}
	return &state{index: b.Index(), revision: revision}, nil
}

// standing returns the version of an article that may be answered from while a
// newer one waits for review: the last published one, unless it was withdrawn
// since.
func (s *Service) standing(ctx context.Context, id string) (jiban.Article, bool, error) {
	versions, err := s.deps.Store.ArticleVersions(ctx, id)
	if err != nil {
		return jiban.Article{}, false, jiban.Errorf(jiban.CodeOf(err), "knowledge.standing", "versions of article %s: %w", id, err)
	}
	var last *jiban.Article
	for i := range versions {
		a := &versions[i]
		settled := a.Status == jiban.ArticlePublished || a.Status == jiban.ArticleWithdrawn
		if settled && (last == nil || a.Version > last.Version) {
			last = a
		}
	}
	if last == nil || last.Status == jiban.ArticleWithdrawn {
		return jiban.Article{}, false, nil
	}
	return *last, true, nil
}

// refresh brings the index up to the store.
func (s *Service) refresh(ctx context.Context) error {
	s.change.Lock()
	defer s.change.Unlock()
	now := s.now.Load()
	if now == nil {
		return nil // Load will see everything
	}
	next, err := s.advance(ctx, now)
	if err != nil {
		return err
	}
	if next != now {
		s.now.Store(next)
	}
	return nil
}

// advance returns the state with all that changed in the store since; the same
// when nothing did.
func (s *Service) advance(ctx context.Context, from *state) (*state, error) {
	var put []index.Document
	var gone, unsettled []string
	revision, err := s.deps.Store.Articles(ctx, from.revision, func(a jiban.Article) error {
		switch {
		case a.Status == jiban.ArticlePublished:
			put = append(put, s.packed.document(a))
		case a.Status == jiban.ArticleWithdrawn || a.Version <= 1:
			gone = append(gone, a.ID)
		default:
			unsettled = append(unsettled, a.ID)
		}
		return nil
	})
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "knowledge.refresh", "read changed articles: %w", err)
	}
	for _, id := range unsettled {
		a, ok, err := s.standing(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			put = append(put, s.packed.document(a))
		} else {
			gone = append(gone, id)
		}
	}
	if len(put) == 0 && len(gone) == 0 {
		if revision == from.revision {
			return from, nil
		}
		return &state{index: from.index, revision: revision}, nil
	}
	return &state{index: from.index.With(put, gone), revision: revision}, nil
}

const (
	// pollEvery is how often a node looks for changes by itself.
	pollEvery = 500 * time.Millisecond
	// rebuildAfter is how many changed articles the small segment may hold before
	// the index is built anew beside the running one.
	rebuildAfter = 2000
	topic        = "knowledge"
)

// Run follows the changes of the store until the context ends. A change made
// anywhere is found within a second.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	heard, stop := s.listen(ctx)
	defer stop()
	var building sync.WaitGroup
	defer building.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case _, open := <-heard:
			if !open {
				heard = nil
			}
		}
		if err := s.refresh(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "knowledge index is behind", "err", err)
			continue
		}
		if now := s.now.Load(); now != nil && now.index.Changed() > rebuildAfter && s.build.TryLock() {
			s.build.Unlock()
			building.Go(func() { s.reload(ctx) })
		}
	}
}

func (s *Service) reload(ctx context.Context) {
	s.build.Lock()
	defer s.build.Unlock()
	if err := s.rebuild(ctx, s.deps.Clock.Now()); err != nil && ctx.Err() == nil {
		s.deps.Log.WarnContext(ctx, "knowledge index could not be built anew", "err", err)
	}
}

// listen returns what the bus says, or a channel that says nothing.
func (s *Service) listen(ctx context.Context) (<-chan []byte, func()) {
	if s.deps.Bus == nil {
		return nil, func() {}
	}
	heard, stop, err := s.deps.Bus.Subscribe(ctx, topic)
	if err != nil {
		s.deps.Log.WarnContext(ctx, "knowledge hears no other node and polls", "err", err)
		return nil, func() {}
	}
	return heard, stop
}

// changed makes a change visible here at once and tells the other nodes. The
// change is stored already, so that a failure here is only a delay.
func (s *Service) changed(ctx context.Context) {
	if err := s.refresh(ctx); err != nil {
		s.deps.Log.WarnContext(ctx, "a changed article is not yet in the index", "err", err)
	}
	if s.deps.Bus == nil {
		return
	}
	if err := s.deps.Bus.Publish(ctx, topic, nil); err != nil {
		s.deps.Log.WarnContext(ctx, "other nodes were not told of a changed article", "err", err)
	}
}
