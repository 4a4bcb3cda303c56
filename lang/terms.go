package lang

import (
	"unicode"
	"unicode/utf8"
)

// Terms splits a text into what an index or a classifier counts: every Han
// character, every pair of neighbouring Han characters, and every run of other
// letters and digits as one word, all folded, in the order of the text.
func Terms(s string) []string {
	s = Fold(s)
	out := make([]string, 0, len(s)/2)
	var prev, word = -1, -1 // byte where the last Han character, the current word began
	for i, r := range s {
		isHan := han(r)
		if word >= 0 && (isHan || !wordRune(r)) {
			out, word = append(out, s[word:i]), -1
		}
		switch {
		case isHan:
			end := i + utf8.RuneLen(r)
			out = append(out, s[i:end])
			if prev >= 0 {
				out = append(out, s[prev:end])
			}
			prev = i
			continue
		case wordRune(r) && word < 0:
			word = i
		}
		prev = -1
	}
	if word >= 0 {
		out = append(out, s[word:])
	}
	return out
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
