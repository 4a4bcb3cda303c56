package lang

import (
	"slices"
	"strings"
)

// AddressPart is one part of an address. Text equals the text from byte Start to
// byte End.
type AddressPart struct {
	Kind       string // province, city, district, town, zone, road, community, landmark, number, building, unit, floor, room
	Text       string
	Start, End int
}

// Parts takes the places of a text apart, in order. What Find does not find has
// no parts; relations (门口, 附近) and what joins the parts are none.
func (g *Gazetteer) Parts(s string) []AddressPart {
	v := newView(s, true)
	chains := g.chains(&v)
	details := detailsOf(&v, chains)
	g.resolve(chains, "")
	var out []AddressPart
	for _, p := range g.join(&v, chains, details) {
		from, _ := slices.BinarySearch(v.start, p.Start)
		to, _ := slices.BinarySearch(v.end, p.End)
		a := address{view: &v, g: g, chains: chains, to: min(to+1, len(v.r)), out: out}
		if from == 0 || !han(v.at(from-1)) {
			from = a.divisions(from)
		}
		a.rest(from)
		out = a.out
	}
	return out
}

// address is an address that is being taken apart, up to rune to.
type address struct {
	*view
	g      *Gazetteer
	chains []chain
	to     int
	out    []AddressPart
	number bool // a house number has been said, so that a second 号 is a building
}

func (a *address) add(kind string, i, j int) {
	a.out = append(a.out, AddressPart{Kind: kind, Text: a.text(i, j), Start: a.start[i], End: a.end[j-1]})
}

// begins reports whether divisions are named from rune i on.
func (a *address) begins(i int) bool {
	return slices.ContainsFunc(a.chains, func(c chain) bool { return c.start == i })
}

// divisions takes the names of divisions off and returns what comes after them.
func (a *address) divisions(i int) int {
	var within []string
	for at := i; ; at = skipJoiner(a.view, i) {
		names, end := a.g.longest(a.view, at, within)
		if end == 0 || end > a.to {
			return i
		}
		if after := a.divisionEnd(end); after <= a.to {
			end = after
		}
		within = within[:0:0]
		for _, n := range names {
			within = append(within, n.code)
		}
		a.add(divisionKind(within[0]), at, end)
		i = end
	}
}

func divisionKind(code string) string {
	switch {
	case len(code) == 9:
		return "town"
	case strings.HasSuffix(code, "0000") && !municipal[code[:2]]:
		return "province"
	case strings.HasSuffix(code, "00"):
		return "city"
	}
	return "district"
}

// rest takes apart what follows the divisions.
func (a *address) rest(i int) {
	for i < a.to {
		if a.begins(i) {
			if end := a.divisions(i); end > i {
				i = end
				continue
			}
		}
		switch end := a.numbered(i); {
		case strings.ContainsRune(" ,-的、()与和", a.r[i]), a.r[i] == '口' && i > 0 && a.r[i-1] == '路':
			i++
		case end > i:
			end = min(end, a.to)
			a.numbers(i, end)
			i = end
		case placeRelations.at(a.view, i) > 0:
			i += placeRelations.at(a.view, i)
		default:
			i = a.named(i)
		}
	}
}

// named reads a part that ends with a suffix; without one, a landmark up to the
// next number.
func (a *address) named(i int) int {
	for k := i + 1; k < a.to; k++ {
		if a.begins(k) {
			a.add("landmark", i, k)
			return k
		}
		if n := a.placeSuffix(k); n > 0 && k+n <= a.to {
			k, n = a.longerName(k, n)
			a.add(suffixKind(string(a.r[k:k+n])), i, k+n)
			return k + n
		}
		if (a.r[k] == '区' || a.r[k] == '县') && k-i >= 1 && k-i <= 3 && a.afterCity() && a.placeSuffix(k+1) == 0 {
			a.add("district", i, k+1)
			return k + 1
		}
		if !han(a.r[k]) && a.numbered(k) > k || isNumeral(a.r[k]) && a.numbered(k) > k+1 || strings.ContainsRune(" ,-", a.r[k]) {
			a.add("landmark", i, k)
			return k
		}
	}
	a.add("landmark", i, a.to)
	return a.to
}

// longerName passes from a suffix to one that follows at once and belongs to the
// same name: 三星桥村, 白沙路街道, 南湖花苑小区.
func (a *address) longerName(k, n int) (int, int) {
	longer := []string{"街道", "小区", "新村", "社区"}
	if n == 1 && strings.ContainsRune("桥街", a.r[k]) {
		longer = append(longer, "村", "镇", "路", "大道", "大街")
	}
	for {
		more := a.hasAny(k+n, longer)
		if more == 0 || a.placeSuffix(k+n) != more || k+n+more > a.to {
			return k, n
		}
		k, n = k+n, more
	}
}

// afterCity reports whether a city was the last part: what ends in 区 after it is
// a district, known or not (districts are merged, people go on naming them).
func (a *address) afterCity() bool {
	return len(a.out) > 0 && a.out[len(a.out)-1].Kind == "city"
}

// suffixKinds says what a name is by its suffix; all others are landmarks.
var suffixKinds = map[string]string{
	"路": "road", "街": "road", "大街": "road", "大道": "road", "道街": "road", "胡同": "road", "巷": "road", "弄": "road",
	"村": "community", "屯": "community", "社区": "community", "新村": "landmark",
	"镇": "town", "乡": "town", "街道": "town", "开发区": "zone", "国道": "road", "省道": "road", "县道": "road",
}

func suffixKind(suffix string) string {
	if kind := suffixKinds[suffix]; kind != "" {
		return kind
	}
	return "landmark"
}

// numbers adds a number of an address; 3-2-401 is three of them.
func (a *address) numbers(i, end int) {
	parts := []string{"building", "room"}
	if strings.Count(string(a.r[i:end]), "-") == 2 {
		parts = []string{"building", "unit", "room"}
	}
	kind := a.numberKind(i, end)
	if !slices.Contains(a.r[i:end], '-') || kind != "room" && kind != "unit" {
		a.add(kind, i, end)
		return
	}
	parts[len(parts)-1] = kind
	for k := i; k <= end && len(parts) > 0; k++ {
		if k == end || a.r[k] == '-' {
			a.add(parts[0], i, k)
			parts, i = parts[1:], k+1
		}
	}
}

// numberKind says what a number counts by the word that ends it; a bare one is a
// room.
func (a *address) numberKind(i, end int) string {
	s := string(a.r[i:end])
	for _, k := range []struct{ words, kind string }{
		{"单元 门", "unit"}, {"号楼 号栋 号座 栋 幢 座 #楼", "building"}, {"楼 层 f", "floor"}, {"室 户 房间 号房", "room"}, {"区 期 组 队 街区 院", "landmark"},
		{"巷", "road"}, {"弄 米", "number"}, {"号 #", "number"},
	} {
		for w := range strings.FieldsSeq(k.words) {
			if !strings.HasSuffix(s, w) {
				continue
			}
			return a.ordinal(k.kind, w)
		}
	}
	if n := len(a.out); n > 0 && a.out[n-1].Kind == "road" {
		return "number"
	}
	return "room"
}

// ordinal says what 5号 is: a house of a road, the second one a building, and a
// room after a building, unit or floor.
func (a *address) ordinal(kind, word string) string {
	if word != "号" {
		return kind
	}
	if n := len(a.out); n > 0 && slices.Contains([]string{"building", "unit", "floor"}, a.out[n-1].Kind) {
		return "room"
	}
	if a.number {
		return "building"
	}
	a.number = true
	return kind
}
