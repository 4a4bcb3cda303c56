package prompts

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The marks after which a sentence is over, those that may end a clause, and those
// that may stand behind either.
const (
	fullStops  = "。！？!?….."
	clauseEnds = "。.；;，,、"
	closers    = "”’」』）)\"'"
)

// clause is what somebody wrote, to be gone on with: without the mark at its end, so
// that there are not two.
func clause(v any) string {
	return strings.TrimRightFunc(given(v), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(clauseEnds, r) })
}

// sentence is what somebody wrote, ended, so that the next sentence does not run into
// it.
func sentence(v any) string {
	text := strings.TrimSpace(given(v))
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text, closers))
	switch {
	case text == "" || strings.ContainsRune(fullStops, last):
		return text
	case last == '吗':
		return text + "？"
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }):
		return text + "。"
	default:
		return text + "."
	}
}

// given is a parameter as text; one that was not given is told apart from an empty
// one.
func given(v any) string {
	if v == nil {
		return blank
	}
	return fmt.Sprint(v)
}
