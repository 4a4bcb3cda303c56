package channels

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Measure is the size of a text in the units a provider counts.
type Measure func(string) int

// UTF16Units counts as SMS in UCS-2 does: a character outside the basic plane
// counts two (domain B1).
func UTF16Units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// Bytes counts bytes of UTF-8, as WeChat does (domain A7).
func Bytes(s string) int { return len(s) }

// Characters counts code points.
func Characters(s string) int { return utf8.RuneCountInString(s) }

// Split cuts a text into pieces of at most limit units each. It cuts after the
// end of a sentence where one is in the second half of a piece, else after a
// clause or a space, else between characters; never inside what the eye takes
// for one character, and inside a number, a word or a link only when that alone is
// longer than a piece. White space around a cut is dropped. An empty text gives
// no piece.
func Split(s string, limit int, size Measure) []string {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	if limit <= 0 || size(s) <= limit {
		return []string{s}
	}
	var pieces []string
	for s != "" {
		n := cut(s, limit, size)
		if piece := strings.TrimSpace(s[:n]); piece != "" {
			pieces = append(pieces, piece)
		}
		s = strings.TrimLeftFunc(s[n:], unicode.IsSpace)
	}
	return pieces
}

// cut returns the number of bytes of s that make the next piece.
func cut(s string, limit int, size Measure) int {
	used, n := 0, 0
	var best [clause + 1]int // the latest cut of each worth
	for n < len(s) {
		atom := nextAtom(s, n, limit, size)
		used += size(s[n : n+atom])
		if used > limit {
			break
		}
		n += atom
		best[worth(s[:n], s[n:])] = n
	}
	if n == len(s) {
		return n
	}
	for _, w := range [...]int{sentence, clause} {
		if best[w]*2 >= n {
			return best[w]
		}
	}
	return max(n, firstRune(s, n))
}

// firstRune keeps a piece from being empty when even one character is larger
// than the limit.
func firstRune(s string, n int) int {
	if n > 0 {
		return n
	}
	_, w := utf8.DecodeRuneInString(s)
	return w
}

// What a cut is worth.
const (
	anywhere = iota
	sentence
	clause
)

func worth(before, after string) int {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	switch {
	case strings.ContainsRune("。！？；…\n", last) && !strings.ContainsRune("。！？；…”’」』）》", next):
		return sentence
	case strings.ContainsRune(".!?;", last) && (after == "" || unicode.IsSpace(next)):
		return sentence
	case strings.ContainsRune("，、：,", last) || unicode.IsSpace(last) || unicode.IsSpace(next):
		return clause
	default:
		return anywhere
	}
}

// nextAtom returns the length in bytes of what must stay together at s[at:]: a
// word, number or link, or one visible character. What is longer than a piece
// is taken apart.
func nextAtom(s string, at, limit int, size Measure) int {
	rest := s[at:]
	inside := at > 0 && inWord(s[at-1])
	if n := wordLength(rest, limit); !inside && n > 1 && size(rest[:n]) <= limit {
		return n
	}
	n := clusterLength(rest)
	if size(rest[:n]) <= limit {
		return n
	}
	_, w := utf8.DecodeRuneInString(rest)
	return w
}

// wordLength looks no further than one byte beyond the limit.
func wordLength(s string, limit int) int {
	n := 0
	for n < len(s) && n <= limit && inWord(s[n]) {
		n++
	}
	return n
}

func inWord(c byte) bool {
	return c > ' ' && c < 0x7F && strings.IndexByte(",;!?()\"'<>", c) < 0
}

// clusterLength returns the bytes of the first visible character: a base with its
// marks, variation selectors, skin tones and what a joiner binds to it; flags are
// two letters. It covers what is found in messages, not all of Unicode.
func clusterLength(s string) int {
	first, n := utf8.DecodeRuneInString(s)
	if isFlag(first) {
		if second, w := utf8.DecodeRuneInString(s[n:]); isFlag(second) {
			n += w
		}
	}
	for n < len(s) {
		r, w := utf8.DecodeRuneInString(s[n:])
		switch {
		case r == joiner:
			n += w
			_, w = utf8.DecodeRuneInString(s[n:])
			n += w
		case extends(r):
			n += w
		default:
			return n
		}
	}
	return n
}

const joiner = '\u200D'

func isFlag(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

func extends(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || r >= 0x1F3FB && r <= 0x1F3FF ||
		r >= 0xE0020 && r <= 0xE007F || r >= 0xFE00 && r <= 0xFE0F
}
