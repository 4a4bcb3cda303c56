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

// city returns the city that a folded text names; none when it names more than
// one.
func (p places) city(folded string) (found place, ok bool) {
	for _, c := range p.cities {
		if !strings.Contains(folded, c.name) {
			continue
		}
		if ok {
			return place{}, false
		}
		found, ok = c, true
	}
	return found, ok
}

// placed returns the query for the city that its text names, and without that
// name: the filter by region says it better than the index could.
func (p places) placed(q jiban.SearchQuery) jiban.SearchQuery {
	folded := lang.Fold(q.Text)
	city, ok := p.city(folded)
	if !ok {
		return q
	}
	q.Region = narrower(q.Region, city.code)
	q.Text = strings.NewReplacer(city.name+"市", " ", city.name, " ").Replace(folded)
	return q
}

// narrower returns the region to search for: the named city, unless the known
// region lies within it.
func narrower(known, named string) string {
	if known != "" && jiban.RegionServes(named, known) {
		return known
	}
	return named
}

// provinces are the first two digits that GB/T 2260 knows, 00 standing for the
// country.
const provinces = "00 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82"

// code returns the code that a word of an import means, "" when unknown.
func (p places) code(word string) string {
	word = strings.TrimSpace(word)
	if len(word) == 6 && strings.Trim(word, "0123456789") == "" {
		if !strings.Contains(provinces, word[:2]) {
			return ""
		}
		return word
	}
	return p.codes[lang.Fold(word)]
}
