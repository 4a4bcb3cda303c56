package knowledge

import (
	"strings"
	"time"

	"jiban"
	"jiban/knowledge/index"
	"jiban/lang"
)

// The fields of an article and how many times a word in each counts. What
// editors write to be found by (other ways to ask, keywords) does not make the
// article longer.
const (
	titleWeight   = 3
	similarWeight = 2
	keywordWeight = 2
	bodyWeight    = 1
)

// document returns what the index holds of an article.
func (ar *archive) document(a jiban.Article) index.Document {
	return index.Document{
		ID: a.ID,
		Fields: []index.Field{
			{Text: lang.Fold(a.Title), Weight: titleWeight},
			{Text: lang.Fold(strings.Join(a.Similar, "\n")), Weight: similarWeight, Aside: true},
			{Text: lang.Fold(strings.Join(a.Keywords, "\n")), Weight: keywordWeight, Aside: true},
			{Text: lang.Fold(a.Body), Weight: bodyWeight},
		},
		Class: class(a),
		From:  nanos(a.ValidFrom),
		To:    nanos(a.ValidTo),
		Data:  ar.pack(a),
	}
}

// nanos keeps the zero time, an open end, as 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// class names who may be answered from the article: audience and regions.
func class(a jiban.Article) string {
	return string(a.Audience) + " " + strings.Join(a.Regions, " ")
}

// accept returns the test of a class for somebody of the given region and
// audience. While only a wider region than the article's is known, the article
// is considered: the verdict then asks for the city.
func accept(region string, audience jiban.Audience) func(class string) bool {
	return func(class string) bool {
		parts := strings.Fields(class)
		if strings.HasPrefix(class, " ") {
			parts = append([]string{""}, parts...)
		}
		return audienceFits(jiban.Audience(parts[0]), audience) && regionFits(parts[1:], region)
	}
}

func audienceFits(of, asks jiban.Audience) bool {
	return of == asks || of == jiban.Everyone || of == "" || asks == jiban.Everyone || asks == ""
}

func regionFits(owners []string, here string) bool {
	if here == "" || len(owners) == 0 {
		return true
	}
	for _, owner := range owners {
		if jiban.RegionServes(owner, here) || jiban.RegionServes(here, owner) {
			return true
		}
	}
	return false
}

// serves reports whether an article of these regions holds for the whole of the
// place, however much of it is known. Where nothing is known, only an article
// that is not bound to a city does.
func serves(owners []string, here string) bool {
	if len(owners) == 0 {
		return true
	}
	for _, owner := range owners {
		if here == "" && strings.HasSuffix(owner, "0000") {
			return true
		}
		if here != "" && jiban.RegionServes(owner, here) {
			return true
		}
	}
	return false
}
