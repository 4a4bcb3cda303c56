package lang

import (
	"math"
	"strconv"
	"strings"
)

// Amounts finds sums of money: 3000元, 三万二千块钱, 1.5万, 五百多块. Value is the
// text without blanks, Norm the yuan as a decimal number.
func Amounts(s string) []Slot {
	return quantities(s, "amount", func(v *view, i, j int, n float64) (end int, norm float64) {
		k := v.vague(j)
		scale := 1.0
		for numeralUnits[v.at(k)] >= 100 && k > j {
			scale *= float64(numeralUnits[v.r[k]])
			k++
		}
		if w := v.hasAny(k, []string{"元", "元钱", "块", "块钱", "圆", "rmb", "yuan", "人民币", " yuan", " rmb", "美元"}); w > 0 {
			if v.has(k, "元旦") || v.has(k, "元宵") || v.has(k, "块地") || v.has(k, "块砖") || v.has(k, "块砖头") {
				return 0, 0
			}
			return k + w, n * scale
		}
		if money := v.endsWith(i, []string{"¥", "rmb", "$"}); money > 0 {
			return j, n
		}
		return 0, 0
	})
}

// Counts finds numbers of people and households: 12人, 二十多个工人, 三百户. Norm is
// the number.
func Counts(s string) []Slot {
	units := []string{"人", "个人", "个工人", "名工人", "个农民工", "名农民工", "名", "位", "户", "户人家", "户居民", "位老人", "个老人", "个孩子", "名学生", "个学生", "名业主", "位业主", "个业主", "户业主", "名员工", "个员工", "个工友", "名工友", "口人", "people", " people", " workers", " households"}
	return quantities(s, "people", func(v *view, _, j int, n float64) (int, float64) {
		k := v.vague(j)
		w := v.hasAny(k, units)
		if w == 0 || n < 1 || n != math.Trunc(n) || v.has(k, "人工") || v.has(k, "人民币") || v.has(k, "位于") || v.has(k, "户口") || v.has(k, "户型") || v.has(k, "户外") || v.has(k, "名字") {
			return 0, 0
		}
		return k + w, n
	})
}

// Temperatures finds temperatures of rooms and weather: 15度, 十六℃, 零下20度. Norm
// is degrees Celsius.
func Temperatures(s string) []Slot {
	return quantities(s, "temperature", func(v *view, i, j int, n float64) (int, float64) {
		k := v.vague(j)
		w := v.hasAny(k, []string{"度", "摄氏度", "°c", "°", " degrees", "degrees"})
		if w == 0 || n > 60 || v.has(k, "度电") || v.has(k, "度假") || v.has(k, "度的电") || v.has(k, "度角") {
			return 0, 0
		}
		if v.endsWith(i, []string{"零下", "-"}) > 0 {
			n = -n
		}
		return k + w, n
	})
}

// vague skips the words of an unsure number: 多, 几, 来, 余.
func (v *view) vague(j int) int {
	for strings.ContainsRune("多余来几 ", v.at(j)) && v.at(j) != 0 {
		j++
	}
	return j
}

// quantities finds numbers that unit says belong together with what follows.
func quantities(s, key string, unit func(v *view, i, j int, n float64) (end int, norm float64)) []Slot {
	v := newView(s, false)
	var out []Slot
	for i := 0; i < len(v.r); {
		n, j := v.number(i)
		if j == i {
			i++
			continue
		}
		end, norm := unit(&v, i, j, n)
		if end == 0 || v.at(i-1) == '第' {
			i = j
			continue
		}
		slot := v.slot(key, strings.ReplaceAll(v.text(i, end), " ", ""), i, end)
		slot.Norm = strconv.FormatFloat(norm, 'f', -1, 64)
		out = append(out, slot)
		i = end
	}
	return out
}
