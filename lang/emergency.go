package lang

import (
	"slices"
	"strings"
	"sync"
)

// The kinds of danger.
const (
	DangerGas      = "gas"      // gas smelt or leaking, carbon monoxide
	DangerFire     = "fire"     // fire, smoke, explosion
	DangerRescue   = "rescue"   // trapped, drowning, buried, live wires
	DangerCrime    = "crime"    // crime or violence under way, somebody missing
	DangerMedical  = "medical"  // life-threatening illness, injury, poisoning
	DangerTraffic  = "traffic"  // traffic accident
	DangerSelfHarm = "selfharm" // somebody may hurt or kill themselves
	DangerUnknown  = "danger"   // a cry for help that does not say why
)

// Danger is an emergency read from a text: the number to call, others that help
// too, its kind and the words that told.
type Danger struct {
	Number string
	Also   []string
	Kind   string
	Words  string
}

// Emergency reports danger to life, crime under way, fire, gas and the like. It
// leans towards alarm where somebody tells of danger here and now, and is silent
// for what is negated, over, supposed, habitual, asked about as a rule or meant
// figuratively. Of several dangers the most pressing is the main one; the
// numbers of the others are among Also.
func Emergency(s string) (Danger, bool) {
	told, found := toldDanger(s)
	return dangerSense().weigh(s, told, found)
}

// toldDanger is what the phrases tell.
func toldDanger(s string) (Danger, bool) {
	a := alarms()
	v := newView(s, true)
	mendTypos(v.r)
	scene := newScene(v.r, a)
	var hits []hit
	a.dangers.each(v.r, func(f found) bool {
		if h := (hit{f, &a.hazards[f.group/2], f.group%2 == 0}); scene.real(h) {
			hits = append(hits, h)
		}
		return true
	})
	if len(hits) == 0 {
		return Danger{}, false
	}
	return merge(&v, hits), true
}

// dangerTypos are slips of the keyboard in words that must not be missed, each
// with the word meant; both have the same length.
var dangerTypos = [][2]string{
	{"燃汽", "燃气"}, {"煤汽", "煤气"}, {"媒气", "煤气"}, {"天燃气", "天然气"},
	{"泻漏", "泄漏"}, {"泄路", "泄漏"}, {"着伙", "着火"}, {"这火了", "着火了"}, {"救名", "救命"}, {"就命", "救命"}, {"自沙", "自杀"},
	{"昏到", "昏倒"}, {"晕到", "晕倒"}, {"卡主", "卡住"}, {"困主", "困住"}, {"呼息", "呼吸"}, {"留血", "流血"}, {"车货", "车祸"},
}

// mendTypos puts the words meant in place of the slips.
func mendTypos(rs []rune) {
	for _, t := range dangerTypos {
		wrong, right := []rune(t[0]), []rune(t[1])
		for i := 0; i+len(wrong) <= len(rs); i++ {
			if slices.Equal(rs[i:i+len(wrong)], wrong) {
				copy(rs[i:], right)
			}
		}
	}
}

// hit is one phrase of danger in a text. A strong one stands for itself; a weak
// one needs a text that does not talk about rules.
type hit struct {
	found
	hazard *hazard
	strong bool
}

// merge names the most pressing hazard and gathers the numbers of all.
func merge(v *view, hits []hit) Danger {
	main := slices.MinFunc(hits, func(x, y hit) int { return x.hazard.rank - y.hazard.rank })
	d := Danger{Number: main.hazard.number, Kind: main.hazard.kind, Words: v.text(main.start, main.end)}
	for _, h := range append([]hit{main}, hits...) {
		for _, n := range append([]string{h.hazard.number}, h.hazard.also...) {
			if n != d.Number && !slices.Contains(d.Also, n) {
				d.Also = append(d.Also, n)
			}
		}
	}
	return d
}

// alarmBook holds the compiled tables.
type alarmBook struct {
	hazards []hazard
	dangers *phraseBook // group: 2×hazard, +1 for weak phrases
	marks   *phraseBook // group: a mark
	unless  []*phraseBook
}

var alarms = sync.OnceValue(func() *alarmBook {
	b := &alarmBook{hazards: hazardTable()}
	var groups [][]string
	for i := range b.hazards {
		h := &b.hazards[i]
		h.rank = i
		groups = append(groups, h.strong, h.weak)
		b.unless = append(b.unless, newPhraseBook(h.unless))
	}
	b.dangers = newPhraseBook(groups...)
	b.marks = newPhraseBook(markTable()...)
	return b
})

// scene is what surrounds the phrases of danger in a text.
type scene struct {
	rs    []rune
	book  *alarmBook
	marks []found
	long  bool
}

// longText is the length in runes above which a phrase may be part of a story and
// counts only when something in its clause says that it happens now.
const longText = 120

// longStory is the length above which a text is a letter, whatever its words.
const longStory = 250

func newScene(rs []rune, b *alarmBook) *scene {
	s := &scene{rs: rs, book: b, long: len(rs) > longText}
	b.marks.each(rs, func(f found) bool { s.marks = append(s.marks, f); return true })
	return s
}

// real reports whether a hit tells of a danger here and now.
func (s *scene) real(h hit) bool {
	from, to := s.clause(h.start, h.end)
	if s.spans(h) || s.negated(h, from) || s.excused(h, from, to) {
		return false
	}
	now := s.marked(markNow, from, to)
	if h.hazard.kind == DangerSelfHarm {
		return s.selfHarm(h, from, to)
	}
	switch {
	case s.marked(markFiction, 0, len(s.rs)),
		s.marked(markRule, from, to),
		!now && s.marked(markSuppose, from, to) && !(h.hazard.kind == DangerGas && h.strong),
		!now && s.marked(markIf, max(0, from-30), h.start),
		!now && s.marked(markPast, max(0, from-40), to),
		!now && h.hazard.kind == DangerFire && s.marked(markBlocked, 0, len(s.rs)),
		!now && h.hazard.habit && s.marked(markHabit, from, to),
		s.marked(markOver, h.start, len(s.rs)) && !s.marked(markGoesOn, h.start, len(s.rs)):
		return false
	}
	if now {
		return h.strong || !s.marked(markRule, 0, len(s.rs))
	}
	story := s.long && s.marked(markStory, 0, len(s.rs)) || len(s.rs) > longStory
	if h.strong {
		return !story
	}
	return !s.long && !s.marked(markRule, 0, len(s.rs)) && !s.marked(markHabit, from, to) && !s.marked(markStory, 0, len(s.rs))
}

// excused reports whether the words around a hit say that something else is
// meant.
func (s *scene) excused(h hit, from, to int) bool {
	if h.hazard.wide {
		from, to = 0, len(s.rs)
	}
	return s.book.unless[h.hazard.rank].in(s.rs[from:to])
}

// selfHarm judges talk of suicide: time, habit and supposition are no excuse
// there, only rules, stories and prevention are.
func (s *scene) selfHarm(h hit, from, to int) bool {
	if s.marked(markFiction, 0, len(s.rs)) || s.marked(markRule, from, to) || s.marked(markOver, h.start, to) && !prepared().in(s.rs[h.start:]) {
		return false
	}
	if h.strong {
		return true
	}
	return !s.long && !s.marked(markPast, 0, h.end) && !s.marked(markOver, 0, len(s.rs)) && !s.marked(markRule, 0, len(s.rs))
}

// prepared are words by which somebody has made ready: no end of the danger.
var prepared = sync.OnceValue(func() *phraseBook {
	return newPhraseBook([]string{"写好|准备好|想好|买好|安排好|交代好|写完"})
})

// spans reports whether a hit runs over the end of a sentence: two sentences are
// no phrase.
func (s *scene) spans(h hit) bool {
	return slices.ContainsFunc(s.rs[h.start:h.end], sentenceEnd)
}

// marked reports whether a mark begins within runes from to to.
func (s *scene) marked(mark, from, to int) bool {
	for _, m := range s.marks {
		if m.group == mark && m.start >= from && m.start < to {
			return true
		}
	}
	return false
}

// negated reports whether a negation stands right before the hit, two runes
// between at most (没有着火, 没闻到煤气味).
func (s *scene) negated(h hit, from int) bool {
	for _, m := range s.marks {
		if m.group == markNot && m.start >= from && m.end <= h.start && h.start-m.end <= notReach(s.rs[m.start]) {
			return true
		}
	}
	return false
}

// notReach is how far a negation reaches: English puts articles in between.
func notReach(first rune) int {
	if latin(first) {
		return 12
	}
	return 2
}

// clause widens runes i to j to the commas around them.
func (s *scene) clause(i, j int) (int, int) {
	for i > 0 && !clauseEnd(s.rs[i-1]) {
		i--
	}
	for j < len(s.rs) && !clauseEnd(s.rs[j]) {
		j++
	}
	return i, j
}

func clauseEnd(r rune) bool { return strings.ContainsRune(",:()\"", r) || sentenceEnd(r) }

func sentenceEnd(r rune) bool { return strings.ContainsRune("。!?;.\n", r) }
