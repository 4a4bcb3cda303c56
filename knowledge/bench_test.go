package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jiban"
)

// A provincial knowledge base: 96,000 articles of 228 characters on average.
const (
	benchArticles = 96_000
	benchMean     = 228
)

// generator recombines the clauses of the sample into new articles, with made-up
// names and numbers among them, so that the vocabulary is neither tiny nor even.
type generator struct {
	rng     *rand.Rand
	clauses []string
	titles  []string
	chars   []rune
}

func newGenerator(tb testing.TB, seed uint64) *generator {
	sample, err := Sample()
	if err != nil {
		tb.Fatal(err)
	}
	g := &generator{rng: rand.New(rand.NewPCG(seed, 1))}
	seen := map[rune]bool{}
	for _, a := range sample {
		g.titles = append(g.titles, append([]string{a.Title}, a.Similar...)...)
		for _, clause := range strings.FieldsFunc(a.Body, func(r rune) bool { return strings.ContainsRune("，。；：\n、", r) }) {
			if utf8.RuneCountInString(clause) >= 3 {
				g.clauses = append(g.clauses, clause)
			}
			for _, r := range clause {
				if r > 0x4e00 && !seen[r] {
					seen[r] = true
					g.chars = append(g.chars, r)
				}
			}
		}
	}
	slices.Sort(g.chars)
	return g
}

func (g *generator) pick(from []string) string { return from[g.rng.IntN(len(from))] }

// name is a made-up word of two to four characters.
func (g *generator) name() string {
	runes := make([]rune, 2+g.rng.IntN(3))
	for i := range runes {
		runes[i] = g.chars[g.rng.IntN(len(g.chars))]
	}
	return string(runes)
}

func (g *generator) article(n int) jiban.Article {
	var body strings.Builder
	want := benchMean/2 + g.rng.IntN(benchMean)
	for utf8.RuneCountInString(body.String()) < want-6 {
		switch g.rng.IntN(4) {
		case 0:
			body.WriteString(g.name())
		case 1:
			fmt.Fprintf(&body, "%d", g.rng.IntN(100000))
		}
		body.WriteString(g.pick(g.clauses) + "，")
	}
	region := []string{"000000", "230000", "230100", "230200", "230600", "231000"}[g.rng.IntN(6)]
	return jiban.Article{
		ID: fmt.Sprintf("g%06d", n), Version: 1, Title: g.name() + g.pick(g.titles), Body: body.String(),
		Similar: []string{g.name() + g.pick(g.titles)}, Department: g.name() + "局", Source: "示例知识 · 样例",
		Regions: []string{region}, Audience: []jiban.Audience{jiban.Citizen, jiban.Enterprise, jiban.Everyone}[g.rng.IntN(3)],
		Theme: "样例", Status: jiban.ArticlePublished, UpdatedAt: sampleTime,
	}
}

// loaded returns a service with n generated articles and questions of two kinds:
// made of the articles' titles, and of words from their bodies.
func loaded(tb testing.TB, n int) (*Service, *memoryStore, []string) {
	g := newGenerator(tb, 1)
	store := newMemoryStore()
	chars := 0
	var questions []string
	for i := range n {
		a := g.article(i)
		chars += utf8.RuneCountInString(a.Body)
		store.put(a)
		if i%(n/1000+1) == 0 {
			questions = append(questions, a.Title, g.pick(g.titles)+g.pick(g.clauses))
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := newService(tb, store)
	start := time.Now()
	if err := s.Load(context.Background()); err != nil {
		tb.Fatal(err)
	}
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	tb.Logf("%d articles of %d characters: index built in %v, %d MB", n, chars/n, took.Round(time.Millisecond),
		(int64(after.HeapAlloc)-int64(before.HeapAlloc))>>20)
	return s, store, questions
}

func BenchmarkSearch96000(b *testing.B) {
	s, _, questions := loaded(b, benchArticles)
	ctx := context.Background()
	took := make([]time.Duration, 0, b.N)
	i := 0
	for b.Loop() {
		q := jiban.SearchQuery{Text: questions[i%len(questions)], Region: "230100", Audience: jiban.Citizen, At: sampleTime}
		i++
		start := time.Now()
		if _, err := s.Search(ctx, q); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.SortFunc(took, cmp.Compare)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// A start from the snapshot of the last one.
func BenchmarkStartFromSnapshot96000(b *testing.B) {
	s, store, _ := loaded(b, benchArticles)
	s.deps.Snapshot = filepath.Join(b.TempDir(), "knowledge.index")
	if err := s.writeSnapshot(s.now.Load()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		again := newService(b, store)
		again.deps.Snapshot = s.deps.Snapshot
		state, err := again.readSnapshot(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if err := again.serve(context.Background(), state); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOneChangeVisible96000(b *testing.B) {
	s, store, _ := loaded(b, benchArticles)
	ctx := context.Background()
	g := newGenerator(b, 2)
	n := benchArticles
	for b.Loop() {
		n++
		store.put(g.article(n))
		if err := s.refresh(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
