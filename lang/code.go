package lang

import "strings"

// TicketNumbers finds ticket numbers: 13 digits, yymmdd, serial of six, Luhn
// check digit; blanks and dashes between and Chinese numerals are read too. Value
// is the 13 digits. A number whose date or check digit is wrong is none.
func TicketNumbers(s string) []Slot {
	v := newView(s, false)
	var out []Slot
	for i := 0; i < len(v.r); i++ {
		if _, inside := phoneDigit(v.at(i - 1)); inside {
			continue
		}
		digits, end := v.row(i, 13)
		if end == 0 || !validTicket(digits) {
			continue
		}
		out = append(out, v.slot("ticket", digits, i, end))
		i = end - 1
	}
	return out
}

func validTicket(d string) bool {
	month, day := d[2:4], d[4:6]
	return month >= "01" && month <= "12" && day >= "01" && day <= "31" && luhn(d)
}

// luhn checks a row of digits whose last one is its check digit.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// creditAlphabet holds the characters of a unified social credit code, in the
// order of their values (GB 32100-2015).
const creditAlphabet = "0123456789abcdefghjklmnpqrtuwxy"

// CreditCodes finds unified social credit codes: 18 characters with a correct
// check character (GB 32100-2015). Value is in capitals.
func CreditCodes(s string) []Slot {
	v := newView(s, false)
	var out []Slot
	for i := 0; i < len(v.r); i++ {
		if !alnum(v.r[i]) || alnum(v.at(i-1)) {
			continue
		}
		code, end := v.creditRow(i)
		if end == 0 || !validCredit(code) {
			continue
		}
		out = append(out, v.slot("credit_code", strings.ToUpper(code), i, end))
		i = end - 1
	}
	return out
}

// creditRow reads 18 letters and digits, single blanks or dashes between.
func (v *view) creditRow(i int) (string, int) {
	var code []rune
	for j := i; j < len(v.r); j++ {
		switch r := v.r[j]; {
		case alnum(r):
			code = append(code, r)
		case (r == ' ' || r == '-') && alnum(v.at(j+1)):
			continue
		default:
			return "", 0
		}
		if len(code) == 18 {
			if alnum(v.at(j + 1)) {
				return "", 0
			}
			return string(code), j + 1
		}
	}
	return "", 0
}

func validCredit(code string) bool {
	sum, weight := 0, 1
	for i := range 17 {
		value := strings.IndexByte(creditAlphabet, code[i])
		if value < 0 {
			return false
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31] == code[17]
}

// plateProvinces are the characters that begin a number plate.
const plateProvinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

// Plates finds number plates (黑A12345, 黑A·D12345). Value is without the dot, in
// capitals.
func Plates(s string) []Slot {
	v := newView(s, false)
	var out []Slot
	for i := 0; i < len(v.r); i++ {
		if !strings.ContainsRune(plateProvinces, v.r[i]) || !latin(v.at(i+1)) {
			continue
		}
		j := i + 2
		if r := v.at(j); r == '·' || r == '.' || r == ' ' || r == '-' {
			j++
		}
		first := j
		for alnum(v.at(j)) {
			j++
		}
		if tail := string(v.r[first:j]); (len(tail) == 5 || len(tail) == 6) && strings.ContainsAny(tail, "0123456789") {
			out = append(out, v.slot("plate", strings.ToUpper(string(v.r[i:i+2])+tail), i, j))
			i = j - 1
		}
	}
	return out
}
