package lang

import (
	"strconv"
	"strings"
)

// numeralDigits holds the digits of Chinese numerals, everyday and formal; 幺 is
// the one of telephone numbers, 两 the two of counting.
var numeralDigits = map[rune]int{
	'零': 0, '一': 1, '二': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
	'两': 2, '幺': 1, '壹': 1, '贰': 2, '叁': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9,
}

var numeralUnits = map[rune]int64{
	'十': 10, '百': 100, '千': 1000, '拾': 10, '佰': 100, '仟': 1000,
	'万': 10000, '亿': 100000000,
}

// anyDigit is the value of an Arabic or Chinese digit.
func anyDigit(r rune) (int, bool) {
	if digit(r) {
		return int(r - '0'), true
	}
	d, ok := numeralDigits[r]
	return d, ok
}

// number reads the longest number that begins at rune i: 12, 3.5, 1,200, 三十二,
// 二百五, 3万, 十几 is no number. It returns the value and the rune after it; j ==
// i when there is none.
func (v *view) number(i int) (n float64, j int) {
	if digit(v.at(i)) {
		return v.arabic(i)
	}
	return v.numeral(i)
}

func (v *view) arabic(i int) (float64, int) {
	n, j := 0.0, i
	for digit(v.at(j)) || v.at(j) == ',' && digit(v.at(j+1)) && digit(v.at(j+2)) && digit(v.at(j+3)) && j > i {
		if digit(v.r[j]) {
			n = n*10 + float64(v.r[j]-'0')
		}
		j++
	}
	if v.at(j) == '.' && digit(v.at(j+1)) {
		scale := 0.1
		for j++; digit(v.at(j)); j++ {
			n += scale * float64(v.r[j]-'0')
			scale /= 10
		}
	}
	for numeralUnits[v.at(j)] >= 100 {
		n *= float64(numeralUnits[v.r[j]])
		j++
	}
	return n, j
}

// numeral reads a Chinese numeral. Digits side by side (二零二六) are read one by
// one; with units (二百五) as counted.
func (v *view) numeral(i int) (float64, int) {
	j := i
	for isNumeral(v.at(j)) || j > i && v.zeroWithin(j) {
		j++
	}
	if j == i {
		return 0, i
	}
	n, used := readNumeral(v.r[i:j])
	return n, i + used
}

// zeroWithin reports whether the figure at rune j belongs to a Chinese numeral
// (folding makes a 0 of 〇): 二〇〇六, 二0二六.
func (v *view) zeroWithin(j int) bool {
	next := v.at(j + 1)
	return v.at(j) == '0' && next != '.' && (!digit(next) || next == '0')
}

func isNumeral(r rune) bool {
	_, d := numeralDigits[r]
	return d || numeralUnits[r] > 0
}

func readNumeral(rs []rune) (n float64, used int) {
	if !strings.ContainsAny(string(rs), "十百千万亿拾佰仟") {
		for _, r := range rs {
			n = n*10 + float64(numeralDigits[r])
		}
		return n, len(rs)
	}
	var total, section, last int64
	unit := int64(1)
	last = -1
	for _, r := range rs {
		u := numeralUnits[r]
		switch {
		case u == 0:
			last = int64(numeralDigits[r])
			if last == 0 {
				unit = 10
			}
		case u < 10000:
			section += max(last, oneIfMissing(last)) * u
			last, unit = -1, u
		default:
			total = bigUnit(total, section+max(last, 0), u)
			section, last, unit = 0, -1, u
		}
	}
	if last > 0 {
		if unit >= 100 {
			last *= unit / 10 // 二百五 is 250
		}
		section += last
	}
	return float64(total + section), len(rs)
}

// bigUnit closes a section at 万 or 亿; only 亿 multiplies what came before 万 too.
func bigUnit(total, section, u int64) int64 {
	if u > 10000 {
		return max(total+section, 1) * u
	}
	return total + max(section, 1)*u
}

func oneIfMissing(last int64) int64 {
	if last < 0 {
		return 1
	}
	return 0
}

// Numeral reads a text that is a Chinese numeral and nothing else, and returns its
// value in figures.
func Numeral(s string) (string, bool) {
	rs := []rune(s)
	for _, r := range rs {
		if !isNumeral(r) {
			return "", false
		}
	}
	if len(rs) == 0 || len(rs) > mostNumeral {
		return "", false
	}
	n, used := readNumeral(rs)
	return strconv.FormatFloat(n, 'f', -1, 64), used == len(rs)
}

// mostNumeral bounds a numeral, in characters: 亿 may stand in it twice.
const mostNumeral = 24
