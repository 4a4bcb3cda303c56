package index

import (
	"unicode"
	"unicode/utf8"
)

// Term is what is indexed: a Han character, a pair of adjacent Han characters,
// or a word or number of another script. It is a number rather than a string,
// so that the table of terms is one flat array. Words are hashed: two words
// that share 63 bits count as one.
type Term uint64

const (
	pairShift = 21 // a rune has at most 21 bits
	wordBit   = 1 << 63
)

// Pair reports whether the term is a pair of characters.
func (t Term) Pair() bool { return t&wordBit == 0 && t>>pairShift != 0 }

// Word reports whether the term is a word or number of another script.
func (t Term) Word() bool { return t&wordBit != 0 }

// Walk calls visit for every term of the folded text, with the byte positions
// at which the term begins and ends. Anything that is neither letter nor number
// separates: no pair reaches across it.
func Walk(text string, visit func(t Term, start, end int)) {
	var before rune // the Han character directly before, 0 for none
	beforeAt := 0
	word := -1
	var hash uint64
	for i, r := range text {
		size := utf8.RuneLen(r)
		if size < 0 {
			size = 1
		}
		letter := isWord(r)
		if !letter && word >= 0 {
			visit(Term(hash|wordBit), word, i)
			word = -1
		}
		switch {
		case isHan(r):
			visit(Term(r), i, i+size)
			if before != 0 {
				visit(Term(before)<<pairShift|Term(r), beforeAt, i+size)
			}
			before, beforeAt = r, i
			continue
		case letter:
			if word < 0 {
				word, hash = i, fnvOffset
			}
			hash = (hash ^ uint64(r)) * fnvPrime
		}
		before = 0
	}
	if word >= 0 {
		visit(Term(hash|wordBit), word, len(text))
	}
}

// FNV-1a: stable over restarts, which the snapshot on disk needs.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func isHan(r rune) bool {
	if r >= 0x4e00 && r <= 0x9fff {
		return true
	}
	return r >= 0x3400 && unicode.Is(unicode.Han, r)
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return !isHan(r) && (unicode.IsLetter(r) || unicode.IsNumber(r))
}
