package lang

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"jiban"
)

// Settings of the training: found by cross-validation on public data, not worth
// being options.
const (
	trainCost    = 10.0 // C of the support vector machine
	trainRounds  = 20   // at most, over all examples
	trainStop    = 0.05 // greatest violation at which training ends
	calibrateIn  = 3    // parts in which the examples are held out for calibration
	wantPrecise  = 0.95 // precision above the threshold, on held-out examples
	leastExample = 2    // examples of a label
	leastTexts   = 3    // examples that must have a feature
	plainShare   = 0.4  // weight of a feature that tells nothing by itself
	smoothing    = 0.3  // examples added to each count
)

// TrainClassifier trains a classifier: one linear support vector machine for each
// label, calibrated on held-out parts of the examples. The same examples in the
// same order give the same classifier. It takes seconds for thousands of texts.
// CodeInvalid when there are fewer than two labels, more than 64, or a label with
// a single example.
func TrainClassifier(examples []Example) (*Classifier, error) {
	labels, err := labelsOf(examples)
	if err != nil {
		return nil, err
	}
	c := newClassifier(labels, examples)
	set := c.vectorize(examples)
	held := c.heldOut(set)
	c.fit(set)
	c.calibrate(held)
	return c, nil
}

func labelsOf(examples []Example) ([]string, error) {
	counts := map[string]int{}
	for _, e := range examples {
		counts[e.Label]++
	}
	var labels []string
	for l, n := range counts {
		if l == "" || n < leastExample {
			return nil, jiban.Errorf(jiban.CodeInvalid, "lang.TrainClassifier", "label %q has %d example(s): give every label a name and at least %d", l, n, leastExample)
		}
		labels = append(labels, l)
	}
	if len(labels) < 2 || len(labels) > maxLabels {
		return nil, jiban.Errorf(jiban.CodeInvalid, "lang.TrainClassifier", "%d labels: give 2 to %d", len(labels), maxLabels)
	}
	slices.Sort(labels)
	return labels, nil
}

// newClassifier makes an untrained classifier with a row for every feature that
// more than one example has.
func newClassifier(labels []string, examples []Example) *Classifier {
	c := &Classifier{labels: labels, index: make([]uint32, hashSize), stride: strideFor(len(labels)), temperature: 1}
	n := len(labels)
	seen := make([]float64, hashSize*n) // examples of each label that have a feature
	texts := make([]float64, n)
	b := newBag(hashSize)
	for _, e := range examples {
		l, _ := slices.BinarySearch(labels, e.Label)
		texts[l]++
		b.count(e.Text, nil)
		for _, f := range b.features {
			seen[int(f)*n+l]++
		}
	}
	c.rows = make([]float32, c.stride)
	for f := range c.index {
		of := seen[f*n : f*n+n]
		total := 0.0
		for _, x := range of {
			total += x
		}
		if total < leastTexts {
			continue
		}
		c.index[f] = uint32(len(c.rows) / c.stride)
		c.rows = append(c.rows, make([]float32, c.stride)...)
		rarity := math.Log(float64(1+len(examples))/(1+total)) + 1
		c.rows[len(c.rows)-c.stride] = float32(rarity * (plainShare + telling(of, texts)))
	}
	return c
}

// telling measures from 0 to 1 how much a feature says about the label: one less
// the entropy of the labels of a text that has it.
func telling(of, texts []float64) float64 {
	sum := 0.0
	for l, x := range of {
		sum += (x + smoothing) / texts[l]
	}
	entropy := 0.0
	for l, x := range of {
		p := (x + smoothing) / texts[l] / sum
		entropy -= p * math.Log(p)
	}
	return 1 - entropy/math.Log(float64(len(of)))
}

// strideFor is the length of a row: rarity and weights, rounded up so that rows
// lie well in memory.
func strideFor(labels int) int { return (1 + labels + 3) / 4 * 4 }

// vector is an example as the training sees it, of length one. Features are where
// their rows begin.
type vector struct {
	features []uint32
	values   []float32
	label    int
}

func (c *Classifier) vectorize(examples []Example) []vector {
	b := newBag(len(c.rows) / c.stride)
	set := make([]vector, len(examples))
	for i, e := range examples {
		b.count(e.Text, c.index)
		v := &set[i]
		v.label, _ = slices.BinarySearch(c.labels, e.Label)
		length := 0.0
		for _, f := range b.features {
			at := int(f) * c.stride
			x := logCount(b.seen[f]) * c.rows[at]
			length += float64(x * x)
			v.features, v.values = append(v.features, uint32(at)), append(v.values, x)
		}
		for k := range v.values {
			v.values[k] /= float32(math.Sqrt(length))
		}
	}
	return set
}

// fit finds the boundary of each label against the others by coordinate descent
// in the dual, squared hinge loss (Hsieh et al., ICML 2008). All labels are
// trained in one pass, because fetching the weights costs more than using them.
// Examples that agree with the boundaries are looked at less and less often.
func (c *Classifier) fit(set []vector) {
	c.forget()
	rng := rand.New(rand.NewPCG(12345, 1))
	order := rng.Perm(len(set))
	alpha := make([]float32, len(set)*len(c.labels))
	steps := make([]float32, c.stride)
	asleep, naps := make([]int, len(set)), make([]int, len(set))
	for range trainRounds {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		worst := float32(0)
		for _, i := range order {
			if asleep[i] > 0 {
				asleep[i]--
				continue
			}
			wrong := c.descend(&set[i], alpha[i*len(c.labels):], steps)
			worst = max(worst, wrong)
			if naps[i]++; wrong > trainStop {
				naps[i] = 0
			}
			asleep[i] = naps[i]
		}
		if worst < trainStop {
			break
		}
	}
}

// forget sets all weights to nothing and keeps the rarities.
func (c *Classifier) forget() {
	for at := 0; at < len(c.rows); at += c.stride {
		clear(c.rows[at+1 : at+c.stride])
	}
}

// descend improves the boundaries by one example and returns how wrong the worst
// of them was.
func (c *Classifier) descend(v *vector, alpha, steps []float32) float32 {
	margins := c.vectorMargins(v)
	clear(steps)
	worst, moved := float32(0), false
	const diagonal = 1 / (2 * trainCost)
	for l, m := range margins {
		y := sign(v.label == l)
		gradient := y*m - 1 + alpha[l]*diagonal
		if alpha[l] == 0 && gradient >= 0 {
			continue
		}
		worst = max(worst, abs(gradient))
		next := max(alpha[l]-gradient/(2+diagonal), 0)
		steps[1+l] = (next - alpha[l]) * y
		alpha[l] = next
		moved = moved || steps[1+l] != 0
	}
	if moved {
		c.move(v, steps)
	}
	return worst
}

// move adds an example to the weights, and to the biases.
func (c *Classifier) move(v *vector, steps []float32) {
	for k, at := range v.features {
		row := c.rows[at : int(at)+len(steps)]
		x := v.values[k]
		for l, s := range steps {
			row[l] += x * s
		}
	}
	for l, s := range steps {
		c.rows[l] += s
	}
}

func (c *Classifier) vectorMargins(v *vector) []float32 {
	out := make([]float32, c.stride)
	for k, at := range v.features {
		x := v.values[k]
		for l, w := range c.rows[at : int(at)+c.stride] {
			out[l] += x * w
		}
	}
	out = out[1 : 1+len(c.labels)]
	for l := range out {
		out[l] += c.rows[1+l]
	}
	return out
}

func sign(yes bool) float32 {
	if yes {
		return 1
	}
	return -1
}

func abs(x float32) float32 { return max(x, -x) }

// heldMargins are the margins of an example that its classifier had not seen.
type heldMargins struct {
	margins []float64
	label   int
}

// heldOut trains on all parts but one and measures on that one, in turn; the parts
// side by side.
func (c *Classifier) heldOut(set []vector) []heldMargins {
	order := rand.New(rand.NewPCG(2026, 1)).Perm(len(set))
	parts := make([][]heldMargins, calibrateIn)
	var done sync.WaitGroup
	for part := range parts {
		done.Go(func() {
			untrained := &Classifier{labels: c.labels, stride: c.stride, rows: slices.Clone(c.rows)}
			parts[part] = untrained.heldPart(set, order, part)
		})
	}
	done.Wait()
	return slices.Concat(parts...)
}

func (c *Classifier) heldPart(set []vector, order []int, part int) []heldMargins {
	var train, held []vector
	for k, i := range order {
		if k%calibrateIn == part {
			held = append(held, set[i])
		} else {
			train = append(train, set[i])
		}
	}
	c.fit(train)
	var out []heldMargins
	for i := range held {
		margins := make([]float64, len(c.labels))
		for l, m := range c.vectorMargins(&held[i]) {
			margins[l] = float64(m)
		}
		out = append(out, heldMargins{margins, held[i].label})
	}
	return out
}

// calibrate finds the temperature that makes the held-out margins likeliest, and
// the threshold above which predictions are precise enough.
func (c *Classifier) calibrate(held []heldMargins) {
	best := math.Inf(1)
	for t := 0.5; t <= 12; t *= 1.06 {
		if loss := logLoss(held, t); loss < best {
			best, c.temperature = loss, t
		}
	}
	c.threshold = preciseFrom(held, c.temperature)
}

func logLoss(held []heldMargins, temperature float64) float64 {
	loss := 0.0
	for _, h := range held {
		best, p := softmax(h.margins, temperature)
		loss -= math.Log(p) + temperature*(h.margins[h.label]-h.margins[best])
	}
	return loss
}

// preciseFrom is the lowest probability at and above which predictions are right
// often enough; 1 when there is none.
func preciseFrom(held []heldMargins, temperature float64) float64 {
	type outcome struct {
		p     float64
		right bool
	}
	var all []outcome
	for _, h := range held {
		best, p := softmax(h.margins, temperature)
		all = append(all, outcome{p, best == h.label})
	}
	slices.SortFunc(all, func(a, b outcome) int { return int(math.Copysign(1, b.p-a.p)) })
	threshold, right := 1.0, 0
	for n, o := range all {
		if o.right {
			right++
		}
		if float64(right) >= wantPrecise*float64(n+1) {
			threshold = o.p
		}
	}
	return threshold
}

// Evaluation is how well a classifier does on labelled texts. MacroF1 is the mean
// over the labels that occur; Sure is the share of sure predictions and
// SureAccuracy how many of these are right.
type Evaluation struct {
	N            int     `json:"n"`
	Accuracy     float64 `json:"accuracy"`
	MacroF1      float64 `json:"macro_f1"`
	Sure         float64 `json:"sure"`
	SureAccuracy float64 `json:"sure_accuracy"`
}

// Evaluate measures a classifier on labelled texts, on all processors.
func (c *Classifier) Evaluate(examples []Example) Evaluation {
	predictions := make([]Prediction, len(examples))
	var done sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		done.Go(func() {
			for i := w; i < len(examples); i += workers {
				predictions[i] = c.Predict(examples[i].Text)
			}
		})
	}
	done.Wait()
	return evaluate(examples, predictions)
}

func evaluate(examples []Example, predictions []Prediction) Evaluation {
	var right, sure, sureRight int
	hit, said, is := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for i, e := range examples {
		p := predictions[i]
		said[p.Label]++
		is[e.Label]++
		if p.Sure {
			sure++
		}
		if p.Label == e.Label {
			right++
			hit[e.Label]++
			if p.Sure {
				sureRight++
			}
		}
	}
	f1 := 0.0
	for l, n := range is {
		f1 += 2 * hit[l] / (n + said[l])
	}
	n := float64(max(len(examples), 1))
	return Evaluation{
		N: len(examples), Accuracy: float64(right) / n, MacroF1: f1 / float64(max(len(is), 1)),
		Sure: float64(sure) / n, SureAccuracy: float64(sureRight) / float64(max(sure, 1)),
	}
}
