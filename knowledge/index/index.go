package index

import (
	"math"
	"slices"
)

// Index is an immutable set of documents: a large base, a small segment of what
// changed since, and the marks of base documents that no longer count.
type Index struct {
	base    *segment
	dead    []uint64 // bit set by base document
	gone    int      // how many bits are set
	delta   *segment
	changed []Document // what delta was made of
}

// Len returns how many documents can be found.
func (ix *Index) Len() int { return ix.base.size() - ix.gone + len(ix.changed) }

// Changed returns how many documents changed since the base was built. When it
// grows into the thousands, build anew: the small segment is rebuilt with every
// change.
func (ix *Index) Changed() int { return len(ix.changed) + ix.gone }

// With returns an index in which the documents put are added or replaced by id
// and the removed ids are gone. The receiver stays as it is.
func (ix *Index) With(put []Document, removed []string) *Index {
	touched := make(map[string]bool, len(put)+len(removed))
	for _, d := range put {
		touched[d.ID] = true
	}
	for _, id := range removed {
		touched[id] = true
	}
	next := &Index{base: ix.base, gone: ix.gone}
	next.dead = make([]uint64, (ix.base.size()+63)/64)
	copy(next.dead, ix.dead)
	for doc, id := range ix.base.ids {
		if touched[id] && next.dead[doc/64]&(1<<(doc%64)) == 0 {
			next.dead[doc/64] |= 1 << (doc % 64)
			next.gone++
		}
	}
	for _, d := range ix.changed {
		if !touched[d.ID] {
			next.changed = append(next.changed, d)
		}
	}
	next.changed = append(next.changed, put...)
	next.delta = small(next.changed, ix.base.mean)
	return next
}

func small(docs []Document, mean float64) *segment {
	if len(docs) == 0 {
		return nil
	}
	b := NewBuilder()
	for _, d := range docs {
		b.Add(d)
	}
	return b.finish(mean)
}

// Each calls visit with the data of every document that can be found, in no
// meaningful order, until it returns an error.
func (ix *Index) Each(visit func(id string, data []byte) error) error {
	for doc, id := range ix.base.ids {
		if ix.isDead(uint32(doc)) {
			continue
		}
		if err := visit(id, ix.base.payload(uint32(doc))); err != nil {
			return err
		}
	}
	for _, d := range ix.changed {
		if err := visit(d.ID, d.Data); err != nil {
			return err
		}
	}
	return nil
}

func (ix *Index) isDead(doc uint32) bool {
	return ix.dead != nil && ix.dead[doc/64]&(1<<(doc%64)) != 0
}

// QueryTerm is a term asked for and how much it matters, 1 being usual.
type QueryTerm struct {
	Term   Term
	Weight float32
}

// Query asks for the K best documents that are valid at At (Unix nanoseconds)
// and of a class that Accept takes.
type Query struct {
	Terms  []QueryTerm // each term once
	K      int
	At     int64
	Accept func(class string) bool
}

// Hit is a document found. Score is BM25, to be compared within one search.
// Coverage is the share of the query, by rarity of its terms, that the document
// has, 0 to 1.
type Hit struct {
	ID       string
	Score    float64
	Coverage float64
	Data     []byte
}

// Answer is the result of a search. Best is the score that a document with
// nothing but the query's terms could reach: scores divided by it compare
// between searches.
type Answer struct {
	Hits []Hit // best first
	Best float64
	IDF  []float64 // of each query term, times its weight
}

// Search returns the best documents, exactly as a scan of all would.
func (ix *Index) Search(q Query) Answer {
	ans := Answer{IDF: make([]float64, len(q.Terms))}
	for i, t := range q.Terms {
		ans.IDF[i] = ix.idf(t.Term) * float64(t.Weight)
		ans.Best += ans.IDF[i] * (k1 + 1)
	}
	ans.Hits = ix.base.search(q, ans.IDF, ix.dead)
	if ix.delta != nil {
		more := ix.delta.search(q, ans.IDF, nil)
		ans.Hits = append(ans.Hits, more...)
		slices.SortStableFunc(ans.Hits, better)
	}
	if len(ans.Hits) > q.K {
		ans.Hits = ans.Hits[:q.K]
	}
	return ans
}

func better(x, y Hit) int {
	switch {
	case x.Score > y.Score:
		return -1
	case x.Score < y.Score:
		return 1
	case x.ID < y.ID:
		return -1
	case x.ID > y.ID:
		return 1
	}
	return 0
}

// idf is the rarity of a term, never negative.
func (ix *Index) idf(t Term) float64 {
	df := 0.0
	if i := ix.base.find(t); i >= 0 {
		df += float64(ix.base.df[i])
	}
	if ix.delta != nil {
		if i := ix.delta.find(t); i >= 0 {
			df += float64(ix.delta.df[i])
		}
	}
	n := float64(ix.base.size() + len(ix.changed))
	return math.Log(1 + (n-df+0.5)/(df+0.5))
}

// IDF returns the rarity of a term in this index.
func (ix *Index) IDF(t Term) float64 { return ix.idf(t) }
