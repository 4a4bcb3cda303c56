package sms

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"

	"jiban"
	"jiban/channels"
)

// Sizes of a message and of one part of a long one (domain B1).
const (
	singleUnits  = 70
	partUnits    = 67
	singleSeptet = 160
	partSeptet   = 153
)

// brackets: what carriers take for a signature must not stand in the text.
var brackets = strings.NewReplacer("【", "〔", "】", "〕")

// compose words a message for the short screen and cuts it to the parts allowed.
func compose(cfg Config, c jiban.Content) (string, error) {
	body := brackets.Replace(clean(c.Text))
	tail := brackets.Replace(clean(tailOf(c)))
	if body == "" && tail == "" {
		return "", jiban.Errorf(jiban.CodeInvalid, "sms.Compose", "the message has no text")
	}
	whole := cfg.Signature + joinLines(body, tail)
	if fits(whole, cfg.MaxParts) {
		return whole, nil
	}
	return shorten(cfg, body, tail), nil
}

// tailOf is what follows the text: where it comes from, and what can be answered.
func tailOf(c jiban.Content) string {
	var lines []string
	for _, ct := range channels.Unnamed(c) {
		lines = append(lines, strings.TrimSpace("《"+ct.Title+"》"+ct.Date))
	}
	for i, o := range c.Options {
		lines = append(lines, fmt.Sprintf("%d %s", i+1, o.Label))
	}
	return strings.Join(lines, "\n")
}

// cutMark shows that a text was cut.
const cutMark = "…"

// shorten cuts the text, not what follows it: without the options nobody could go
// on. A tail that is too long by itself is cut as well.
func shorten(cfg Config, body, tail string) string {
	most := cfg.MaxParts * partUnits
	if cfg.MaxParts == 1 {
		most = singleUnits
	}
	room := most - units(cfg.Signature)
	if units(tail) > room/2 {
		body, tail = joinLines(body, tail), ""
	}
	if tail != "" {
		room -= units(tail) + 1
	}
	for {
		s := cfg.Signature + joinLines(cutTo(body, room), tail)
		if fits(s, cfg.MaxParts) || room <= len(cutMark) {
			return s
		}
		// A pair of surrogates at the end of a part leaves a unit unused.
		room--
	}
}

// cutTo shortens s to the given units, at the end of a sentence where there is one
// near.
func cutTo(s string, most int) string {
	if units(s) <= most {
		return s
	}
	pieces := channels.Split(s, most-units(cutMark), channels.UTF16Units)
	return pieces[0] + cutMark
}

func joinLines(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

func units(s string) int { return channels.UTF16Units(s) }

func fits(s string, parts int) bool { return len(segments(s)) <= parts }

// clean drops control characters that phones show as boxes.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || (r < 0x20 && r != '\n') || r == 0x7f {
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\t", " "))
	return strings.TrimSpace(s)
}

// isGSM7 reports whether the whole text can be written in the default alphabet.
func isGSM7(s string) bool { return len(data.ValidateGSM7String(s)) == 0 }

// septet is the size of a character in the default alphabet, where some are
// written with an escape.
func septet(r rune) int {
	if strings.ContainsRune("\f^{}\\[~]|€", r) {
		return 2
	}
	return 1
}

// segments splits a text into the parts of one long message. A pair of surrogates
// or an escape is never split; words may be, the phone joins them again.
func segments(s string) []string {
	size, single, part := unit, singleUnits, partUnits
	if isGSM7(s) {
		size, single, part = septet, singleSeptet, partSeptet
	}
	if total(s, size) <= single {
		return []string{s}
	}
	var out []string
	from, used := 0, 0
	for i, r := range s {
		if used+size(r) > part {
			out, from, used = append(out, s[from:i]), i, 0
		}
		used += size(r)
	}
	return append(out, s[from:])
}

func unit(r rune) int { return max(utf16.RuneLen(r), 1) }

func total(s string, size func(rune) int) int {
	n := 0
	for _, r := range s {
		n += size(r)
	}
	return n
}

// encode writes a part in the coding that the whole text has.
func encode(part, whole string) (coding data.Encoding, raw []byte, err error) {
	coding = data.UCS2
	if isGSM7(whole) {
		coding = data.GSM7BIT
	}
	raw, err = coding.Encode(part)
	return coding, raw, err
}
