package knowledge

import (
	"strings"

	"jiban"
	"jiban/lang"
)

// places knows the names of divisions.
type places struct {
	cities []place           // prefecture level, by folded short name
	codes  map[string]string // folded name, full or short where it is one's own, to code
}

type place struct{ name, code string }

func newPlaces(regions []jiban.Region) places {
	p := places{codes: map[string]string{"全国": country, "国家": country}}
	taken := map[string]int{}
	for _, r := range regions {
		taken[shortName(r.Name)]++
	}
	for _, r := range regions {
		if len(r.Code) != 6 {
			continue
		}
		name, short := lang.Fold(r.Name), shortName(r.Name)
		p.codes[name] = r.Code
		if taken[short] == 1 || isCity(r.Code) {
			p.codes[short] = r.Code
		}
		if isCity(r.Code) && len([]rune(short)) >= 2 {
			p.cities = append(p.cities, place{short, r.Code})
		}
	}
	return p
}

const country = "000000"

// isCity reports whether the code is of prefecture level.
func isCity(code string) bool {
	return len(code) == 6 && strings.HasSuffix(code, "00") && !strings.HasSuffix(code, "0000")
}

// shortName is the folded name as people say it, without what kind of division
// it is.
func shortName(name string) string {
	name = lang.Fold(name)
	for _, suffix := range []string{"自治区", "自治州", "地区", "省", "市", "区", "县", "盟"} {
		if short, ok := strings.CutSuffix(name, suffix); ok && len([]rune(short)) >= 2 {
			return short
		}
	}
	return name
}

// city returns the code of the city that a text names, "" when it names none or
// more than one.
func (p places) city(text string) string {
	if len(p.cities) == 0 {
		return ""
	}
	folded := lang.Fold(text)
	found := ""
	for _, c := range p.cities {
		if !strings.Contains(folded, c.name) {
			continue
		}
		if found != "" && found != c.code {
			return ""
		}
		found = c.code
	}
	return found
}

// narrower returns the region to search for: the named city, unless the known
// region lies within it.
func narrower(known, named string) string {
	if known != "" && jiban.RegionServes(named, known) {
		return known
	}
	return named
}

// code returns the code that a word of an import means, "" when unknown.
func (p places) code(word string) string {
	word = strings.TrimSpace(word)
	if len(word) == 6 && strings.Trim(word, "0123456789") == "" {
		return word
	}
	return p.codes[lang.Fold(word)]
}
