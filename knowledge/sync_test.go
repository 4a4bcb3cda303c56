package knowledge

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"jiban"
)

func TestReview(t *testing.T) {
	ctx := context.Background()
	store := newMemoryStore()
	s := newService(t, store)
	if err := s.Load(ctx); err != nil {
		t.Fatal(err)
	}
	found := func() bool {
		return len(search(t, s, jiban.SearchQuery{Text: "社保卡补办"}).Found) > 0
	}
	store.put(jiban.Article{ID: "a", Version: 1, Title: "社保卡补办", Body: "到银行办。", Author: "wang", Status: jiban.ArticleReview})
	if _, err := s.Publish(ctx, "a", "wang"); jiban.CodeOf(err) != jiban.CodeForbidden {
		t.Errorf("the author published: %v", err)
	}
	if found() {
		t.Error("found before it was published")
	}
	a, err := s.Publish(ctx, "a", "li")
	if err != nil || a.Version != 2 || a.Status != jiban.ArticlePublished {
		t.Fatalf("published %+v, %v", a, err)
	}
	if !found() {
		t.Error("not found after it was published")
	}
	if _, err := s.Publish(ctx, "a", "li"); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("published twice: %v", err)
	}
	// A newer version waits for review: the one in force stays.
	a.Version, a.Status, a.Title = 3, jiban.ArticleReview, "公积金提取"
	store.put(a)
	if err := s.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if !found() {
		t.Error("the version in force is gone while a newer one waits for review")
	}
	if _, err := s.Withdraw(ctx, "a", "li"); err != nil {
		t.Fatal(err)
	}
	if found() {
		t.Error("found after it was withdrawn")
	}
	if _, err := s.Withdraw(ctx, "a", "li"); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("withdrawn twice: %v", err)
	}
	if _, err := s.Publish(ctx, "none", "li"); jiban.CodeOf(err) != jiban.CodeNotFound {
		t.Errorf("published nothing: %v", err)
	}
	want := []string{"article.published", "article.withdrawn"}
	if len(store.audit) != len(want) {
		t.Fatalf("audit %+v", store.audit)
	}
	for i, e := range store.audit {
		if e.Action != want[i] || e.Actor != "li" || e.Object != "a" || e.ID == "" || e.At.IsZero() {
			t.Errorf("audit entry %+v, want %s", e, want[i])
		}
	}
}

// A withdrawn article stays away when a draft follows it, also after a restart.
func TestDraftAfterWithdrawal(t *testing.T) {
	store := newMemoryStore()
	for v, status := range []jiban.ArticleStatus{jiban.ArticlePublished, jiban.ArticleWithdrawn, jiban.ArticleReview} {
		store.put(jiban.Article{ID: "a", Version: v + 1, Title: "社保卡补办", Body: "到银行办。", Status: status})
	}
	s := newService(t, store)
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	if s.Len() != 0 {
		t.Error("a withdrawn article is back")
	}
}

// bus hands every word published to all who listen.
type bus struct {
	mu    sync.Mutex
	heard []chan []byte
}

func (b *bus) Publish(_ context.Context, _ string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.heard {
		select {
		case c <- data:
		default:
		}
	}
	return nil
}

func (b *bus) Subscribe(context.Context, string) (<-chan []byte, func(), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan []byte, 1)
	b.heard = append(b.heard, c)
	return c, func() {}, nil
}

// While articles come, change and go, every search sees a whole state: never an
// article in review, never one article twice, always the ones that stay.
func TestSearchDuringChanges(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	s, store := sampleService(t)
	s.deps.Bus = &bus{}
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				r, err := s.Search(ctx, jiban.SearchQuery{Text: "身份证丢了怎么补办", K: 20})
				if err != nil || len(r.Found) == 0 || r.Found[0].Article.ID != "ga-shenfenzheng-bu" {
					t.Errorf("found %s, %v", ids(r), err)
					return
				}
				seen := map[string]bool{}
				for _, f := range r.Found {
					if seen[f.Article.ID] || f.Article.Status != jiban.ArticlePublished {
						t.Errorf("%s twice or not published", f.Article.ID)
					}
					seen[f.Article.ID] = true
				}
			}
		})
	}
	for i := range 60 {
		id := fmt.Sprintf("n%d", i%10)
		v := i/10*2 + 1
		store.put(jiban.Article{ID: id, Version: v, Title: "居住证补办的第" + id + "种办法", Body: "身份证和居住证。", Status: jiban.ArticleReview})
		if _, err := s.Publish(ctx, id, "li"); err != nil {
			t.Fatal(err)
		}
		if i%20 == 19 {
			if err := s.Load(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(done)
	readers.Wait()
	stop()
	running.Wait()
	sample, err := Sample()
	if err != nil {
		t.Fatal(err)
	}
	if want := len(sample) + 10; s.Len() != want {
		t.Errorf("%d articles, want %d", s.Len(), want)
	}
}

// A change made on another node is seen, by word of the bus or by looking.
func TestChangeElsewhereIsSeen(t *testing.T) {
	for _, b := range []Bus{&bus{}, nil} {
		ctx, stop := context.WithCancel(context.Background())
		store := newMemoryStore()
		one, other := newService(t, store), newService(t, store)
		one.deps.Bus, other.deps.Bus = b, b
		for _, s := range []*Service{one, other} {
			if err := s.Load(ctx); err != nil {
				t.Fatal(err)
			}
		}
		var running sync.WaitGroup
		running.Go(func() {
			if err := other.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		store.put(jiban.Article{ID: "a", Version: 1, Title: "社保卡补办", Body: "到银行办。", Status: jiban.ArticleReview})
		if _, err := one.Publish(ctx, "a", "li"); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(10 * time.Second)
		for other.Len() == 0 && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		if other.Len() != 1 {
			t.Errorf("bus %v: the other node does not see the article", b != nil)
		}
		stop()
		running.Wait()
	}
}

// Many changes lead to a new base in the background, and nothing is lost.
func TestRebuildInBackground(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	ctx, stop := context.WithCancel(context.Background())
	store := newMemoryStore()
	s := newService(t, store)
	if err := s.Load(ctx); err != nil {
		t.Fatal(err)
	}
	g := newGenerator(t, 3)
	for i := range rebuildAfter + 10 {
		store.put(g.article(i))
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	deadline := time.Now().Add(60 * time.Second)
	settled := func() bool { return s.Len() == rebuildAfter+10 && s.now.Load().index.Changed() == 0 }
	for !settled() && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if !settled() {
		t.Errorf("%d articles, %d changes not merged", s.Len(), s.now.Load().index.Changed())
	}
	stop()
	running.Wait()
}
