package lang

import (
	"slices"
	"strings"
)

// Phones finds telephone numbers: mobile numbers of China and landlines with area
// code, written with blanks, dashes or brackets, in full width, with +86 or 0086,
// or in Chinese numerals (一三八…, 幺); 400 and 800 numbers; numbers of other
// countries with + or 00 and their code; and a local number of seven or eight
// digits where the text says that it is a telephone number. Value is the digits (a
// landline's area code set off by a dash, another country's number as +49…), Norm
// the number as +86…. Longer rows of digits hold no telephone number.
func Phones(s string) []Slot {
	v := newView(s, false)
	var out []Slot
	for i := 0; i < len(v.r); {
		slot, next := v.phoneAt(i)
		if next == 0 {
			i = v.skipDigits(i)
			continue
		}
		out = append(out, slot)
		i = next
	}
	return out
}

// skipDigits moves past rune i, and past the whole row of digits it begins.
func (v *view) skipDigits(i int) int {
	for i < len(v.r) && digit(v.r[i]) && digit(v.at(i+1)) {
		i++
	}
	return i + 1
}

func (v *view) phoneAt(i int) (Slot, int) {
	if value, end := v.foreign(i); end > 0 {
		s := v.slot("phone", value, i, end)
		s.Norm = value
		return s, end
	}
	start := i
	i = v.countryCode(i)
	for _, shape := range []func(*view, int) (string, int){(*view).mobile, (*view).landline, (*view).service, (*view).local, (*view).afterCode} {
		if value, end := shape(v, i); end > 0 {
			s := v.slot("phone", value, start, end)
			s.Norm = "+86" + strings.TrimPrefix(strings.ReplaceAll(value, "-", ""), "0")
			return s, end
		}
	}
	return Slot{}, 0
}

// countryCode skips +86, 0086 or 86 before a number.
func (v *view) countryCode(i int) int {
	for _, code := range []string{"+86", "(+86)", "0086", "(86)", "86"} {
		if !v.has(i, code) {
			continue
		}
		j := i + len(code)
		for v.at(j) == ' ' || v.at(j) == '-' {
			j++
		}
		if d, ok := phoneDigit(v.at(j)); ok && (d < 2 || code[0] != '8' && code[0] != '0') {
			return j
		}
	}
	return i
}

// foreign reads a number of another country: + or 00, then 8 to 15 digits in all
// (ITU-T E.164), separators between them; the 0 of +44 (0)20… is not dialled.
func (v *view) foreign(i int) (string, int) {
	n := v.hasAny(i, []string{"+", "(+", "00", "(00"})
	if n == 0 || digit(v.at(i-1)) || v.at(i-1) == '.' || !digit(v.at(i+n)) && v.at(i+n) != ' ' {
		return "", 0
	}
	digits, end := []byte{'+'}, 0
	for j, gap := i+n, 0; gap <= 2 && j < len(v.r); j++ {
		switch {
		case v.has(j, "(0)") && len(digits) > 1:
			j, gap = j+2, 0
		case digit(v.at(j)):
			digits, end, gap = append(digits, byte(v.r[j])), j+1, 0
		case strings.ContainsRune(" -./()", v.r[j]):
			gap++
		default:
			gap = len(v.r)
		}
	}
	if n := len(digits) - 1; n < 8 || n > 15 || digits[1] == '0' || string(digits[1:3]) == "86" {
		return "", 0
	}
	return string(digits), end
}

// phoneDigit is the digit of a telephone number; 两 is said of amounts only.
func phoneDigit(r rune) (int, bool) {
	if r == '两' {
		return 0, false
	}
	return anyDigit(r)
}

// row reads exactly n digits from rune i, single separators between them, that
// no further digit follows. It returns them and the rune after the last.
func (v *view) row(i, n int) (string, int) {
	digits := make([]byte, 0, n)
	for j, gap := i, 0; j < len(v.r); j++ {
		d, ok := phoneDigit(v.r[j])
		switch {
		case ok:
			digits, gap = append(digits, byte('0'+d)), 0
		case len(digits) == 0 || !strings.ContainsRune(" -._()", v.r[j]) || gap == 2 || v.r[j] == ')' && !v.opened(i, j):
			return "", 0
		default:
			gap++
		}
		if len(digits) == n {
			if _, more := phoneDigit(v.at(j + 1)); more || numeralUnits[v.at(j+1)] > 0 {
				return "", 0
			}
			return string(digits), j + 1
		}
	}
	return "", 0
}

// opened reports whether the bracket that closes at rune j opened at i-1 or after.
func (v *view) opened(i, j int) bool { return slices.Contains(v.r[max(i-1, 0):j], '(') }

func (v *view) mobile(i int) (string, int) {
	if d, ok := phoneDigit(v.at(i)); !ok || d != 1 {
		return "", 0
	}
	digits, end := v.row(i, 11)
	if end == 0 || digits[1] < '3' || v.at(i+2) == ')' { // (16) is the area code of another country
		return "", 0
	}
	return digits, end
}

// landline reads an area code of three or four digits and a number of seven or
// eight, with an extension where one follows.
func (v *view) landline(i int) (string, int) {
	open := v.at(i) == '('
	if open {
		i++
	}
	if d, ok := phoneDigit(v.at(i)); !ok || d != 0 || latin(v.at(i-1)) && !latin(v.at(i-2)) || v.at(i-1) == '-' && alnum(v.at(i-2)) {
		return "", 0
	}
	return v.withArea(i, "")
}

// afterCode reads a landline after +86, where the 0 of its area is not said.
func (v *view) afterCode(i int) (string, int) {
	if d, ok := phoneDigit(v.at(i)); !ok || d == 0 || !strings.HasSuffix(strings.TrimRight(string(v.r[max(i-6, 0):i]), " )-("), "+86") {
		return "", 0
	}
	return v.withArea(i, "0")
}

// withArea reads an area code and a number; zero is what is missing before them.
func (v *view) withArea(i int, zero string) (string, int) {
	for _, n := range []int{12, 11, 10} {
		digits, end := v.row(i, n-len(zero))
		if end == 0 {
			continue
		}
		digits = zero + digits
		area := areaLength(digits)
		if local := n - area; area > 0 && (local == 7 || local == 8) && digits[area] > '1' {
			ext, end := v.extension(end)
			return digits[:area] + "-" + digits[area:] + ext, end
		}
	}
	return "", 0
}

// areaLength is the length of the area code that a number begins with: three
// digits for 010 and 02x, four for all others.
func areaLength(digits string) int {
	switch {
	case digits[1] == '0':
		return 0
	case digits[1] == '1' && digits[2] == '0', digits[1] == '2':
		return 3
	case digits[1] == '1':
		return 0
	}
	return 4
}

func (v *view) extension(i int) (string, int) {
	j := i
	for v.at(j) == ' ' || v.at(j) == '-' {
		j++
	}
	n := v.hasAny(j, []string{"转", "分机", "分机号", "ext", "ext."})
	if n == 0 {
		return "", i
	}
	j += n
	first := j
	for digit(v.at(j)) && j-first < 6 {
		j++
	}
	if j == first {
		return "", i
	}
	return "-" + string(v.r[first:j]), j
}

// service reads numbers of the 400 and 800 kind.
func (v *view) service(i int) (string, int) {
	if !v.has(i, "400") && !v.has(i, "800") || digit(v.at(i-1)) {
		return "", 0
	}
	digits, end := v.row(i, 10)
	return digits, end
}

// local reads a number without area code, when words say that it is one.
func (v *view) local(i int) (string, int) {
	if _, before := phoneDigit(v.at(i - 1)); before {
		return "", 0
	}
	from := max(0, i-8)
	context := string(v.r[from:i])
	if !strings.Contains(context, "电话") && !strings.Contains(context, "座机") && !strings.Contains(context, "固话") {
		return "", 0
	}
	for _, n := range []int{8, 7} {
		if digits, end := v.row(i, n); end > 0 && digits[0] > '1' && digits[0] != '9' && !v.joined(i, end) {
			return digits, end
		}
	}
	return "", 0
}

// joined reports whether more digits belong to those of runes i to end, so that
// these are only a part of a number: 541-754-3010. A number of its own may stand
// beside them, and an extension after a dash.
func (v *view) joined(i, end int) bool {
	const separators = " -./()"
	k := i
	for k > 0 && i-k < 2 && strings.ContainsRune(separators, v.r[k-1]) {
		k--
	}
	from := k
	for digit(v.at(from - 1)) {
		from--
	}
	m := end
	for m < len(v.r) && m-end < 2 && strings.ContainsRune(" ./()", v.r[m]) {
		m++
	}
	to := m
	for digit(v.at(to)) {
		to++
	}
	return k < i && from < k && k-from < 7 || m > end && to > m && to-m < 7
}
