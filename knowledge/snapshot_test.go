package knowledge

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"jiban"
	"jiban/knowledge/index"
)

func TestSnapshot(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "knowledge.index")
	store := newMemoryStore()
	g := newGenerator(t, 4)
	for i := range snapshotFrom + 50 {
		store.put(g.article(i))
	}
	start := func(store Store) (*Service, error) {
		s := newService(t, store)
		s.deps.Snapshot = file
		_, err := s.readSnapshot(ctx)
		if err := s.Load(ctx); err != nil {
			t.Fatal(err)
		}
		return s, err
	}
	s, err := start(store)
	if err == nil {
		t.Fatal("a snapshot was read before one was written")
	}
	// What changes after the snapshot is there after a start from it.
	gone, _ := store.Article(ctx, "g000007")
	gone.Version, gone.Status = 2, jiban.ArticleWithdrawn
	store.put(gone)
	store.put(jiban.Article{ID: "new", Version: 1, Title: "滑冰场开放时间", Body: "冬天开放。", Status: jiban.ArticlePublished})
	again, err := start(store)
	if err != nil {
		t.Fatal(err)
	}
	if again.Len() != s.Len() {
		t.Errorf("%d articles after the start, %d before", again.Len(), s.Len())
	}
	if r := search(t, again, jiban.SearchQuery{Text: "滑冰场开放时间"}); len(r.Found) == 0 || r.Found[0].Article.ID != "new" {
		t.Errorf("a later article is not found: %s", ids(r))
	}
	q := jiban.SearchQuery{Text: "社保卡丢了去哪里补办", K: 20}
	if err := s.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if a, b := ids(search(t, s, q)), ids(search(t, again, q)); a != b {
		t.Errorf("built:    %s\nread back: %s", a, b)
	}
	// A store that was replaced makes the snapshot worthless.
	other := newMemoryStore()
	h := newGenerator(t, 5)
	for i := range snapshotFrom + 500 {
		other.put(h.article(i))
	}
	if s, err := start(other); err == nil || s.Len() != snapshotFrom+500 {
		t.Errorf("the snapshot of another store was read: %v, %d articles", err, s.Len())
	}
	if s, _ := start(newMemoryStore()); s.Len() != 0 {
		t.Errorf("%d articles of an empty store", s.Len())
	}
}

func TestDamagedSnapshot(t *testing.T) {
	ctx := context.Background()
	articles, err := Sample()
	if err != nil {
		t.Fatal(err)
	}
	b := index.NewBuilder()
	for _, a := range articles {
		b.Add(newArchive("").document(a))
	}
	var out bytes.Buffer
	if err := b.Index().Save(&out, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	sound := out.Bytes()
	for at := 0; at < len(sound); at += 997 {
		damaged := bytes.Clone(sound)
		damaged[at] ^= 0x40
		if _, _, err := index.Read(bytes.NewReader(damaged), int64(len(damaged))); err == nil {
			t.Errorf("a byte changed at %d of %d went unseen", at, len(sound))
		}
		if _, _, err := index.Read(bytes.NewReader(sound[:at]), int64(at)); err == nil {
			t.Errorf("cut at %d of %d went unseen", at, len(sound))
		}
	}
	// The service builds anew.
	file := filepath.Join(t.TempDir(), "knowledge.index")
	if err := os.WriteFile(file, sound[:len(sound)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	_, store := sampleService(t)
	s := newService(t, store)
	s.deps.Snapshot = file
	if err := s.Load(ctx); err != nil || s.Len() != len(articles) {
		t.Errorf("load: %v, %d articles", err, s.Len())
	}
}

func FuzzReadSnapshot(f *testing.F) {
	b := index.NewBuilder()
	b.Add(newArchive("").document(jiban.Article{ID: "a", Title: "社保卡", Body: "补办"}))
	var out bytes.Buffer
	if err := b.Index().Save(&out, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte("jiban knowledge index 1\n\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if ix, _, err := index.Read(bytes.NewReader(data), int64(len(data))); err == nil {
			ix.Search(index.Query{Terms: queryTerms("社保卡"), K: 3})
		}
	})
}
