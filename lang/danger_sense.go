package lang

import (
	"bytes"
	_ "embed"
	"math"
	"sync"
)

// Phrases find dangers that somebody thought of. What people write in fear is often
// worded in a way nobody thought of, so a classifier gives a second opinion by
// meaning. It was trained on danger/corpus.jsonl, sentences of our own, by
//
//	jiban classify train --in lang/danger/corpus.jsonl --model lang/danger/model
//
// and a test keeps the two together.

//go:embed danger/model
var dangerModel []byte

// The classifier's labels are the numbers to call, and this one for all else.
const calmLabel = "none"

// The second opinion is asked about messages of these lengths, in runes: shorter
// ones say too little, longer ones are letters that tell of much at once.
const (
	sensedLeast = 6
	sensedMost  = 120
)

// From senseAlarm on the opinion alone is an alarm; below senseVeto a phrase that
// was found is meant otherwise. Both are probabilities of danger, chosen on
// sentences that the classifier did not learn from (see TestDangerSense).
const (
	senseAlarm = 0.7
	senseVeto  = 0.02
)

// sense is the second opinion.
type sense struct {
	c    *Classifier
	calm int // index of calmLabel
}

var dangerSense = sync.OnceValue(func() *sense {
	c, err := LoadClassifier(bytes.NewReader(dangerModel))
	if err != nil {
		return nil // the phrases must work whatever happens; TestEmergencySet and TestDangerModelIsOfItsCorpus fail then
	}
	return newSense(c)
})

func newSense(c *Classifier) *sense {
	s := &sense{c: c}
	for i, l := range c.labels {
		if l == calmLabel {
			s.calm = i
		}
	}
	return s
}

// of returns the probability that a text tells of danger, and the number to call
// if it does.
func (s *sense) of(text string) (p float64, number string) {
	margins := make([]float64, len(s.c.labels))
	s.c.margins(text, margins)
	best, sum := -1, 0.0
	for l, x := range margins {
		sum += math.Exp((x - margins[s.calm]) * s.c.temperature)
		if l != s.calm && (best < 0 || x > margins[best]) {
			best = l
		}
	}
	return 1 - 1/sum, s.c.labels[best]
}

// sensedKinds are what is told about a danger of which only the number is known.
var sensedKinds = map[string]Danger{
	"110":   {Number: "110", Kind: DangerCrime},
	"119":   {Number: "119", Kind: DangerUnknown, Also: []string{"110"}},
	"120":   {Number: "120", Kind: DangerMedical, Also: []string{"110"}},
	"122":   {Number: "122", Kind: DangerTraffic, Also: []string{"120"}},
	"12356": {Number: "12356", Kind: DangerSelfHarm, Also: []string{"110", "120"}},
}

// weigh takes the second opinion on what the phrases told; nil has none.
func (s *sense) weigh(text string, told Danger, found bool) (Danger, bool) {
	if n := len([]rune(text)); s == nil || n < sensedLeast || n > sensedMost {
		return told, found
	}
	switch p, number := s.of(text); {
	case found && p < senseVeto:
		return Danger{}, false
	case found:
		return told, true
	case p >= senseAlarm:
		return sensedKinds[number], true
	}
	return Danger{}, false
}
