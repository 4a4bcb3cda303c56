package knowledge

import (
	"math"

	"jiban"
)

// features are what the judgement of a result rests on, all between 0 and 1.
type features [numFeatures]float64

const (
	featureStrength = iota // score of the best as a share of the possible
	featureCoverage        // share of the question that the best has
	featureLikeness        // likeness of the question and the best one's title or way to ask
	featureInside          // share of that title which the question has
	featureMargin          // how far the next article that is not the same for another city is behind
	featureNamed           // share of the question's known words that its title and ways to ask name
	featureOpening         // share of the question's first word that they name
	numFeatures
)

// FeatureNames names the features, in the order of a calibration's weights.
func FeatureNames() []string {
	return []string{"strength", "coverage", "likeness", "inside", "margin", "named", "opening"}
}

// observe measures the best candidate of a ranking.
func observe(found []candidate) features {
	var f features
	if len(found) == 0 {
		return f
	}
	best := found[0]
	f[featureStrength] = best.strength
	f[featureCoverage] = best.hit.Coverage
	f[featureLikeness] = best.likeness
	f[featureInside] = best.inside
	f[featureNamed], f[featureOpening] = best.named, best.opening
	f[featureMargin] = 1
	for _, c := range found[1:] {
		if !siblings(best, c) {
			f[featureMargin] = (best.score - c.score) / best.score
			break
		}
	}
	return f
}

// siblings reports whether two articles say the same for different cities: bound
// to regions, none in common, of one theme and with titles that differ by little
// more than the city's name.
func siblings(x, y candidate) bool {
	if narrowness(x.head.regions) == 0 || narrowness(y.head.regions) == 0 {
		return false
	}
	for _, r := range x.head.regions {
		for _, q := range y.head.regions {
			if r == q {
				return false
			}
		}
	}
	return x.head.theme == y.head.theme && sharedTail(x.head.title, y.head.title)
}

// sharedTail reports whether two titles share most of their characters at the
// beginning and end, as 哈尔滨市供热期 and 大庆市供热期 do.
func sharedTail(x, y string) bool {
	a, b := []rune(x), []rune(y)
	n := min(len(a), len(b))
	head := 0
	for head < n && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head+tail >= 4 && max(len(a), len(b))-head-tail <= 6
}

// decide judges a ranking.
func (c Calibration) decide(found []candidate, q jiban.SearchQuery) jiban.SearchResult {
	r := jiban.SearchResult{Verdict: jiban.VerdictDecline}
	if len(found) == 0 {
		return r
	}
	r.Confidence = c.confidence(observe(found))
	switch {
	case r.Confidence >= c.Answer && dependsOnCity(found, q.Region):
		r.Verdict = jiban.VerdictAskCity
	case r.Confidence >= c.Answer:
		r.Verdict = jiban.VerdictAnswer
	case r.Confidence >= c.Clarify:
		r.Verdict = jiban.VerdictClarify
	}
	return r
}

// closeBy is the share of the best one's score from which on an article competes
// with it.
const closeBy = 0.85

// dependsOnCity reports whether the answer differs by city and the city is not
// known: the best article is bound to a part of the known place, or several that
// compete with it are, each to its own city.
func dependsOnCity(found []candidate, here string) bool {
	best := found[0]
	if !serves(best.head.regions, here) {
		return true
	}
	var bound []candidate
	for _, c := range found[1:] {
		if c.score < closeBy*best.score {
			break
		}
		if !serves(c.head.regions, here) && c.head.theme == best.head.theme {
			bound = append(bound, c)
		}
	}
	return len(bound) >= 2 && siblings(bound[0], bound[1])
}

// confidence is the calibrated probability that the best article answers.
func (c Calibration) confidence(f features) float64 {
	z := c.Bias
	for i, w := range c.Weights {
		z += w * f[i]
	}
	return 1 / (1 + math.Exp(-z))
}
