package files

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The limits of a file's name: what a page shows, and what every file system takes.
const (
	longestShown = 80  // characters
	longestBytes = 200 // bytes
)

// CleanName makes a name that is safe to show and to save: without folders,
// without characters that cannot be seen or turn the direction of writing, no
// name that a system reserves, of bounded length, and with the ending that fits
// the content.
func CleanName(name string, k Kind) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	// Composed twice: first, so that no character hides in another form, and again,
	// because what stood between two marks may be gone.
	name = norm.NFC.String(strings.ToValidUTF8(name, ""))
	name = norm.NFC.String(strings.Map(plainRune, name))
	name = strings.Join(strings.Fields(name), " ")
	base := strings.TrimSuffix(name, path.Ext(name))
	base = strings.Trim(base, ". _")
	if reserved(base) {
		base = "_" + base
	}
	end := k.extension()
	base = strings.TrimRight(shorten(base, longestShown, longestBytes-len(end)), ". _")
	if base == "" {
		base = "file"
	}
	return base + end
}

// plainRune drops what cannot be seen and replaces what systems give a meaning.
func plainRune(r rune) rune {
	switch {
	case strings.ContainsRune(`<>:"|?*%;`+"`$&", r):
		return '_'
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Bidi_Control, unicode.Variation_Selector), r == utf8.RuneError:
		return -1
	}
	return r
}

// reserved reports whether Windows keeps a name for a device, whatever its ending.
func reserved(base string) bool {
	first, _, _ := strings.Cut(strings.ToUpper(base), ".")
	switch first {
	case "CON", "PRN", "AUX", "NUL", "CLOCK$":
		return true
	}
	return len(first) == 4 && (strings.HasPrefix(first, "COM") || strings.HasPrefix(first, "LPT")) && first[3] >= '0' && first[3] <= '9'
}

// shorten cuts at a whole character.
func shorten(s string, runes, most int) string {
	n := 0
	for i, r := range s {
		if n == runes || i+utf8.RuneLen(r) > most {
			return s[:i]
		}
		n++
	}
	return s
}
