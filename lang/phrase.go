package lang

import "strings"

// A phrase is a pattern for word lists. In a list | divides phrases, … (up to
// eight runes between) and ~ (one rune at most, and not 的) the steps of a phrase, / the
// alternatives of a step: "拿/持…刀/枪" finds 拿着一把刀. Latin alternatives match
// whole words only.
type phrase struct {
	steps []step
	group int
}

type step struct {
	words [][]rune
	gap   int // runes that may stand before it
}

const (
	wideGap  = 8
	closeGap = 1
	latinGap = 24 // in place of wideGap after a Latin word
)

// phraseBook finds phrases in a text; each belongs to a group of its owner's.
type phraseBook struct {
	first map[rune][]*phrase
}

// found is one hit: runes start to end, of the group.
type found struct {
	start, end, group int
}

func newPhraseBook(groups ...[]string) *phraseBook {
	b := &phraseBook{first: map[rune][]*phrase{}}
	for g, patterns := range groups {
		for _, list := range patterns {
			for p := range strings.SplitSeq(list, "|") {
				b.add(p, g)
			}
		}
	}
	return b
}

func (b *phraseBook) add(pattern string, group int) {
	p := &phrase{group: group}
	gap := 0
	for pattern != "" {
		head, rest, sep := cutStep(pattern)
		p.steps = append(p.steps, step{words: splitWords(head), gap: gap})
		if pattern, gap = rest, sep; gap == wideGap && latin(p.steps[len(p.steps)-1].words[0][0]) {
			gap = latinGap
		}
	}
	seen := map[rune]bool{}
	for _, w := range p.steps[0].words {
		if !seen[w[0]] {
			seen[w[0]] = true
			b.first[w[0]] = append(b.first[w[0]], p)
		}
	}
}

func cutStep(pattern string) (head, rest string, gap int) {
	i := strings.IndexAny(pattern, "…~")
	if i < 0 {
		return pattern, "", 0
	}
	if pattern[i] == '~' {
		return pattern[:i], pattern[i+1:], closeGap
	}
	return pattern[:i], pattern[i+len("…"):], wideGap
}

func splitWords(s string) [][]rune {
	var out [][]rune
	for w := range strings.SplitSeq(s, "/") {
		out = append(out, []rune(w))
	}
	return out
}

// each calls visit for every hit in rs until it returns false; of one phrase at
// one place only the first.
func (b *phraseBook) each(rs []rune, visit func(found) bool) {
	for i := range rs {
		for _, p := range b.first[rs[i]] {
			if end := p.match(rs, i); end > 0 && !visit(found{i, end, p.group}) {
				return
			}
		}
	}
}

// in reports whether any phrase occurs in rs.
func (b *phraseBook) in(rs []rune) bool {
	hit := false
	b.each(rs, func(found) bool { hit = true; return false })
	return hit
}

// match returns the end of the phrase that begins at rune i, 0 for none.
func (p *phrase) match(rs []rune, i int) int { return matchSteps(p.steps, rs, i) }

func matchSteps(steps []step, rs []rune, i int) int {
	for g := 0; g <= steps[0].gap && i+g < len(rs); g++ {
		if g == 1 && steps[0].gap == closeGap && rs[i] == '的' {
			break
		}
		for _, w := range steps[0].words {
			end := wordAt(rs, i+g, w)
			if end > 0 && len(steps) > 1 {
				end = matchSteps(steps[1:], rs, end)
			}
			if end > 0 {
				return end
			}
		}
	}
	return 0
}

// wordAt returns the end of word w at rune i, 0 if it is not there.
func wordAt(rs []rune, i int, w []rune) int {
	end := i + len(w)
	if end > len(rs) {
		return 0
	}
	for k, r := range w {
		if rs[i+k] != r {
			return 0
		}
	}
	if latin(w[0]) && i > 0 && latin(rs[i-1]) || latin(w[len(w)-1]) && end < len(rs) && latin(rs[end]) {
		return 0
	}
	return end
}
