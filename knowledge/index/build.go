package index

import (
	"math"
	"slices"
	"sync"
)

// BM25's constants: how soon repetition stops to count, and how much a long
// document is held against its words.
const (
	k1 = 1.2
	b  = 0.75
)

// Builder collects documents for a first index.
type Builder struct {
	seg     segment
	lists   map[Term]uint32
	lens    []float32
	work    []list
	total   float64
	classes map[string]uint32
	counts  []count
}

type list struct {
	term  Term
	posts []byte
	last  uint32 // document number+1 of the newest posting
	df    uint32
}

type count struct {
	term Term
	n    uint32
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder {
	return &Builder{lists: map[Term]uint32{}, classes: map[string]uint32{}}
}

// Add takes in a document. Ids must be unique within one builder.
func (b *Builder) Add(d Document) {
	s := &b.seg
	doc := uint32(len(s.ids))
	class, ok := b.classes[d.Class]
	if !ok {
		class = uint32(len(s.classes))
		b.classes[d.Class] = class
		s.classes = append(s.classes, d.Class)
	}
	s.ids = append(s.ids, d.ID)
	s.class = append(s.class, class)
	s.from, s.to = append(s.from, d.From), append(s.to, d.To)
	s.bounded = s.bounded || d.From != 0 || d.To != 0
	s.data = append(s.data, d.Data...)
	s.dataEnd = append(s.dataEnd, uint64(len(s.data)))
	length := b.count(d.Fields)
	b.lens = append(b.lens, length)
	b.total += float64(length)
	b.post(doc)
}

// count gathers the weighted terms of a document, sorted, and returns its length.
func (b *Builder) count(fields []Field) float32 {
	all := b.counts[:0]
	length := 0
	for _, f := range fields {
		weight := uint32(f.Weight)
		before := len(all)
		Walk(f.Text, func(t Term, _, _ int) { all = append(all, count{t, weight}) })
		if !f.Aside {
			length += len(all) - before
		}
	}
	slices.SortFunc(all, func(x, y count) int {
		if x.term < y.term {
			return -1
		}
		if x.term > y.term {
			return 1
		}
		return 0
	})
	merged := all[:0]
	for _, c := range all {
		if n := len(merged); n > 0 && merged[n-1].term == c.term {
			merged[n-1].n += c.n
			continue
		}
		merged = append(merged, c)
	}
	b.counts = merged
	return float32(length)
}

// post appends the counted terms to their lists. The impact's place holds the
// count until the mean length is known.
func (b *Builder) post(doc uint32) {
	for _, c := range b.counts {
		i, ok := b.lists[c.term]
		if !ok {
			i = uint32(len(b.work))
			b.lists[c.term] = i
			b.work = append(b.work, list{term: c.term})
		}
		l := &b.work[i]
		l.posts = appendGap(l.posts, doc+1-l.last)
		l.posts = append(l.posts, byte(min(c.n, 255)))
		l.last = doc + 1
		l.df++
	}
}

// Index returns the index of all documents added. The builder is spent.
func (b *Builder) Index() *Index {
	mean := 1.0
	if len(b.lens) > 0 && b.total > 0 {
		mean = b.total / float64(len(b.lens))
	}
	return &Index{base: b.finish(mean)}
}

// finish makes the flat segment, with lengths measured against the given mean.
func (b *Builder) finish(mean float64) *segment {
	s := b.seg
	s.mean = mean
	b.lists = nil
	slices.SortFunc(b.work, func(x, y list) int {
		if x.term < y.term {
			return -1
		}
		return 1
	})
	size := 0
	for i := range b.work {
		size += len(b.work[i].posts)
	}
	n := len(b.work)
	s.terms, s.end = make([]Term, 0, n), make([]uint32, 0, n)
	s.df, s.max, s.skipEnd = make([]uint32, 0, n), make([]uint8, 0, n), make([]uint32, 0, n)
	s.posts = make([]byte, 0, size)
	for i := range b.work {
		s.take(&b.work[i], b.lens)
		b.work[i].posts = nil
	}
	s.data = slices.Clip(s.data)
	s.scratch = newScratch(len(s.ids))
	return &s
}

// take appends one finished list, its counts turned into impacts.
func (s *segment) take(l *list, lens []float32) {
	doc, base := uint32(0), uint32(len(s.posts))
	greatest := uint8(0)
	for i, n := 0, uint32(0); i < len(l.posts); n++ {
		if n > 0 && n%skipEvery == 0 {
			s.skips = append(s.skips, skip{Before: doc, At: base + uint32(i)})
		}
		var g uint32
		g, i = gap(l.posts, i)
		doc += g
		l.posts[i] = impact(float64(l.posts[i]), float64(lens[doc-1])/s.mean)
		greatest = max(greatest, l.posts[i])
		i++
	}
	s.posts = append(s.posts, l.posts...)
	s.terms = append(s.terms, l.term)
	s.end = append(s.end, uint32(len(s.posts)))
	s.df = append(s.df, l.df)
	s.max = append(s.max, greatest)
	s.skipEnd = append(s.skipEnd, uint32(len(s.skips)))
}

// impact is BM25's weight of a term in a document without the idf, in 255ths of
// its limit.
func impact(count, length float64) uint8 {
	share := count / (count + k1*(1-b+b*length))
	return uint8(max(1, math.Round(share*255)))
}

// newScratch returns a pool of what one search over n documents needs.
func newScratch(n int) *sync.Pool {
	return &sync.Pool{New: func() any { return &scratch{acc: make([]float32, n)} }}
}

type scratch struct {
	acc     []float32 // all zero between searches
	touched []uint32
	docs    []uint32
}
