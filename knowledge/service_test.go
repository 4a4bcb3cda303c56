package knowledge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"jiban"
)

// memoryStore keeps articles as the real store does: versions only appended,
// each change with a revision.
type memoryStore struct {
	mu       sync.Mutex
	versions map[string][]jiban.Article
	order    []string         // ids in order of first change
	changed  map[string]int64 // revision of the newest version
	revision int64
	audit    []jiban.AuditEntry
}

func newMemoryStore() *memoryStore {
	return &memoryStore{versions: map[string][]jiban.Article{}, changed: map[string]int64{}}
}

// put appends a version whatever its number.
func (m *memoryStore) put(a jiban.Article) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.append(a)
}

func (m *memoryStore) append(a jiban.Article) {
	if len(m.versions[a.ID]) == 0 {
		m.order = append(m.order, a.ID)
	}
	m.revision++
	m.versions[a.ID] = append(m.versions[a.ID], a)
	m.changed[a.ID] = m.revision
}

func (m *memoryStore) Article(_ context.Context, id string) (jiban.Article, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.versions[id]
	if len(v) == 0 {
		return jiban.Article{}, jiban.Errorf(jiban.CodeNotFound, "memoryStore.Article", "no article %s", id)
	}
	return v[len(v)-1], nil
}

func (m *memoryStore) ArticleVersions(_ context.Context, id string) ([]jiban.Article, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.versions[id]), nil
}

func (m *memoryStore) SaveArticles(_ context.Context, as []jiban.Article, audit []jiban.AuditEntry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range as {
		if v := m.versions[a.ID]; len(v) > 0 && v[len(v)-1].Version >= a.Version {
			return jiban.Errorf(jiban.CodeConflict, "memoryStore.SaveArticles", "article %s has version %d", a.ID, a.Version)
		}
	}
	for _, a := range as {
		m.append(a)
	}
	m.audit = append(m.audit, audit...)
	return nil
}

func (m *memoryStore) Articles(_ context.Context, since int64, visit func(jiban.Article) error) (int64, error) {
	m.mu.Lock()
	revision := m.revision
	var newest []jiban.Article
	if since < revision {
		for _, id := range m.order {
			if v := m.versions[id]; m.changed[id] > since {
				newest = append(newest, v[len(v)-1])
			}
		}
	}
	m.mu.Unlock()
	for _, a := range newest {
		if err := visit(a); err != nil {
			return 0, err
		}
	}
	return revision, nil
}

func (m *memoryStore) ListArticles(_ context.Context, status jiban.ArticleStatus, text, afterID string, limit int) ([]jiban.Article, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []jiban.Article
	ids := slices.Sorted(slices.Values(m.order))
	for _, id := range ids {
		a := m.versions[id][len(m.versions[id])-1]
		if id > afterID && (status == "" || a.Status == status) && strings.Contains(a.Title+a.Body, text) && len(out) < limit {
			out = append(out, a)
		}
	}
	return out, nil
}

// regions is a piece of the country, as an installation would give it.
func regions() []jiban.Region {
	return []jiban.Region{
		{Code: "230000", Name: "黑龙江省"},
		{Code: "230100", Name: "哈尔滨市", Parent: "230000"},
		{Code: "230102", Name: "道里区", Parent: "230100"},
		{Code: "230200", Name: "齐齐哈尔市", Parent: "230000"},
		{Code: "230600", Name: "大庆市", Parent: "230000"},
		{Code: "231000", Name: "牡丹江市", Parent: "230000"},
		{Code: "232700", Name: "大兴安岭地区", Parent: "230000"},
	}
}

func newService(tb testing.TB, store Store) *Service {
	tb.Helper()
	s, err := New(Deps{
		Store: store, Clock: jiban.NewManualClock(sampleTime), IDs: &jiban.SerialIDs{Prefix: "k"}, Regions: regions(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// sampleService is loaded with the sample knowledge base.
func sampleService(tb testing.TB) (*Service, *memoryStore) {
	tb.Helper()
	articles, err := Sample()
	if err != nil {
		tb.Fatal(err)
	}
	store := newMemoryStore()
	if err := store.SaveArticles(context.Background(), articles, nil); err != nil {
		tb.Fatal(err)
	}
	s := newService(tb, store)
	if err := s.Load(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return s, store
}

func search(tb testing.TB, s *Service, q jiban.SearchQuery) jiban.SearchResult {
	tb.Helper()
	r, err := s.Search(context.Background(), q)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func ids(r jiban.SearchResult) string {
	var all []string
	for _, f := range r.Found {
		all = append(all, fmt.Sprintf("%s %.2f", f.Article.ID, f.Score))
	}
	return strings.Join(all, ", ")
}
