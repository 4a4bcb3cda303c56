package lang

import (
	"strings"
)

// chain is a row of division names in a text, each within the one before.
type chain struct {
	start, end int // runes
	codes      []string
	loose      bool // made of everyday words only
	full       bool
}

// Find returns the places in a text, in order: divisions with and without suffix,
// and what follows or stands alone: roads, communities, buildings, landmarks.
// Ambiguous divisions are resolved by others in the text, then by the
// installation's own. Generic words (小区, 我家, 门口) are no places.
func (g *Gazetteer) Find(s string) []Place { return g.FindNear(s, "") }

// FindNear is Find for a person known to be in a region: of divisions named
// alike those near it win.
func (g *Gazetteer) FindNear(s, near string) []Place {
	v := newView(s, true)
	chains := g.chains(&v)
	details := detailsOf(&v, chains)
	g.resolve(chains, near)
	return g.join(&v, chains, details)
}

// chains finds all rows of division names.
func (g *Gazetteer) chains(v *view) []chain {
	var out []chain
	for i := 0; i < len(v.r); {
		c, ok := g.chainAt(v, i)
		if !ok {
			i++
			continue
		}
		out = append(out, c)
		i = c.end
	}
	return out
}

func (g *Gazetteer) chainAt(v *view, i int) (chain, bool) {
	c := chain{start: i, end: i, loose: true}
	for {
		at := c.end
		if at > i {
			at = skipJoiner(v, at)
		}
		names, end := g.longest(v, at, c.codes)
		if end == 0 {
			break
		}
		c.codes = c.codes[:0:0]
		for _, n := range names {
			c.codes = append(c.codes, n.code)
			c.loose = c.loose && n.loose
			c.full = c.full || n.full
		}
		c.end = v.divisionEnd(end)
	}
	if c.end == i || c.loose && !expected(v, c) {
		return chain{}, false
	}
	return c, true
}

// divisionEnd takes in a suffix that people add to a short name: 杜尔伯特县.
func (v *view) divisionEnd(end int) int {
	if r := v.at(end); (r == '市' || r == '县' || r == '区') && v.hasAny(end, []string{"市场", "市政", "市民", "市委", "县城", "区域", "区别", "区间"}) == 0 {
		return end + 1
	}
	return end
}

// skipJoiner passes what people put between a city and its district.
func skipJoiner(v *view, i int) int {
	if r := v.at(i); r == ' ' || r == '-' || r == '/' || r == '·' || r == '的' {
		return i + 1
	}
	return i
}

// longest finds the longest name at rune i that lies within one of the codes
// (any, when there are none).
func (g *Gazetteer) longest(v *view, i int, within []string) ([]naming, int) {
	for n := min(g.starts[v.at(i)], len(v.r)-i); n >= 2; n-- {
		all := g.names[string(v.r[i:i+n])]
		var names []naming
		for _, m := range all {
			if inside(m.code, within) && v.wholeName(i, i+n) && (m.full && n > 2 || !partOfOther(v, i, i+n) && !(m.loose && v.townName(i+n))) {
				names = append(names, m)
			}
		}
		if len(names) > 0 {
			return names, i + n
		}
	}
	return nil, 0
}

// wholeName reports whether a name of Latin letters is not part of a longer word.
func (v *view) wholeName(i, end int) bool {
	return !latin(v.at(i)) || !latin(v.at(i-1)) && !latin(v.at(end))
}

func inside(code string, within []string) bool {
	for _, w := range within {
		if code != w && under(code, w) {
			return true
		}
	}
	return len(within) == 0
}

// partOfOther reports whether a short name is really the beginning of a road, a
// community or a firm's name: 中山路, 北京东路, 哈尔滨银行.
func partOfOther(v *view, i, end int) bool {
	k := end
	if strings.ContainsRune("东西南北中一二三四五", v.at(k)) && v.at(k) != 0 {
		k++
	}
	if v.at(end) == '河' && !strings.ContainsRune("图北南东西畔岸边口沟", v.at(end+1)) {
		return true
	}
	if n := v.hasAny(k, []string{"路", "街", "大街", "大道", "巷", "胡同", "村", "屯", "桥"}); n > 0 && !v.has(k, "街道") {
		return true
	}
	return v.hasAny(end, []string{"小区", "花园", "家园", "公寓", "社区", "银行", "啤酒", "日报", "晚报", "公司", "物业", "人寿", "新城", "嘉园", "名苑", "超市", "饭店", "烤肉"}) > 0
}

// townName reports whether what follows a short name at rune end makes the name of
// a town or street of it: 巍山镇, 祥符街道.
func (v *view) townName(end int) bool {
	c := v.at(end)
	return (c == '镇' || c == '乡') && !strings.ContainsRune("政上里长亲下", v.at(end+1)) || v.has(end, "街道") && v.suffixWithin(end+2, 8)
}

// suffixWithin reports whether a named place ends within n runes of rune i: what
// comes before it is an address.
func (v *view) suffixWithin(i, n int) bool {
	for k := i + 1; k < len(v.r) && k <= i+n && !stopRune(v.r[k]); k++ {
		if v.placeSuffix(k) > 0 {
			return true
		}
	}
	return false
}

// expected reports whether a loose name stands where a place is expected: it is
// the whole message, or words before it say where.
func expected(v *view, c chain) bool {
	if c.start == 0 && c.end == len(v.r) {
		return true
	}
	if v.endsWith(c.start, []string{"在", "住", "住在", "位于", "家住", "来自", "地址", "地址:", "城市", "回", "到", "去"}) > 0 {
		next := v.at(c.end)
		return next == 0 || blank(next) || c.full || strings.ContainsRune("的这区市县", next)
	}
	return false
}

// resolve narrows the codes of each chain to one, or leaves several.
func (g *Gazetteer) resolve(chains []chain, near string) {
	var context []string
	if near != "" {
		context = append(context, near, g.cityOf(near))
	}
	for _, c := range chains {
		if len(c.codes) == 1 {
			context = append(context, c.codes[0], g.cityOf(c.codes[0]))
		}
	}
	for i := range chains {
		chains[i].codes = g.choose(chains[i].codes, context)
	}
}

// choose prefers, of several divisions named alike, those within the context,
// then the installation's own, then the highest.
func (g *Gazetteer) choose(codes, context []string) []string {
	for _, c := range context {
		if c == "" {
			continue
		}
		if kept := keep(codes, func(code string) bool { return under(code, c) }); len(kept) == 1 {
			return kept
		}
	}
	if kept := keep(codes, g.isOwn); len(kept) > 0 {
		codes = kept
	}
	for _, level := range []string{"0000", "00"} {
		if kept := keep(codes, func(code string) bool { return len(code) == 6 && strings.HasSuffix(code, level) }); len(kept) > 0 {
			return kept
		}
	}
	return codes
}

func keep(codes []string, want func(string) bool) []string {
	var out []string
	for _, c := range codes {
		if want(c) {
			out = append(out, c)
		}
	}
	return out
}

// join puts chains and the details that follow them together.
func (g *Gazetteer) join(v *view, chains []chain, details []detail) []Place {
	var out []Place
	for len(chains) > 0 || len(details) > 0 {
		switch {
		case len(chains) > 0 && len(out) > 0 && v.start[chains[0].start] < out[len(out)-1].End:
			g.within(&out[len(out)-1], chains[0])
			chains = chains[1:]
		case len(chains) == 0 || len(details) > 0 && details[0].start < chains[0].start:
			out = append(out, g.place(v, chain{}, details[0]))
			details = details[1:]
		case len(details) > 0 && follows(v, chains[0], details[0]):
			out = append(out, g.place(v, chains[0], details[0]))
			chains, details = chains[1:], details[1:]
		default:
			out = append(out, g.place(v, chains[0], detail{}))
			chains = chains[1:]
		}
	}
	return out
}

// within takes in a chain that a place already covers: it says where the place is
// if nothing has.
func (g *Gazetteer) within(p *Place, c chain) {
	if p.Region == "" && len(c.codes) == 1 {
		g.locate(p, c.codes[0])
	}
}

// follows reports whether a detail belongs to the chain before it.
func follows(v *view, c chain, d detail) bool {
	for i := c.end; i < d.start; i++ {
		if r := v.r[i]; r != ' ' && r != ',' && r != '的' && r != '、' && r != '-' {
			return false
		}
	}
	return d.start-c.end <= 2
}

func (g *Gazetteer) place(v *view, c chain, d detail) Place {
	from, to := c.start, max(c.end, d.end)
	if c.end == 0 {
		from = d.start
	}
	p := Place{Text: v.text(from, to), Start: v.start[from], End: v.end[to-1]}
	if d.end > 0 {
		p.Detail = v.text(d.start, d.end)
	}
	if len(c.codes) == 1 {
		g.locate(&p, c.codes[0])
	} else if city := sameCity(g, c.codes); city != "" {
		p.City = city
	}
	return p
}

// locate fills in a place's codes and names.
func (g *Gazetteer) locate(p *Place, code string) {
	if len(code) == 9 {
		p.Street, code = code, code[:6]
	}
	p.Region, p.City, p.Name = code, g.cityOf(code), g.FullName(code)
	p.Outside = len(g.own) > 0 && !g.isOwn(code) && !g.above(code)
}

// above reports whether a division contains one of the installation's own.
func (g *Gazetteer) above(code string) bool {
	for _, p := range g.own {
		if strings.HasPrefix(p, codePrefix(code)) {
			return true
		}
	}
	return false
}

func sameCity(g *Gazetteer, codes []string) string {
	city := ""
	for _, c := range codes {
		if got := g.cityOf(c); city != "" && got != city {
			return ""
		} else {
			city = got
		}
	}
	return city
}
