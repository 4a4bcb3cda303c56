package lang

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// view is a text folded rune by rune, with the way back to its bytes: what the
// parsers read. It is at most about as long as the text itself.
type view struct {
	src        string
	r          []rune
	start, end []int // bytes of src that rune i stands for
}

// newView folds s. With tight, blanks between Han characters are left out, for
// people who type 着 火 了.
func newView(s string, tight bool) view {
	v := view{src: s, r: make([]rune, 0, len(s)/2), start: make([]int, 0, len(s)/2), end: make([]int, 0, len(s)/2)}
	t := folding()
	for i, r := range s {
		_, n := utf8.DecodeRuneInString(s[i:])
		f := t.rune(r)
		switch {
		case f == foldDrop:
		case r <= 0xFFFF && t[r] == foldSlow:
			v.expand(r, i, i+n)
		default:
			v.add(f, i, i+n)
		}
	}
	if tight {
		v.tighten()
	}
	return v
}

func (v *view) add(r rune, start, end int) {
	v.r, v.start, v.end = append(v.r, r), append(v.start, start), append(v.end, end)
}

func (v *view) expand(r rune, start, end int) {
	t := folding()
	for _, x := range norm.NFKC.String(string(r)) {
		if f := t.rune(x); f != foldDrop {
			v.add(f, start, end)
		}
	}
}

// tighten drops the blanks that stand between two Han characters.
func (v *view) tighten() {
	n := 0
	for i, r := range v.r {
		if r == ' ' && n > 0 && han(v.r[n-1]) && han(v.at(i+1)) {
			continue
		}
		v.r[n], v.start[n], v.end[n] = r, v.start[i], v.end[i]
		n++
	}
	v.r, v.start, v.end = v.r[:n], v.start[:n], v.end[:n]
}

// text is the source of runes i to j, j exclusive.
func (v *view) text(i, j int) string {
	if i >= j {
		return ""
	}
	return v.src[v.start[i]:v.end[j-1]]
}

// slot makes a slot of runes i to j.
func (v *view) slot(key, value string, i, j int) Slot {
	return Slot{Key: key, Value: value, Text: v.text(i, j), Start: v.start[i], End: v.end[j-1]}
}

// has reports whether word stands at rune i.
func (v *view) has(i int, word string) bool {
	for _, w := range word {
		if i >= len(v.r) || v.r[i] != w {
			return false
		}
		i++
	}
	return true
}

// hasAny returns the length in runes of the longest of the words that stands at
// rune i, 0 for none.
func (v *view) hasAny(i int, words []string) int {
	best := 0
	for _, w := range words {
		if len(w) > best && v.has(i, w) {
			best = max(best, utf8.RuneCountInString(w))
		}
	}
	return best
}

// endsWith returns the length in runes of the longest of the words that ends just
// before rune i, 0 for none.
func (v *view) endsWith(i int, words []string) int {
	best := 0
	for _, w := range words {
		if n := utf8.RuneCountInString(w); n > best && i-n >= 0 && v.has(i-n, w) {
			best = n
		}
	}
	return best
}

// wordIndex finds the words of a long list.
type wordIndex struct {
	first, last map[rune][][]rune
}

func newWordIndex(words []string) wordIndex {
	x := wordIndex{map[rune][][]rune{}, map[rune][][]rune{}}
	for _, w := range words {
		rs := []rune(w)
		x.first[rs[0]] = append(x.first[rs[0]], rs)
		x.last[rs[len(rs)-1]] = append(x.last[rs[len(rs)-1]], rs)
	}
	return x
}

// at returns the length in runes of the longest word at rune i, 0 for none.
func (x wordIndex) at(v *view, i int) int { return longestOf(v, x.first[v.at(i)], i, 0) }

// before is the same for a word that ends just before rune i.
func (x wordIndex) before(v *view, i int) int { return longestOf(v, x.last[v.at(i-1)], i, 1) }

func longestOf(v *view, words [][]rune, i, back int) int {
	best := 0
	for _, w := range words {
		from := i - back*len(w)
		if len(w) > best && from >= 0 && from+len(w) <= len(v.r) && slices.Equal(v.r[from:from+len(w)], w) {
			best = len(w)
		}
	}
	return best
}

// at is the rune at i, 0 outside.
func (v *view) at(i int) rune {
	if i < 0 || i >= len(v.r) {
		return 0
	}
	return v.r[i]
}

func latin(r rune) bool { return r >= 'a' && r <= 'z' }

func digit(r rune) bool { return r >= '0' && r <= '9' }

func alnum(r rune) bool { return latin(r) || digit(r) }

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// blank reports whether r separates: a space or any punctuation.
func blank(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }
