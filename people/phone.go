package people

import (
	"regexp"
	"strings"

	"golang.org/x/text/width"

	"jiban"
)

// maxPhone bounds a written telephone number, in bytes.
const maxPhone = 64

var (
	mobile   = regexp.MustCompile(`^1[3-9]\d{9}$`)
	landline = regexp.MustCompile(`^0(10|2\d|[3-9]\d{2})([2-8]\d{6,7})$`)
	abroad   = regexp.MustCompile(`^\+[1-9]\d{7,14}$`)
)

// Phone returns a telephone number in the form of E.164, "+8613800001234": of
// mainland mobile numbers with or without country code, landline numbers with
// area code, and numbers abroad written with +. Signs between the digits and wide
// digits are taken as people write them. False when it is none of these.
func Phone(s string) (string, bool) {
	if len(s) > maxPhone {
		return "", false
	}
	digits, ok := dial(s)
	if !ok {
		return "", false
	}
	if rest, found := strings.CutPrefix(digits, "00"); found {
		digits = "+" + rest
	}
	home := digits
	for _, prefix := range []string{"+86", "86"} {
		if rest, found := strings.CutPrefix(digits, prefix); found && len(rest) >= 9 {
			home = rest
			break
		}
	}
	switch {
	case mobile.MatchString(home):
		return "+86" + home, true
	case landline.MatchString(home):
		return "+86" + home[1:], true
	case strings.HasPrefix(digits, "+86"):
		// E.164 writes landline numbers without the leading zero of the area.
		if landline.MatchString("0" + home) {
			return digits, true
		}
	case abroad.MatchString(digits):
		return digits, true
	}
	return "", false
}

// dial keeps the digits and a leading plus; anything but the usual signs between
// them makes it no number. The signs people put there are ASCII, or wide forms.
func dial(s string) (string, bool) {
	out := make([]byte, 0, 20)
	for _, r := range s {
		if r > 0x7f {
			if folded := []rune(width.Fold.String(string(r))); len(folded) == 1 {
				r = folded[0]
			}
		}
		switch {
		case r >= '0' && r <= '9':
			out = append(out, byte(r))
		case r == '+' && len(out) == 0:
			out = append(out, '+')
		case r == ' ' || r == '\t' || r == '-' || r == '(' || r == ')' || r == '.' || r == '–' || r == '—' || r == '\u3000' || r == '\u00a0':
		default:
			return "", false
		}
	}
	return string(out), len(out) > 0
}

// PhoneAddress is the address of a telephone number in E.164.
func PhoneAddress(e164 string) jiban.Address { return jiban.Address("tel:" + e164) }
