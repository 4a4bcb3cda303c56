package knowledge

import (
	"cmp"
	"slices"
	"strings"

	"jiban"
	"jiban/knowledge/index"
	"jiban/lang"
)

// rankDepth is how many documents of the index are looked at more closely.
const rankDepth = 20

// candidate is a document of the index with what was seen on a closer look. All
// figures are between 0 and 1.
type candidate struct {
	hit      index.Hit
	head     head
	strength float64 // BM25 score as a share of the best possible
	likeness float64 // how alike question and title, or the most alike other way to ask, are
	inside   float64 // how much of that title or way to ask the question has
	named    float64 // share of the question's known words that title and ways to ask name
	opening  float64 // share of the question's first word that they name
	score    float64 // what it is ranked by
}

// likenessWeight is what a title like the question counts beside the score of
// the index; narrowBonus prefers the rule of the narrower region among equals.
const (
	likenessWeight = 0.35
	narrowBonus    = 0.02
)

// rank finds the best candidates for a question, best first.
func rank(ix *index.Index, q jiban.SearchQuery, depth int) []candidate {
	terms := queryTerms(q.Text)
	answer := ix.Search(index.Query{
		Terms: terms, K: max(rankDepth, depth), At: q.At.UnixNano(),
		Accept: accept(q.Region, q.Audience),
	})
	if answer.Best == 0 {
		return nil
	}
	asked := newAsked(terms, answer.IDF, ix.IDF(unseenTerm))
	asked.first = opening(lang.Fold(q.Text))
	found := make([]candidate, len(answer.Hits))
	for i, hit := range answer.Hits {
		c := candidate{hit: hit, head: unpackHead(hit.Data), strength: hit.Score / answer.Best}
		c.likeness, c.inside = asked.compare(c.head)
		c.score = c.strength + likenessWeight*c.likeness*c.hit.Coverage + narrowBonus*narrowness(c.head.regions)
		found[i] = c
	}
	byScore(found)
	for i := range min(len(found), subjectDepth) {
		found[i].named, found[i].opening = asked.naming(found[i].head)
		found[i].score += openingWeight * found[i].opening
	}
	byScore(found)
	return found
}

// subjectDepth is how many of the first candidates are asked whether they name the
// subject of the question; openingWeight is what that counts.
const (
	subjectDepth  = 5
	openingWeight = 0.15
)

func byScore(found []candidate) {
	slices.SortStableFunc(found, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.score, x.score), strings.Compare(x.hit.ID, y.hit.ID))
	})
}

// unseenTerm is in no text: its rarity is that of words the articles do not know.
const unseenTerm index.Term = 0

// narrowness is 1 for an article of counties or cities only, 0 for one of a
// province or the country.
func narrowness(regions []string) float64 {
	for _, r := range regions {
		if strings.HasSuffix(r, "0000") {
			return 0
		}
	}
	return float64(min(1, len(regions)))
}

// asked is a question prepared for comparing it with short texts.
type asked struct {
	value map[index.Term]float64 // rarity times weight
	total float64
	mean  float64 // of one term of weight 1
	seen  map[index.Term]bool
	known []knownTerm
	first []index.Term // the beginning of its first word that is no filler
}

// knownTerm is a pair or word of the question that some article has.
type knownTerm struct {
	term  index.Term
	value float64
}

func newAsked(terms []index.QueryTerm, idf []float64, unseen float64) asked {
	a := asked{value: make(map[index.Term]float64, len(terms)), seen: make(map[index.Term]bool, 64)}
	weights := 0.0
	for i, t := range terms {
		a.value[t.Term] = idf[i]
		a.total += idf[i]
		weights += float64(t.Weight)
		if (t.Term.Pair() || t.Term.Word()) && t.Weight >= 1 && idf[i] < unseen*float64(t.Weight)*0.999 {
			a.known = append(a.known, knownTerm{t.Term, idf[i]})
		}
	}
	a.mean = a.total / max(weights, 1)
	return a
}

// compare returns the greatest likeness of the question and the title or one of
// the other ways to ask, and how much of that text the question has.
func (a asked) compare(h head) (likeness, inside float64) {
	likeness, inside = a.like(h.title)
	for _, s := range h.similar {
		if l, in := a.like(s); l > likeness {
			likeness, inside = l, in
		}
	}
	return likeness, inside
}

// openingPairs is how many pairs of characters the first word of a question is
// looked for in: 结婚证 has two.
const openingPairs = 2

// opening returns the first pairs of the first word of a folded question that is no
// filler.
func opening(folded string) []index.Term {
	filler := markFillers(folded)
	var first []index.Term
	last := -1
	index.Walk(folded, func(t index.Term, start, end int) {
		if !t.Pair() && !t.Word() || slices.Contains(filler[start:end], true) || len(first) >= openingPairs {
			return
		}
		if len(first) > 0 && (t.Word() || start >= last) {
			return
		}
		first, last = append(first, t), end
	})
	return first
}

// naming tells how much of what the question says in words that the articles know
// is in the title and the ways to ask of one of them together, and how much of its
// first word, which is mostly its subject. What those leave out (结婚证 for an
// article on identity cards) speaks against the article, however well the rest of
// the question fits.
func (a asked) naming(h head) (share, opening float64) {
	clear(a.seen)
	for _, text := range append([]string{h.title}, h.similar...) {
		weighTerms(lang.Fold(text), func(t index.Term, _ float32) { a.seen[t] = true })
	}
	total, named := 0.0, 0.0
	for _, k := range a.known {
		total += k.value
		if a.seen[k.term] {
			named += k.value
		}
	}
	for _, t := range a.first {
		if a.seen[t] {
			opening += 1 / float64(len(a.first))
		}
	}
	return named / max(total, 1e-9), opening
}

// like is Dice's measure over terms by their value. What the text has beyond the
// question is valued as the question's mean term: looking up its rarity would
// cost more than it gives.
func (a asked) like(text string) (likeness, inside float64) {
	common, other := 0.0, 0.0
	clear(a.seen)
	weighTerms(lang.Fold(text), func(t index.Term, weight float32) {
		if a.seen[t] {
			return
		}
		a.seen[t] = true
		if v, ok := a.value[t]; ok {
			common += v
		} else {
			other += a.mean * float64(weight)
		}
	})
	if common == 0 {
		return 0, 0
	}
	return 2 * common / (a.total + common + other), common / (common + other)
}
