package lang

import (
	"strings"
)

// detail is the part of a place below the divisions, in runes.
type detail struct {
	start, end int
}

// maxName is the length in runes of the longest name before a suffix like 小区.
const maxName = 10

// detailsOf finds roads, communities, buildings and landmarks; chains bound their
// names on the left.
func detailsOf(v *view, chains []chain) []detail {
	var out []detail
	floor := 0
	for i := 0; i < len(v.r); {
		if c, ok := chainOver(chains, i); ok {
			floor = c.end
			if end := v.detailRest(floor); end > floor {
				out = append(out, detail{skipBlanks(v, floor), end})
				floor, i = end, end
				continue
			}
			i = max(c.end, i+1)
			continue
		}
		d, ok := v.detailAt(i, floor)
		if !ok {
			i++
			continue
		}
		out = append(out, d)
		floor, i = d.end, d.end
	}
	return out
}

func skipBlanks(v *view, i int) int {
	for v.at(i) == ' ' || v.at(i) == ',' {
		i++
	}
	return i
}

func chainOver(chains []chain, i int) (chain, bool) {
	for _, c := range chains {
		if i >= c.start && i < c.end {
			return c, true
		}
	}
	return chain{}, false
}

// detailAt reads a detail whose first suffix begins at rune i.
func (v *view) detailAt(i, floor int) (detail, bool) {
	n := v.placeSuffix(i)
	if n == 0 {
		return detail{}, false
	}
	start := v.nameStart(i, floor)
	if start < 0 || genericName(string(v.r[start:i]), string(v.r[i:i+n])) {
		return detail{}, false
	}
	end := i + n
	if more := v.detailTail(end); more > end {
		end = more
	}
	return detail{start, end}, true
}

// detailRest reads a detail that follows a division at once: 安静街12号, 3号楼.
func (v *view) detailRest(from int) int {
	i := skipBlanks(v, from)
	if i-from > 1 {
		return from
	}
	for k := i + 1; k < len(v.r) && k-i <= maxName; k++ {
		if stopRune(v.r[k]) || v.stopWord(k) > 0 {
			break
		}
		if n := v.placeSuffix(k); n > 0 && !genericName(string(v.r[i:k]), string(v.r[k:k+n])) {
			return max(k+n, v.detailTail(k+n))
		}
	}
	if end := v.detailTail(i); end > i {
		return end
	}
	return from
}

// detailTail reads what may follow a named place: numbers, buildings, another
// road, a relation (门口).
func (v *view) detailTail(i int) int {
	for {
		end := v.tailPart(i)
		if end == i {
			return i
		}
		i = end
	}
}

func (v *view) tailPart(i int) int {
	k := i
	if v.at(k) == ' ' || v.at(k) == '的' || v.at(k) == '-' && alnum(v.at(k+1)) {
		k++
	}
	if n := placeRelations.at(v, k); n > 0 {
		return k + n
	}
	if end := v.numbered(k); end > k {
		return end
	}
	if v.at(i) == '的' {
		return i
	}
	if end := v.namelessNumber(k); end > k {
		return end
	}
	if n := v.hasAny(k, []string{"与", "和", "、", "跟", "同"}); n > 0 {
		return v.crossing(i, k+n)
	}
	for m := k; m < len(v.r) && m-k <= 6; m++ {
		if n := v.placeSuffix(m); n > 0 {
			return m + n
		}
		if stopRune(v.r[m]) || v.stopWord(m) > 0 || !han(v.r[m]) && !alnum(v.r[m]) {
			break
		}
	}
	return i
}

// namelessNumber reads what stands between a village or town and a house number
// that ends the words: 幸福村王家沟10号.
func (v *view) namelessNumber(k int) int {
	if !strings.ContainsRune("镇村乡屯", v.at(k-1)) {
		return k
	}
	for m := k; m < len(v.r) && m-k <= 5; m++ {
		if digit(v.at(m)) {
			end := v.numbered(m)
			if m-k >= 2 && end > m && v.at(end-1) == '号' && v.endsHere(end) {
				return end
			}
			return k
		}
		if !han(v.r[m]) || stopRune(v.r[m]) || v.stopWord(m) > 0 {
			return k
		}
	}
	return k
}

// crossing reads the second road of 学府路与保健路交口.
func (v *view) crossing(i, k int) int {
	for m := k + 1; m < len(v.r) && m-k <= 6; m++ {
		if n := v.hasAny(m, []string{"路", "街", "大街", "大道", "道街"}); n > 0 {
			return m + n
		}
		if stopRune(v.r[m]) {
			break
		}
	}
	return i
}

// numbered reads 12号, 3栋, 2单元, 401室, B座, 三期, 3-2-401.
func (v *view) numbered(i int) int {
	k := i
	if v.at(k) == '第' {
		k++
	}
	from := k
	for latin(v.at(k)) && k-from < 2 {
		k++
	}
	letters := k > from
	for digit(v.at(k)) || v.at(k) == '-' && digit(v.at(k+1)) && k > from {
		k++
	}
	if k == from {
		for _, ok := numeralDigits[v.at(k)]; ok || v.at(k) == '十' || v.at(k) == '百'; _, ok = numeralDigits[v.at(k)] {
			k++
		}
	}
	if k == from {
		if n := v.hasAny(k, []string{"东", "西", "南", "北", "甲", "乙"}); n == 0 || v.hasAny(k+n, []string{"单元", "区", "楼", "座"}) == 0 {
			return i
		}
		k++
	}
	if !letters && digit(v.at(k-1)) && v.at(k) == 'f' && !alnum(v.at(k+1)) {
		return k + 1
	}
	if n := placeNumbers.at(v, k); n > 0 && !v.has(k, "楼道") && !v.has(k, "门口") && !v.has(k, "层层") && v.hasAny(k, []string{"天", "个", "年", "月", "点", "人"}) == 0 {
		return k + n
	}
	if !letters && digit(v.at(from)) && strings.ContainsRune(string(v.r[from:k]), '-') {
		return k
	}
	if v.roomAt(from, k) && (strings.ContainsRune("栋幢楼元座", v.at(i-1)) && !letters && !unitAfter(v, k) || v.endsHere(k) && strings.ContainsRune(roomAfter, v.at(i-1))) {
		return k
	}
	if !letters && digit(v.at(from)) && k-from <= 4 && v.endsHere(k) && strings.ContainsRune("路街道", v.at(i-1)) { // 学府路52
		return k
	}
	return i
}

// roomAfter are characters after which a number that ends the words is a room.
const roomAfter = "栋幢楼元座厦场园苑城号层期区寓馆"

// roomAt reports whether runes from to k are the number of a room: 401, 1203, b1025.
func (v *view) roomAt(from, k int) bool {
	for from < k && latin(v.at(from)) {
		from++
	}
	return digit(v.at(from)) && k-from >= 3 && k-from <= 4
}

// endsHere reports whether the words end at rune k.
func (v *view) endsHere(k int) bool { return k >= len(v.r) || blank(v.at(k)) && v.at(k) != '-' }

// unitAfter reports whether a number at rune k counts something: then it is no room.
func unitAfter(v *view, k int) bool {
	return digit(v.at(k)) || strings.ContainsRune("元块度天个人年月日点户平米斤万千百", v.at(k)) && v.at(k) != 0
}

// placeSuffix returns the length of the longest suffix of a named place at rune i.
func (v *view) placeSuffix(i int) int {
	n := placeSuffixes.at(v, i)
	if n == 0 || placeSuffixNot.at(v, i) > n {
		return 0
	}
	return n
}

// nameStart walks left from a suffix to where the name begins; -1 when there is
// no name.
func (v *view) nameStart(i, floor int) int {
	k := i
	for k > floor && i-k < maxName && !stopRune(v.r[k-1]) && v.stopBefore(k) == 0 {
		k--
	}
	for k < i && strings.ContainsRune(nameNotFirst, v.r[k]) {
		k++
	}
	if k == i {
		return -1
	}
	return k
}

// stopBefore reports whether a stop word ends just before rune k.
func (v *view) stopBefore(k int) int { return placeStopWords.before(v, k) }

func (v *view) stopWord(k int) int { return placeStopWords.at(v, k) }

// stopRune reports whether r cannot be part of a place's name.
func stopRune(r rune) bool {
	return !han(r) && !alnum(r) || strings.ContainsRune("的是我你您他她它们住被给让把说问请吗呢了没就也都还着在从去很太不于距", r)
}

// verbsOfRoad make a verb or a state of 路 after them: 跑路, 绕路, 修路.
const verbsOfRoad = "跑绕修让堵带指开挡占断拦迷赶引铺拓问走"

// genericName reports whether a name names nothing: 老旧小区, 这条路.
func genericName(name, suffix string) bool {
	if name == "" || placeGeneric[name] || placeGenericWhole[name+suffix] {
		return true
	}
	runes := []rune(name)
	if suffix == "路" && strings.ContainsRune(verbsOfRoad, runes[len(runes)-1]) {
		return true
	}
	if len(runes) == 1 && !strings.ContainsAny(suffix, "路街村屯镇乡巷桥") {
		return true
	}
	for _, r := range runes {
		if !digit(r) {
			return false
		}
	}
	return suffix != "国道" && suffix != "省道" && suffix != "县道"
}
