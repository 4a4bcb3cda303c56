package lang

import (
	"unicode"

	"jiban"
)

// Detect tells the language of a text: English when it has at least one word of
// two Latin letters and Latin words clearly outweigh Han characters. A text of
// neither (digits, an emoji) is Chinese, which is the house's own language.
func Detect(s string) jiban.Lang {
	hans, words, run := 0, 0, 0
	for _, r := range s + " " {
		if unicode.Is(unicode.Latin, r) {
			run++
			continue
		}
		if run >= 2 {
			words++
		}
		run = 0
		if unicode.Is(unicode.Han, r) {
			hans++
		}
	}
	if words > 0 && words >= 2*hans {
		return jiban.English
	}
	return jiban.Chinese
}
