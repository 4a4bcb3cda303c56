package dialog

import (
	"regexp"
	"strings"
	"unicode"

	"jiban/lang"
)

// besideLong is how long a message may be in which a name stands beside a telephone
// number.
const besideLong = 60

// nameBesidePhone finds the name that people write before or behind their number:
// 李桂兰 13904510001.
func nameBesidePhone(text string) string {
	phones := lang.Phones(text)
	if len(phones) == 0 || len([]rune(text)) > besideLong {
		return ""
	}
	for _, p := range phones {
		text = strings.Replace(text, p.Text, "\n", 1)
	}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("，,。；;、：:\n \t", r) || unicode.IsDigit(r) }) {
		if m := englishFull.FindString(part); m != "" {
			continue
		}
		if name, ok := lang.BareName(part); ok && !notNames.MatchString(part) {
			return name.Value
		}
	}
	if m := englishFull.FindString(strings.Trim(text, trailing)); m != "" {
		return m
	}
	return ""
}

// englishFull is a name of two or three words.
var englishFull = regexp.MustCompile(`^[A-Z][a-z'-]+(?: [A-Z][a-z.'-]*){1,2}$`)
