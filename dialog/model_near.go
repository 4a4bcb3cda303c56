package dialog

import (
	"cmp"
	"math"
	"slices"
	"unicode"

	"jiban"
	"jiban/lang"
)

// nearness finds matters that a text may be about by single characters, for a model
// to choose from: the rules find none exactly where its help is wanted. Alone it
// would be far too loose.
type nearness struct {
	codes  []string
	has    []map[rune]bool
	weight map[rune]float64 // what few matters have weighs more
}

func newNearness(offered []jiban.Matter) nearness {
	n := nearness{weight: map[rune]float64{}}
	in := map[rune]int{}
	for i := range offered {
		m := &offered[i]
		set := map[rune]bool{}
		for _, text := range slices.Concat([]string{m.Name, m.Category}, m.Aliases, m.Samples) {
			for _, r := range lang.Fold(text) {
				if unicode.Is(unicode.Han, r) && !set[r] {
					set[r] = true
					in[r]++
				}
			}
		}
		n.codes, n.has = append(n.codes, m.Code), append(n.has, set)
	}
	for r, k := range in {
		n.weight[r] = math.Log(1 + float64(len(n.codes))/float64(k))
	}
	return n
}

// best lists the k nearest matters of a text.
func (n *nearness) best(text string, k int) []string {
	scores := make([]float64, len(n.codes))
	seen := map[rune]bool{}
	for _, r := range lang.Fold(text) {
		if n.weight[r] == 0 || seen[r] {
			continue
		}
		seen[r] = true
		for i := range n.has {
			if n.has[i][r] {
				scores[i] += n.weight[r]
			}
		}
	}
	order := make([]int, 0, len(scores))
	for i, s := range scores {
		if s > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	out := make([]string, 0, k)
	for _, i := range order[:min(k, len(order))] {
		out = append(out, n.codes[i])
	}
	return out
}
