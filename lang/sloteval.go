package lang

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Kinds of what EvalSlots measures besides the kinds of AddressPart.
const (
	SlotTime      = "time"
	SlotTimeFrom  = "time.from" // that a time found begins when it should
	SlotPhone     = "phone"
	SlotPlace     = "place"      // a place as a whole
	SlotPlacePart = "place.part" // all parts of addresses together
)

// SlotLabel is something that a text is known to hold. Text stands in it word
// for word. Part is the kind of an AddressPart, "" for words that may be found
// or not. From are the moments at which a time may rightly begin, none where the
// label does not say.
type SlotLabel struct {
	Text string
	Part string
	From []time.Time
}

// SlotRow is a text with what it holds. A kind that is nil is not labelled; one
// that is empty says that there is none. Now is the present of the times.
type SlotRow struct {
	Text   string
	Now    time.Time
	Times  []SlotLabel
	Phones []SlotLabel
	Parts  []SlotLabel
}

// SlotScore says how well one kind was found: N labelled, Found by the program,
// Right found with exactly the words of a label, Touched labels of which a part
// at least was found.
type SlotScore struct {
	Kind      string  `json:"kind"`
	N         int     `json:"n"`
	Found     int     `json:"found"`
	Right     int     `json:"right"`
	Touched   int     `json:"touched"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// EvalSlots measures times, telephone numbers and places on labelled rows, kinds
// in order of their names, those that no row labels left out.
func EvalSlots(g *Gazetteer, rows []SlotRow) []SlotScore {
	tally := slotTally{}
	for _, r := range rows {
		if r.Times != nil {
			tally.times(r)
		}
		if r.Phones != nil {
			tally.phones(r)
		}
		if r.Parts != nil {
			tally.places(g, r)
		}
	}
	return tally.scores()
}

// slotTally counts by kind.
type slotTally map[string]*SlotScore

func (t slotTally) of(kind string) *SlotScore {
	if t[kind] == nil {
		t[kind] = &SlotScore{Kind: kind}
	}
	return t[kind]
}

// stretch is a piece of a text, in bytes.
type stretch struct{ start, end int }

func (t slotTally) times(r SlotRow) {
	var found []stretch
	times := Times(r.Text, r.Now)
	for _, x := range times {
		found = append(found, stretch{x.Start, x.End})
	}
	labels := stretches(r.Text, r.Times)
	t.of(SlotTime).match(labels, found)
	for i, l := range r.Times {
		if len(l.From) > 0 {
			t.of(SlotTimeFrom).begins(l, labels[i], times)
		}
	}
}

// begins counts whether the first time found within a label begins as it says.
func (s *SlotScore) begins(l SlotLabel, at stretch, times []TimeSpan) {
	s.N++
	for _, x := range times {
		if !at.overlaps(stretch{x.Start, x.End}) {
			continue
		}
		s.Found++
		s.Touched++
		if slices.ContainsFunc(l.From, x.From.Equal) {
			s.Right++
		}
		return
	}
}

func (t slotTally) phones(r SlotRow) {
	var found []stretch
	for _, x := range Phones(r.Text) {
		found = append(found, stretch{x.Start, x.End})
	}
	t.of(SlotPhone).match(stretches(r.Text, r.Phones), found)
}

func (t slotTally) places(g *Gazetteer, r SlotRow) {
	labels := stretches(r.Text, r.Parts)
	t.wholePlaces(g, r, labels)
	wanted, found := map[string][]stretch{}, map[string][]stretch{}
	var either []stretch
	for i, l := range r.Parts {
		if l.Part == "" {
			either = append(either, labels[i])
		} else {
			wanted[l.Part] = append(wanted[l.Part], labels[i])
		}
	}
	for _, p := range g.Parts(r.Text) {
		at := stretch{p.Start, p.End}
		if slices.ContainsFunc(either, at.overlaps) {
			continue
		}
		found[p.Kind] = append(found[p.Kind], at)
		t.of(p.Kind)
	}
	for kind := range wanted {
		t.of(kind)
	}
	for kind, s := range t {
		if len(wanted[kind])+len(found[kind]) > 0 {
			s.match(wanted[kind], found[kind])
			t.of(SlotPlacePart).match(wanted[kind], found[kind])
		}
	}
}

// wholePlaces measures the address from its first part to its last as one.
func (t slotTally) wholePlaces(g *Gazetteer, r SlotRow, labels []stretch) {
	var whole []stretch
	for i, l := range r.Parts {
		switch {
		case l.Part == "" || labels[i].end == 0:
		case whole == nil:
			whole = []stretch{labels[i]}
		default:
			whole[0].end = labels[i].end
		}
	}
	var found []stretch
	for _, p := range g.Find(r.Text) {
		found = append(found, stretch{p.Start, p.End})
	}
	t.of(SlotPlace).match(whole, found)
}

// stretches finds where labels stand, each after the one before; one that stands
// nowhere is empty and so is never found.
func stretches(s string, labels []SlotLabel) []stretch {
	out := make([]stretch, len(labels))
	from := 0
	for i, l := range labels {
		if n := strings.Index(s[from:], l.Text); n >= 0 {
			out[i] = stretch{from + n, from + n + len(l.Text)}
			from = out[i].end
		}
	}
	return out
}

func (a stretch) overlaps(b stretch) bool { return a.start < b.end && b.start < a.end }

func (s *SlotScore) match(labels, found []stretch) {
	s.N += len(labels)
	s.Found += len(found)
	for _, l := range labels {
		if slices.Contains(found, l) {
			s.Right++
		}
		if slices.ContainsFunc(found, l.overlaps) {
			s.Touched++
		}
	}
}

func (t slotTally) scores() []SlotScore {
	var out []SlotScore
	for _, s := range t {
		s.Precision, s.Recall = ratio(s.Right, s.Found), ratio(s.Right, s.N)
		s.F1 = ratio(2*s.Right, s.Found+s.N)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b SlotScore) int { return strings.Compare(a.Kind, b.Kind) })
	return out
}

// ratio is a share to three places, 0 of nothing.
func ratio(a, b int) float64 {
	return math.Round(1000*float64(a)/float64(max(b, 1))) / 1000
}
