package index

import (
	"slices"
	"sync"
)

// Field is a part of a document. Text is folded. Weight is how many times an
// occurrence here counts. The length of an Aside (other ways to ask, keywords)
// does not count against the document.
type Field struct {
	Text   string
	Weight uint8
	Aside  bool
}

// Document is one thing to be found. From and To bound its validity in Unix
// nanoseconds, To being the last moment; zero means open. Class is what the
// caller filters by. Data is handed back with a hit.
type Document struct {
	ID       string
	Fields   []Field
	Class    string
	From, To int64
	Data     []byte
}

// segment is an immutable set of documents with their postings, in flat arrays.
//
// A posting list is a sequence of (gap, impact): gap is the distance to the
// document number before as a varint (the first counts from -1), impact the
// term's saturated and length-normalised weight in the document in 255ths of
// the greatest possible. Every skipEvery postings an entry of skips tells where
// the list can be entered.
type segment struct {
	ids      []string
	class    []uint32 // index into classes
	from, to []int64
	bounded  bool // any of from and to is set
	dataEnd  []uint64
	data     []byte
	classes  []string

	terms   []Term   // ascending
	end     []uint32 // of the term's postings; they begin where those before end
	df      []uint32
	max     []uint8  // greatest impact in the list
	skipEnd []uint32 // of the term's skip entries
	skips   []skip
	posts   []byte

	mean    float64 // mean length of a document
	scratch *sync.Pool
}

type skip struct {
	Before uint32 // document number+1 of the posting before the entry
	At     uint32 // offset of the entry in posts
}

const skipEvery = 128

func (s *segment) size() int { return len(s.ids) }

func (s *segment) payload(doc uint32) []byte {
	begin := uint64(0)
	if doc > 0 {
		begin = s.dataEnd[doc-1]
	}
	return s.data[begin:s.dataEnd[doc]]
}

// find returns the position of a term in the table, or -1.
func (s *segment) find(t Term) int {
	if i, ok := slices.BinarySearch(s.terms, t); ok {
		return i
	}
	return -1
}

func (s *segment) postings(t int) (begin, end uint32) {
	if t > 0 {
		begin = s.end[t-1]
	}
	return begin, s.end[t]
}

func (s *segment) skipsOf(t int) []skip {
	begin := uint32(0)
	if t > 0 {
		begin = s.skipEnd[t-1]
	}
	return s.skips[begin:s.skipEnd[t]]
}

// gap reads a varint at position i of p and returns the position after it.
func gap(p []byte, i int) (uint32, int) {
	g := uint32(p[i])
	i++
	if g < 0x80 {
		return g, i
	}
	g &= 0x7f
	for shift := 7; ; shift += 7 {
		b := uint32(p[i])
		i++
		g |= (b & 0x7f) << shift
		if b < 0x80 {
			return g, i
		}
	}
}

func appendGap(p []byte, g uint32) []byte {
	for g >= 0x80 {
		p = append(p, byte(g)|0x80)
		g >>= 7
	}
	return append(p, byte(g))
}

// accumulate adds the term's score to every document that has it and records
// the documents that had none before.
func (s *segment) accumulate(t int, weight float32, acc []float32, touched []uint32) []uint32 {
	begin, end := s.postings(t)
	p := s.posts[begin:end]
	doc := ^uint32(0)
	for i := 0; i < len(p); {
		var g uint32
		if g = uint32(p[i]); g < 0x80 {
			i++
		} else {
			g, i = gap(p, i)
		}
		doc += g
		if acc[doc] == 0 {
			touched = append(touched, doc)
		}
		acc[doc] += weight * float32(p[i])
		i++
	}
	return touched
}

// lift adds the term's score to the documents that have it. Docs is ascending.
func (s *segment) lift(t int, weight float32, docs []uint32, acc []float32) {
	begin, end := s.postings(t)
	p := s.posts[begin:end]
	skips := s.skipsOf(t)
	next, i := 0, 0
	at := uint32(0) // number+1 of the document of the posting last read
	impact := uint8(0)
	for _, doc := range docs {
		if doc+1 > at {
			jumped := false
			for next < len(skips) && skips[next].Before <= doc {
				next++
				jumped = true
			}
			if jumped && skips[next-1].Before > at {
				at, i = skips[next-1].Before, int(skips[next-1].At-begin)
			}
			for at <= doc {
				if i >= len(p) {
					return
				}
				var g uint32
				if g = uint32(p[i]); g < 0x80 {
					i++
				} else {
					g, i = gap(p, i)
				}
				at += g
				impact = p[i]
				i++
			}
		}
		if at == doc+1 {
			acc[doc] += weight * float32(impact)
		}
	}
}

// visit calls found with the impact of the term in each of the wanted documents
// that has it. Wanted is ascending; i is the position in it.
func (s *segment) visit(t int, wanted []uint32, found func(i int, impact uint8)) {
	begin, end := s.postings(t)
	p := s.posts[begin:end]
	skips := s.skipsOf(t)
	next, i := 0, 0 // next skip entry, position in p
	doc := uint32(0)
	impact := uint8(0)
	for w, want := range wanted {
		want++ // numbers count from 1 here, so that 0 is "before the first"
		for next < len(skips) && skips[next].Before < want {
			if skips[next].Before > doc {
				doc, i = skips[next].Before, int(skips[next].At-begin)
				impact = 0
			}
			next++
		}
		for doc < want && i < len(p) {
			var g uint32
			g, i = gap(p, i)
			doc += g
			impact = p[i]
			i++
		}
		if doc == want && impact != 0 {
			found(w, impact)
		}
		if doc < want {
			return
		}
	}
}
