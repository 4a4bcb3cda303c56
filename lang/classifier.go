package lang

import (
	"math"
	"slices"
	"strings"
	"sync"
)

// Example is a text with the label it should get.
type Example struct {
	Text  string
	Label string
}

// Prediction is what a classifier says of a text. P is the calibrated probability
// of Label. Sure reports whether P reaches the classifier's threshold: below it a
// person should decide.
type Prediction struct {
	Label string
	P     float64
	Sure  bool
}

// Sizes of the hashed feature space.
const (
	hashBits  = 20
	hashSize  = 1 << hashBits
	maxGram   = 4
	maxLabels = 64
	// textLimit is how many runes of a text are looked at.
	textLimit = 1500
)

// Classifier is a linear model over hashed character n-grams of one to four
// characters, weighed by rarity. It is made by TrainClassifier or LoadClassifier,
// never changes after that, and may be used by many goroutines.
type Classifier struct {
	labels      []string
	index       []uint32  // row of a hashed feature, 0 for one that is not used
	rows        []float32 // a row holds a feature's rarity, then its weight for each label; row 0 the biases
	stride      int
	temperature float64 // margins are multiplied by it before they become probabilities
	threshold   float64
	scratch     sync.Pool
}

// Labels returns the labels the classifier knows, sorted.
func (c *Classifier) Labels() []string { return slices.Clone(c.labels) }

// Threshold is the probability from which on a prediction is sure.
func (c *Classifier) Threshold() float64 { return c.threshold }

// Predict returns the likeliest label of a text.
func (c *Classifier) Predict(text string) Prediction {
	margins := make([]float64, len(c.labels))
	c.margins(text, margins)
	best, p := softmax(margins, c.temperature)
	return Prediction{Label: c.labels[best], P: p, Sure: p >= c.threshold}
}

// margins computes the distance of a text from each label's boundary.
func (c *Classifier) margins(text string, out []float64) {
	b, _ := c.scratch.Get().(*bag)
	if b == nil {
		b = newBag(len(c.rows) / c.stride)
	}
	defer c.scratch.Put(b)
	b.count(text, c.index)
	sums := make([]float32, c.stride)
	length := float32(0)
	for _, f := range b.features {
		row := c.rows[int(f)*c.stride:][:len(sums)]
		x := logCount(b.seen[f]) * row[0]
		length += x * x
		for l, w := range row {
			sums[l] += x * w
		}
	}
	norm := float32(math.Sqrt(float64(max(length, 1e-9))))
	for l := range out {
		out[l] = float64(sums[1+l]/norm + c.rows[1+l])
	}
}

// softmax returns the index of the greatest margin and its probability.
func softmax(margins []float64, temperature float64) (int, float64) {
	best, sum := 0, 0.0
	for l, x := range margins {
		if x > margins[best] {
			best = l
		}
	}
	for _, x := range margins {
		sum += math.Exp((x - margins[best]) * temperature)
	}
	return best, 1 / sum
}

// bag counts the features of one text. It is used again and again: the upper half
// of a count says of which text it is.
type bag struct {
	seen     []uint32
	stamp    uint32
	features []uint32
	runes    []rune
}

// A count has this many bits, the number of the text the others.
const (
	countBits = 12
	countMask = 1<<countBits - 1
)

func newBag(features int) *bag { return &bag{seen: make([]uint32, features)} }

// logCounts holds 1+ln(n) for small n.
var logCounts = func() (t [64]float32) {
	for n := 1; n < len(t); n++ {
		t[n] = float32(1 + math.Log(float64(n)))
	}
	return t
}()

func logCount(seen uint32) float32 { return logCounts[min(seen&countMask, uint32(len(logCounts)-1))] }

// count finds the n-grams of a text that have a row in the index (nil: a row each),
// and how often each occurs.
func (b *bag) count(text string, index []uint32) {
	b.next()
	b.read(text)
	for i := range b.runes {
		h := uint64(14695981039346656037)
		for n := 0; n < maxGram && i+n < len(b.runes); n++ {
			h = (h ^ uint64(b.runes[i+n])) * 1099511628211
			f := uint32(h * 0x9E3779B97F4A7C15 >> (64 - hashBits))
			if index != nil {
				if f = index[f]; f == 0 {
					continue
				}
			}
			b.see(f)
		}
	}
}

// next begins a new text.
func (b *bag) next() {
	b.features = b.features[:0]
	if b.stamp++; b.stamp >= 1<<(32-countBits) {
		clear(b.seen)
		b.stamp = 1
	}
}

func (b *bag) see(f uint32) {
	switch x := b.seen[f]; {
	case x>>countBits != b.stamp:
		b.seen[f] = b.stamp<<countBits | 1
		b.features = append(b.features, f)
	case x&countMask < countMask:
		b.seen[f] = x + 1
	}
}

// read folds a text into runes. The first of several lines is the title, and is
// read twice: it says more than any other line.
func (b *bag) read(text string) {
	b.runes = append(b.runes[:0], ' ')
	if title, _, several := strings.Cut(text, "\n"); several {
		b.readLine(title)
		b.readLine(" ")
	}
	b.readLine(text)
}

// readLine folds a text: blanks in a row become one, digits become 0.
func (b *bag) readLine(text string) {
	t := folding()
	for _, r := range text {
		f := t.rune(r)
		switch {
		case f == foldDrop, f == ' ' && b.runes[len(b.runes)-1] == ' ':
			continue
		case digit(f):
			f = '0'
		}
		if b.runes = append(b.runes, f); len(b.runes) > textLimit {
			return
		}
	}
}
