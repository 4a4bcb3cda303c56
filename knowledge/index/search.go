package index

import (
	"cmp"
	"slices"
)

// wanted is a term of the query that the segment has.
type wanted struct {
	term   int     // position in the table
	query  int     // position in the query
	weight float32 // score of one 255th of impact
	bound  float32 // the most it can add to any document
}

// search is an exact max-score search, a term at a time. Rare terms, which can
// add most, go first and collect candidates. As soon as all terms that are left
// cannot lift a new document among the best, these terms are only looked up for
// the candidates that can still win.
func (s *segment) search(q Query, idf []float64, dead []uint64) []Hit {
	if q.K <= 0 || s.size() == 0 {
		return nil
	}
	terms := s.plan(q, idf)
	sc := s.scratch.Get().(*scratch) //nolint:errcheck // the pool holds nothing else
	defer s.scratch.Put(sc)
	allowed := s.filter(q, dead)
	rest := bounds(terms)
	done, threshold := 0, float32(0)
	for ; done < len(terms); done++ {
		// No score can have passed what the terms so far could give at most.
		possible := rest[0] - rest[done]
		if rest[done] < possible && s.df[terms[done].term] >= checkFrom {
			threshold = kth(sc, q.K, allowed)
			if rest[done] < threshold {
				break
			}
		}
		sc.touched = s.accumulate(terms[done].term, terms[done].weight, sc.acc, sc.touched)
	}
	found := s.settle(sc, terms[done:], rest[done:], threshold, q.K, allowed)
	for _, doc := range sc.touched {
		sc.acc[doc] = 0
	}
	sc.touched = sc.touched[:0]
	return s.hits(found, terms, idf)
}

// checkFrom is the length of list from which on looking for the end is cheaper
// than reading the list.
const checkFrom = 512

func (s *segment) plan(q Query, idf []float64) []wanted {
	terms := make([]wanted, 0, len(q.Terms))
	for i, t := range q.Terms {
		at := s.find(t.Term)
		if at < 0 || idf[i] <= 0 {
			continue
		}
		w := float32(idf[i] * (k1 + 1) / 255)
		terms = append(terms, wanted{term: at, query: i, weight: w, bound: w * float32(s.max[at])})
	}
	slices.SortFunc(terms, func(x, y wanted) int {
		return cmp.Or(cmp.Compare(y.bound, x.bound), cmp.Compare(x.term, y.term))
	})
	return terms
}

// bounds returns, for each position, the most that the terms from there on can
// add to one document.
func bounds(terms []wanted) []float32 {
	rest := make([]float32, len(terms)+1)
	for i := len(terms) - 1; i >= 0; i-- {
		rest[i] = rest[i+1] + terms[i].bound
	}
	return rest
}

// filter returns the test of a document. Classes are asked once each, and what
// no document of the segment needs is not looked at: the test runs for every
// candidate.
func (s *segment) filter(q Query, dead []uint64) func(uint32) bool {
	accepted := make([]bool, len(s.classes))
	for i, class := range s.classes {
		accepted[i] = q.Accept == nil || q.Accept(class)
	}
	return func(doc uint32) bool {
		if !accepted[s.class[doc]] || dead != nil && dead[doc/64]&(1<<(doc%64)) != 0 {
			return false
		}
		return !s.bounded || (s.from[doc] == 0 || q.At >= s.from[doc]) && (s.to[doc] == 0 || q.At <= s.to[doc])
	}
}

// kth returns the k-th best score so far among allowed documents, 0 when there
// are fewer.
func kth(sc *scratch, k int, allowed func(uint32) bool) float32 {
	best := make([]float32, 0, k)
	for _, doc := range sc.touched {
		score := sc.acc[doc]
		if len(best) == k && score <= best[0] || !allowed(doc) {
			continue
		}
		best = push(best, score, k)
	}
	if len(best) < k {
		return 0
	}
	return best[0]
}

// push keeps the k greatest scores in a heap with the least on top.
func push(best []float32, score float32, k int) []float32 {
	if len(best) < k {
		best = append(best, score)
		up(best)
		return best
	}
	if score > best[0] {
		best[0] = score
		down(best)
	}
	return best
}

func up(h []float32) {
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent] <= h[i] {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

func down(h []float32) {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

type scored struct {
	doc   uint32
	score float32
}

// settle adds the remaining terms to those candidates that can still be among
// the best and returns these, ascending by document. Rest holds the bounds from
// each of the terms on. With every term the threshold rises and candidates fall.
func (s *segment) settle(sc *scratch, terms []wanted, rest []float32, threshold float32, k int, allowed func(uint32) bool) []scored {
	docs := sc.candidates(rest[0], threshold, allowed)
	for i, t := range terms {
		s.lift(t.term, t.weight, docs, sc.acc)
		if len(docs) > 4*k {
			threshold = max(threshold, least(docs, sc.acc, k))
			docs = keep(docs, sc.acc, threshold-rest[i+1])
		}
	}
	if len(docs) > k {
		docs = keep(docs, sc.acc, least(docs, sc.acc, k))
	}
	found := make([]scored, len(docs))
	for i, doc := range docs {
		found[i] = scored{doc, sc.acc[doc]}
	}
	slices.SortFunc(found, func(x, y scored) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.doc, y.doc))
	})
	found = found[:min(k, len(found))]
	slices.SortFunc(found, func(x, y scored) int { return cmp.Compare(x.doc, y.doc) })
	return found
}

// candidates returns the documents that the rest can lift to the threshold,
// ascending. Many are put in order by a walk over all documents, few by sorting.
func (sc *scratch) candidates(rest, threshold float32, allowed func(uint32) bool) []uint32 {
	docs := sc.docs[:0]
	if len(sc.touched) > len(sc.acc)/16 {
		for doc, score := range sc.acc {
			if score > 0 && score+rest >= threshold && allowed(uint32(doc)) {
				docs = append(docs, uint32(doc))
			}
		}
	} else {
		for _, doc := range sc.touched {
			if sc.acc[doc]+rest >= threshold && allowed(doc) {
				docs = append(docs, doc)
			}
		}
		slices.Sort(docs)
	}
	sc.docs = docs
	return docs
}

// least returns the k-th best score among the documents, 0 when there are fewer.
func least(docs []uint32, acc []float32, k int) float32 {
	if len(docs) < k {
		return 0
	}
	best := make([]float32, 0, k)
	for _, doc := range docs {
		best = push(best, acc[doc], k)
	}
	return best[0]
}

// keep leaves the documents that have at least the score.
func keep(docs []uint32, acc []float32, score float32) []uint32 {
	kept := docs[:0]
	for _, doc := range docs {
		if acc[doc] >= score {
			kept = append(kept, doc)
		}
	}
	return kept
}

// hits dresses the found documents, best first, with the share of the query
// that each has.
func (s *segment) hits(found []scored, terms []wanted, idf []float64) []Hit {
	total := 0.0
	for _, v := range idf {
		total += v
	}
	docs := make([]uint32, len(found))
	hits := make([]Hit, len(found))
	for i, f := range found {
		docs[i] = f.doc
		hits[i] = Hit{ID: s.ids[f.doc], Score: float64(f.score), Data: s.payload(f.doc)}
	}
	for _, t := range terms {
		s.visit(t.term, docs, func(i int, _ uint8) { hits[i].Coverage += idf[t.query] / total })
	}
	slices.SortStableFunc(hits, better)
	return hits
}
