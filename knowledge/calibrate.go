package knowledge

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"io"
	"math"
	"slices"
	"time"

	"jiban"
	"jiban/knowledge/index"
)

// Calibration turns what is seen of a search result into the probability that
// its first article answers, and says from which probability on to answer and to
// ask back. It is fitted by Calibrate from labelled questions, never set by hand.
type Calibration struct {
	Features  []string  `json:"features"`
	Weights   []float64 `json:"weights"` // one for each feature
	Bias      float64   `json:"bias"`
	Answer    float64   `json:"answer"`    // answer from this confidence on
	Clarify   float64   `json:"clarify"`   // ask back from this confidence on
	Questions int       `json:"questions"` // it was fitted on
	Precision float64   `json:"precision"` // of the answers given at Answer
	Coverage  float64   `json:"coverage"`  // share of the answerable questions answered rightly at Answer
	Refused   float64   `json:"refused"`   // share of the unanswerable questions not answered at Answer
	Curve     []Point   `json:"curve"`
}

// Point is what a threshold gives.
type Point struct {
	Threshold float64 `json:"threshold"`
	Precision float64 `json:"precision"`
	Coverage  float64 `json:"coverage"`
	Refused   float64 `json:"refused"`
}

// Labelled is a question with the articles that answer it; none for a question
// that cannot be answered and must be declined.
type Labelled struct {
	Question string         `json:"question"`
	Answer   Answers        `json:"answer,omitempty"`
	Region   string         `json:"region,omitempty"`
	Audience jiban.Audience `json:"audience,omitempty"`
}

// wantedPrecision is the share of right ones among the answers given that the
// threshold must reach.
const wantedPrecision = 0.97

//go:embed sample/calibration.json
var defaultCalibration []byte

// DefaultCalibration returns the one fitted on the sample articles and questions.
func DefaultCalibration() (Calibration, error) {
	var c Calibration
	if err := json.Unmarshal(defaultCalibration, &c); err != nil {
		return c, jiban.Errorf(jiban.CodeInternal, "knowledge.DefaultCalibration", "the embedded calibration: %w", err)
	}
	if len(c.Weights) != numFeatures {
		return c, jiban.Errorf(jiban.CodeInternal, "knowledge.DefaultCalibration", "%d weights for %d features", len(c.Weights), numFeatures)
	}
	return c, nil
}

// outcome is one labelled question as the ranking met it.
type outcome struct {
	seen       features
	right      bool
	answerable bool
	confidence float64
}

// Calibrate fits a calibration to the labelled questions, searched in the given
// articles at the given time. CodeInvalid when either right or wrong results are
// missing: nothing can be learnt then.
func Calibrate(articles []jiban.Article, questions []Labelled, at time.Time) (Calibration, error) {
	outcomes := try(articles, questions, at)
	right := 0
	for _, o := range outcomes {
		if o.right {
			right++
		}
	}
	if right == 0 || right == len(outcomes) {
		return Calibration{}, jiban.Errorf(jiban.CodeInvalid, "knowledge.Calibrate",
			"%d of %d questions found their article: questions that can and that cannot be answered are both needed", right, len(outcomes))
	}
	c := Calibration{Features: FeatureNames(), Questions: len(questions)}
	c.Weights, c.Bias = fit(outcomes)
	for i := range outcomes {
		outcomes[i].confidence = c.confidence(outcomes[i].seen)
	}
	c.choose(outcomes)
	return c, nil
}

// try asks every question of an index of the articles.
func try(articles []jiban.Article, questions []Labelled, at time.Time) []outcome {
	b, ar := index.NewBuilder(), newArchive("")
	for _, a := range articles {
		b.Add(ar.document(a))
	}
	ix := b.Index()
	outcomes := make([]outcome, len(questions))
	for i, q := range questions {
		found := rank(ix, jiban.SearchQuery{Text: q.Question, Region: q.Region, Audience: q.Audience, At: at}, defaultK)
		outcomes[i] = outcome{seen: observe(found), answerable: len(q.Answer) > 0}
		outcomes[i].right = len(found) > 0 && slices.Contains(q.Answer, found[0].hit.ID)
	}
	return outcomes
}

// fit is logistic regression by gradient descent. Weights are kept from falling
// below zero, since more of any feature never speaks against an article, and a
// little penalty keeps them finite where the classes part cleanly.
func fit(outcomes []outcome) (weights []float64, bias float64) {
	const rounds, rate, penalty = 20000, 0.5, 0.002
	weights = make([]float64, numFeatures)
	n := float64(len(outcomes))
	for range rounds {
		slope := make([]float64, numFeatures)
		biasSlope := 0.0
		for _, o := range outcomes {
			z := bias
			for i, w := range weights {
				z += w * o.seen[i]
			}
			miss := 1 / (1 + math.Exp(-z))
			if o.right {
				miss--
			}
			biasSlope += miss
			for i := range slope {
				slope[i] += miss * o.seen[i]
			}
		}
		bias -= rate * biasSlope / n
		for i := range weights {
			weights[i] = max(0, weights[i]-rate*(slope[i]/n+penalty*weights[i]))
		}
	}
	return weights, bias
}

// choose sets the thresholds: to answer, the lowest from which on the answers
// given are right often enough; to ask back, half of that.
func (c *Calibration) choose(outcomes []outcome) {
	slices.SortFunc(outcomes, func(x, y outcome) int { return cmp.Compare(y.confidence, x.confidence) })
	c.Answer = 1
	for _, o := range outcomes {
		p := measure(outcomes, o.confidence)
		if p.Precision >= wantedPrecision && p.Threshold < c.Answer {
			c.Answer, c.Precision, c.Coverage, c.Refused = round(p.Threshold), p.Precision, p.Coverage, p.Refused
		}
	}
	c.Clarify = round(c.Answer / 2)
	for threshold := 0.05; threshold < 1; threshold += 0.05 {
		c.Curve = append(c.Curve, measure(outcomes, round(threshold)))
	}
}

// round makes thresholds stable against the last bits of arithmetic; it rounds
// down, so that the question on the threshold stays on its side.
func round(v float64) float64 { return math.Floor(v*1000+1e-9) / 1000 }

// measure tells what answering from the given confidence on would have given.
func measure(outcomes []outcome, threshold float64) Point {
	p := Point{Threshold: threshold}
	var given, right, answerable, unanswerable, refused float64
	for _, o := range outcomes {
		answered := o.confidence >= threshold
		if answered {
			given++
		}
		if answered && o.right {
			right++
		}
		if o.answerable {
			answerable++
			continue
		}
		unanswerable++
		if !answered {
			refused++
		}
	}
	p.Precision = ratio(right, given)
	p.Coverage = ratio(right, answerable)
	p.Refused = ratio(refused, unanswerable)
	return p
}

// ratio is 1 of nothing: no answers given means none given wrongly.
func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 1
	}
	return part / whole
}

// ReadLabelled reads rows {question, answer?, region?, audience?}, one JSON
// object a line; a row without an answer is a question that must be declined.
func ReadLabelled(r io.Reader) ([]Labelled, error) {
	return readLines[Labelled](r, "knowledge.ReadLabelled")
}
