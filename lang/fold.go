package lang

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/longbridgeapp/opencc"
	"golang.org/x/text/unicode/norm"
)

// Entries of the fold table that are no target rune.
const (
	foldSlow = 0 // more than one rune, or one that joins its neighbour
	foldDrop = 1 // invisible: zero width, variation selectors
)

// foldTable maps every rune of the basic plane in one look-up.
type foldTable [1 << 16]uint16

// folding is built at first use (some 30 ms) and never changes after that.
var folding = sync.OnceValue(newFoldTable)

// Fold brings a text into the one form in which texts are compared: NFKC,
// Traditional characters as Simplified, lower case, one kind of quote, dash and
// blank, nothing invisible; bytes that are no UTF-8 become U+FFFD. Positions are
// not kept. Traditional is mapped character by character.
func Fold(s string) string {
	t := folding()
	if isPlain(s) {
		return s
	}
	if t.needsNorm(s) {
		s = norm.NFKC.String(strings.ToValidUTF8(s, "\uFFFD"))
	}
	return t.apply(s)
}

// isPlain reports whether a text is already folded: printable ASCII without
// capitals.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || 'A' <= c && c <= 'Z' || c == '`' {
			return false
		}
	}
	return true
}

func (t *foldTable) needsNorm(s string) bool {
	for _, r := range s {
		if r > 0xFFFF || t[r] == foldSlow {
			return true
		}
	}
	return false
}

func (t *foldTable) apply(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		switch f := t.rune(r); f {
		case foldDrop:
		default:
			out = utf8.AppendRune(out, f)
		}
	}
	return string(out)
}

// rune folds one rune to one rune; foldDrop for nothing.
func (t *foldTable) rune(r rune) rune {
	if r > 0xFFFF {
		return unicode.ToLower(r)
	}
	if f := t[r]; f != foldSlow {
		return rune(f)
	}
	return r
}

func newFoldTable() *foldTable {
	simple := simplifier()
	t := new(foldTable)
	for r := rune(0); r <= 0xFFFF; r++ {
		t[r] = foldEntry(r, simple)
	}
	for target, from := range foldUnified {
		for _, r := range from {
			t[r] = uint16(target)
		}
	}
	return t
}

// foldUnified lists the runes that are written in many ways but mean one thing.
var foldUnified = map[rune]string{
	'"':  "“”„‟«»「」『』〝〞＂",
	'\'': "‘’‚‛`´＇",
	'-':  "—–―−‐‑‒－",
	'~':  "～〜∼",
	' ':  "\x00\x01\t\n\v\f\r\u00a0\u2028\u2029\u3000",
	'0':  "〇",
	'着':  "著", // 著火; no list of ours has 著名
}

func foldEntry(r rune, simple func(rune) rune) uint16 {
	if r >= 0xD800 && r < 0xE000 {
		return uint16(unicode.ReplacementChar)
	}
	if unicode.Is(unicode.Cf, r) || r >= 0xFE00 && r <= 0xFE0F {
		return foldDrop
	}
	p := norm.NFKC.PropertiesString(string(r))
	folded := []rune(norm.NFKC.String(string(r)))
	if len(folded) != 1 || folded[0] > 0xFFFF || !p.BoundaryBefore() {
		return foldSlow
	}
	return uint16(unicode.ToLower(simple(folded[0])))
}

// simplifier returns the map from Traditional to Simplified characters. The
// dictionaries are compiled in, so that an error means a broken build; a test
// makes sure of it, and texts would be folded without this step.
func simplifier() func(rune) rune {
	converter, err := opencc.New("t2s")
	if err != nil {
		return func(r rune) rune { return r }
	}
	return func(r rune) rune {
		if !unicode.Is(unicode.Han, r) {
			return r
		}
		out, err := converter.Convert(string(r))
		if s, n := utf8.DecodeRuneInString(out); err == nil && n == len(out) && s <= 0xFFFF {
			return s
		}
		return r
	}
}
