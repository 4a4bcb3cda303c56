package web

import (
	"strings"
	"time"
	"unicode/utf8"

	"jiban"
	"jiban/staff"
)

// mask hides what a member of staff need not see of a ticket.
type mask struct {
	identity bool // who reported it: name, telephone, identity number
	numbers  bool // long numbers in free text too
}

// maskFor says what to hide: everything personal from who only checks, and the
// reporter of a confidential or anonymous ticket from the department that it may
// be about.
func maskFor(a jiban.Account, t jiban.Ticket) mask {
	if !staff.May(a, staff.ActPersonalData) {
		return mask{identity: true, numbers: true}
	}
	if (t.Confidential || t.Anonymous) && !staff.May(a, staff.ActPersonalReporter) {
		return mask{identity: true, numbers: true}
	}
	return mask{}
}

// identityKeys are the slots that say who somebody is.
const identityKeys = "name phone contact id_number id_card credit_code email"

// fields hides what is to be hidden; the map that comes in is left alone.
func (m mask) fields(in map[string]string) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		if m.identity && oneOf(k, identityKeys) {
			v = hide(v)
		} else {
			v = m.text(v)
		}
		out[k] = v
	}
	return out
}

// event hides what the log of a ticket says about the reporter: free text loses
// its long numbers, and what leads to the person is left out.
func (m mask) event(in map[string]string) map[string]string {
	out := make(map[string]string, len(in))
	for k, v := range in {
		switch {
		case m.identity && oneOf(k, "contact conversation"):
		case m.identity && k == "phone":
			out[k] = hide(v)
		case oneOf(k, "text reason title phone"):
			out[k] = m.text(v)
		default:
			out[k] = v
		}
	}
	return out
}

// text hides long numbers in free text.
func (m mask) text(v string) string {
	if !m.numbers {
		return v
	}
	return hideNumbers(v)
}

// hide keeps the first character and, of long values, the last two.
func hide(v string) string {
	n := utf8.RuneCountInString(v)
	if n == 0 {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(v)
	if n < 7 {
		return string(first) + strings.Repeat("*", max(n-1, 1))
	}
	runes := []rune(v)
	return string(first) + strings.Repeat("*", n-3) + string(runes[n-2:])
}

// shortestNumber is how many digits make a number that could name somebody.
const shortestNumber = 7

// hideNumbers replaces runs of digits, with the usual separators between them,
// that are as long as a telephone number, but for their first three digits.
func hideNumbers(v string) string {
	var out strings.Builder
	for i := 0; i < len(v); {
		end, digits := numberEnd(v[i:])
		if date := dateEnd(v[i:]); date > 0 && (i == 0 || !isDigit(v[i-1])) {
			end, digits = date, 0
		}
		if digits < shortestNumber {
			step := max(end, 1)
			out.WriteString(v[i : i+step])
			i += step
			continue
		}
		out.WriteString(maskDigits(v[i : i+end]))
		i += end
	}
	return out.String()
}

// numberEnd returns the length of the number that s begins with, and how many
// digits it has; single spaces and dashes inside count to it.
func numberEnd(s string) (end, digits int) {
	for i := 0; i < len(s); i++ {
		switch {
		case isDigit(s[i]):
			digits++
			end = i + 1
		case digits > 0 && i == end && (s[i] == ' ' || s[i] == '-'):
		default:
			return end, digits
		}
	}
	return end, digits
}

// dateEnd returns the length of the date that s begins with, 0 for none: dates
// are no telephone numbers.
func dateEnd(s string) int {
	const form = "2006-01-02"
	if len(s) < len(form) || len(s) > len(form) && isDigit(s[len(form)]) {
		return 0
	}
	d, err := time.Parse(form, s[:len(form)])
	if err != nil || d.Year() < 1900 || d.Year() > 2100 {
		return 0
	}
	return len(form)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func maskDigits(s string) string {
	seen := 0
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		if seen++; seen > 3 {
			return '*'
		}
		return r
	}, s)
}
