package sms

import (
	"strings"

	"jiban"
	"jiban/channels"
)

// tonInternational marks a number that begins with the country.
const tonInternational = 1

// telAddress makes the address of a number as a gateway writes it: with or without
// +, 00 or 86 in front, which is what Chinese gateways differ in.
// A name in place of a number has no address: its digits are somebody else's.
func telAddress(number string, ton byte) jiban.Address {
	if strings.Trim(number, "+0123456789 -()") != "" {
		return ""
	}
	digits, international := digitsOf(number), ton == tonInternational || strings.HasPrefix(number, "+")
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !international {
		digits, international = rest, true
	}
	switch {
	case len(digits) == 11 && digits[0] == '1' && digits[1] >= '3' && !strings.HasPrefix(number, "+"):
		// A mobile number of this country, even where the gateway calls it
		// international: numbers of North America look alike, but cannot write to a
		// short number here without their +.
		digits, international = "86"+digits, true
	case len(digits) == 13 && strings.HasPrefix(digits, "861"):
		international = true
	}
	if digits == "" {
		return ""
	}
	if !international {
		// A short code or a number of the carrier's own: it has no country.
		return jiban.Address("tel:" + digits)
	}
	return jiban.Address("tel:+" + digits)
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// mobile reports whether text messages reach an address: in China only numbers
// that begin with 1 and have 11 digits.
func mobile(a jiban.Address) bool {
	number, ok := strings.CutPrefix(string(a), "tel:")
	if !ok || digitsOf(number) == "" {
		return false
	}
	if national, ok := strings.CutPrefix(number, "+86"); ok {
		return len(national) == 11 && national[0] == '1'
	}
	return true
}

func home(a jiban.Address) bool { return strings.HasPrefix(string(a), "tel:+86") }

// ways offers every number of the person, at the price of the gateway at home and
// abroad.
func ways(channel string, r channels.Reach, atHome, abroad int) []channels.Way {
	var out []channels.Way
	for _, a := range r.Addresses {
		if !mobile(a) {
			continue
		}
		cost := abroad
		if home(a) {
			cost = atHome
		}
		out = append(out, channels.Way{Channel: channel, Path: jiban.PathSMS, To: a, Left: -1, Cost: cost})
	}
	return out
}
