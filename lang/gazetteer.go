package lang

import (
	_ "embed" // divisions and streets
	"strings"
	"sync"
	"unicode/utf8"

	"jiban"
)

//go:embed divisions.txt
var divisionsFile string

//go:embed names_en.txt
var englishNamesFile string

//go:embed streets_23.txt
var streetsFile string

// Place is a place found in a text. Text equals the text from byte Start to byte
// End. Region is the code of the narrowest division known (GB/T 2260, six
// digits), "" where the words name none or several alike; City is the code of its
// city, "" where none is known (a county directly below a province stands for
// its own city). Street is the nine-digit code of a street or town. Detail is
// what comes after the divisions: road, number, community, building, landmark.
type Place struct {
	Region     string
	City       string
	Name       string // full name of Region, 黑龙江省哈尔滨市道里区
	Street     string
	Text       string
	Detail     string
	Outside    bool // Region lies outside the installation's own
	Start, End int
}

// division is one entry of the gazetteer.
type division struct {
	code   string
	name   string
	parent string
}

// naming is one way to name a division.
type naming struct {
	code  string
	full  bool // with its suffix, 南岗区
	loose bool // also an everyday word (友谊, 新城区): counts only where a place is expected
}

// Gazetteer knows the divisions of China and the streets of the installation.
type Gazetteer struct {
	divisions map[string]division
	names     map[string][]naming
	starts    map[rune]int // longest name, in runes, that begins with the rune
	own       []string     // prefixes of the installation's codes
}

// NewGazetteer builds a gazetteer for an installation's regions (the first is
// usually its province; a code ending in 00 stands for all below it), knowing
// all provinces, cities and counties of China besides. Further regions, such as
// streets with nine-digit codes, may be added.
func NewGazetteer(regions []jiban.Region, extra ...jiban.Region) *Gazetteer {
	g := &Gazetteer{divisions: map[string]division{}, names: map[string][]naming{}, starts: map[rune]int{}}
	for _, r := range regions {
		if len(r.Code) == 6 {
			g.own = append(g.own, codePrefix(r.Code))
		}
	}
	for _, d := range nation() {
		if len(d.code) == 6 || g.isOwn(d.code) {
			g.add(d)
		}
	}
	for _, r := range append(append([]jiban.Region{}, regions...), extra...) {
		if _, known := g.divisions[r.Code]; !known && r.Code != "" && r.Name != "" {
			g.add(division{r.Code, r.Name, r.Parent})
		}
	}
	g.addEnglish()
	return g
}

// englishSuffixes follow the English names of divisions.
var englishSuffixes = []string{" district", " county", " city", " prefecture", " province", " qu", " xian", " shi"}

// addEnglish names the divisions that are known by their English and pinyin names
// too.
func (g *Gazetteer) addEnglish() {
	for line := range strings.Lines(englishNamesFile) {
		code, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, known := g.divisions[code]; !known {
			continue
		}
		for name := range strings.SplitSeq(names, ",") {
			name, only := strings.CutSuffix(strings.TrimSpace(name), "*")
			for _, suffix := range englishSuffixes {
				g.name(name+suffix, naming{code, true, false})
			}
			if !only {
				g.name(name, naming{code, false, false})
			}
		}
	}
}

// codePrefix cuts the closing pairs of zeros off a code of six digits.
func codePrefix(code string) string {
	for len(code) <= 6 && len(code) > 2 && strings.HasSuffix(code, "00") {
		code = code[:len(code)-2]
	}
	return code
}

func (g *Gazetteer) isOwn(code string) bool {
	for _, p := range g.own {
		if strings.HasPrefix(code, p) {
			return true
		}
	}
	return false
}

func (g *Gazetteer) add(d division) {
	g.divisions[d.code] = d
	own := g.isOwn(d.code)
	g.name(d.name, naming{d.code, true, looseNames[d.name]})
	short := shortName(d.name)
	if short == d.name || utf8.RuneCountInString(short) < 2 || len(d.code) == 9 {
		return
	}
	county := !strings.HasSuffix(d.code, "00")
	g.name(short, naming{d.code, false, looseNames[short] || county && !own})
}

func (g *Gazetteer) name(s string, n naming) {
	s = Fold(s)
	g.names[s] = append(g.names[s], n)
	first, _ := utf8.DecodeRuneInString(s)
	g.starts[first] = max(g.starts[first], utf8.RuneCountInString(s))
}

// FullName is the name of a division with those above it, "" for an unknown code.
func (g *Gazetteer) FullName(code string) string {
	d, ok := g.divisions[code]
	if !ok {
		return ""
	}
	return g.FullName(d.parent) + d.name
}

// cityOf is the city a division lies in: the division itself where it stands
// directly below a province, "" for a province.
func (g *Gazetteer) cityOf(code string) string {
	if len(code) == 9 {
		code = code[:6]
	}
	if strings.HasSuffix(code, "0000") || code == "" {
		return ""
	}
	if city := code[:4] + "00"; g.divisions[city].name != "" {
		return city
	}
	if municipal[code[:2]] {
		return code[:2] + "0000"
	}
	return code
}

// municipal are the provinces that are cities themselves.
var municipal = map[string]bool{"11": true, "12": true, "31": true, "50": true, "81": true, "82": true}

// under reports whether division a is b or lies below it.
func under(a, b string) bool { return strings.HasPrefix(a, codePrefix(b)) }

// nation reads the embedded files once.
var nation = sync.OnceValue(func() []division {
	var out []division
	for line := range strings.Lines(divisionsFile) {
		f := strings.Fields(line)
		switch {
		case len(f) < 2 || f[0] == "#":
		case len(f[0]) == 2:
			out = append(out, division{f[0] + "0000", f[1], ""})
		default:
			out = append(out, cityLine(f)...)
		}
	}
	for line := range strings.Lines(streetsFile) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] == "#" {
			continue
		}
		for _, s := range f[1:] {
			out = append(out, division{f[0] + s[:3], s[3:], f[0]})
		}
	}
	return out
})

// cityLine reads a city with its counties.
func cityLine(f []string) []division {
	province := f[0][:2] + "0000"
	city := f[0] + "00"
	var out []division
	if f[1] == "-" {
		city = province
	} else {
		out = append(out, division{city, f[1], province})
	}
	for _, c := range f[2:] {
		out = append(out, division{f[0] + c[:2], c[2:], city})
	}
	return out
}

// divisionSuffixes end the names of divisions, the longer ones first.
var divisionSuffixes = []string{"特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "林区", "特区", "新区", "省", "市", "区", "县", "盟", "旗"}

// peoples stand between a division's short name and its suffix.
var peoples = strings.Fields("蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 傣族 黎族 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 阿昌族 普米族 塔吉克族 怒族 鄂温克族 裕固族 保安族 独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 各族 维吾尔 哈萨克 柯尔克孜 蒙古")

// shortName is a division's name without suffix and people: 杜尔伯特, 广西, 南岗.
func shortName(name string) string {
	s := name
	for _, suffix := range divisionSuffixes {
		if rest, ok := strings.CutSuffix(s, suffix); ok && rest != "" {
			s = rest
			break
		}
	}
	for again := true; again; {
		again = false
		for _, p := range peoples {
			if rest, ok := strings.CutSuffix(s, p); ok && utf8.RuneCountInString(rest) >= 2 {
				s, again = rest, true
			}
		}
	}
	return s
}
