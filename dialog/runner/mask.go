package runner

// mask hides telephone and identity numbers in a text or in JSON: of a run of
// digits that may be one, what is in the middle becomes asterisks. Numbers outside
// of JSON strings are left alone, and so are ticket numbers (13 digits) and dates.
func mask(s []byte, isJSON bool) []byte {
	out := make([]byte, 0, len(s))
	inString := !isJSON
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case isJSON && c == '"':
			inString = !inString
		case isJSON && inString && c == '\\' && i+1 < len(s):
			n := escapeLength(s[i:])
			out = append(out, s[i:i+n]...)
			i += n
			continue
		case inString && digit(c):
			n, first, last := number(s[i:])
			out = appendStars(out, s[i:i+n], first, last)
			i += n
			continue
		}
		out = append(out, c)
		i++
	}
	return out
}

// escapeLength is the length of an escape sequence of JSON, so that the digits of
// \u0031 are not taken for digits.
func escapeLength(s []byte) int {
	if s[1] == 'u' {
		return min(6, len(s))
	}
	return 2
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// number returns the length of the number that s starts with, and which of its
// places to hide: from first up to last. Written in groups it counts as one number
// only where it then looks like one of ours.
func number(s []byte) (length, first, last int) {
	for _, grouped := range []bool{true, false} {
		length = numberLength(s, grouped)
		if first, last = hidden(s[:length]); last > 0 {
			return length, first, last
		}
	}
	return length, 0, 0
}

// numberLength counts digits, single separators between groups of them, and the X
// that may end an identity number.
func numberLength(s []byte, grouped bool) int {
	n, digits := 0, 0
	for n < len(s) {
		switch {
		case digit(s[n]):
			digits++
		case grouped && (s[n] == '-' || s[n] == ' ') && n+1 < len(s) && digit(s[n+1]):
		case (s[n] == 'X' || s[n] == 'x') && digits == 17:
			return n + 1
		default:
			return n
		}
		n++
	}
	return n
}

// hidden says which places of a number to hide: the middle four of a mobile number
// (also behind 86), all but area code and last four of a landline, the middle of
// identity numbers and bank cards (15 to 19 places). None of any other number.
func hidden(s []byte) (first, last int) {
	places := 0
	for _, c := range s {
		if digit(c) || c == 'X' || c == 'x' {
			places++
		}
	}
	switch {
	case places == 11 && s[0] == '1', places == 13 && s[0] == '8' && s[1] == '6':
		return places - 8, places - 4
	case places >= 10 && places <= 12 && s[0] == '0':
		return 4, places - 4
	case places >= 15 && places <= 19:
		return 6, places - 4
	default:
		return 0, 0
	}
}

// appendStars puts asterisks for the digits from the first place up to the last.
func appendStars(out, number []byte, first, last int) []byte {
	place := 0
	for _, c := range number {
		if digit(c) || c == 'X' || c == 'x' {
			if place >= first && place < last {
				c = '*'
			}
			place++
		}
		out = append(out, c)
	}
	return out
}
