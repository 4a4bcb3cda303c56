package dialog

import (
	"regexp"
	"strconv"
	"strings"

	"jiban/lang"
)

// counted is a number with what it counts: figures (also 3万), or a Chinese numeral
// of two characters, or of one with a unit behind it (一起 is no number).
var counted = regexp.MustCompile(`([0-9]+(?:[.,:][0-9]+)*)([十百千万亿]*)\s*(?:多|余|几)?(?:个)?(` + countUnits + `)?|([零〇一二两三四五六七八九十百千万亿幺]+)(?:多|余|几)?(?:个)?(` + countUnits + `)?`)

const countUnits = `工作日|小时|分钟|公里|平方米|元|块|角|分|天|日|号|年|月|周|星期|岁|折|成|倍|点|时|人|次|份|级|楼|层|%|米`

// englishCount are the numbers that English writes as words; the rest are refused.
var (
	englishCount = map[string]string{"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11",
		"twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "sixty": "60", "ninety": "90"}
	englishWords = regexp.MustCompile(`(?i)\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|ninety)\b`)
	englishMore  = regexp.MustCompile(`(?i)\b(?:thirteen|fourteen|sixteen|seventeen|eighteen|nineteen|forty|fifty|seventy|eighty|hundreds?|thousands?|millions?|billions?|dozens?)\b`)
)

// foreignNumber says that a text has a number which its source has not, in figures
// or in Chinese numerals, whichever way the source writes it. A number with a unit
// must stand with that unit in the source: 3天 does not rest on 3元.
func foreignNumber(text, source string) bool {
	text, source = lang.Fold(text), lang.Fold(source)
	known := vouched(source)
	for _, n := range numbersIn(text) {
		if !known[n] {
			return true
		}
	}
	for _, w := range englishWords.FindAllString(text, -1) {
		if !known[englishCount[strings.ToLower(w)]] && !strings.Contains(source, w) {
			return true
		}
	}
	more := englishMore.FindString(text)
	return more != "" && !strings.Contains(source, more)
}

// vouched are all that a source can vouch for: each value, bare and with its unit.
func vouched(source string) map[string]bool {
	known := map[string]bool{}
	for _, n := range numbersIn(source) {
		known[n] = true
		value, _, _ := strings.Cut(n, " ")
		known[value] = true
	}
	return known
}

// numbersIn lists the numbers of a folded text as "value" or "value unit".
func numbersIn(text string) []string {
	var out []string
	for _, m := range counted.FindAllStringSubmatch(strings.ReplaceAll(text, "〇", "零"), -1) {
		value, unit := "", m[3]
		if m[1] != "" {
			value = figures(m[1], m[2])
		} else {
			unit = m[5]
			if unit == "" && len([]rune(m[4])) < 2 {
				continue
			}
			value, _ = lang.Numeral(m[4])
		}
		if unit != "" {
			value += " " + unit
		}
		out = append(out, value)
	}
	return out
}

// figures is the value of figures with a Chinese unit of counting behind them. A
// row that begins with zero, or is too long to count with, stands for itself.
func figures(s, times string) string {
	s = strings.ReplaceAll(s, ",", "")
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || len(s) > 11 || s[0] == '0' && len(s) > 1 && s[1] != '.' {
		return s + times
	}
	for _, r := range times {
		f *= map[rune]float64{'十': 10, '百': 100, '千': 1000, '万': 1e4, '亿': 1e8}[r]
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
