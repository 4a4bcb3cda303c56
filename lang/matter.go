package lang

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"jiban"
)

// MatterGuess is a matter a text may be about. Score is 0 to 1: from about 0.5 on
// it is likely meant, from 0.75 on nearly sure.
type MatterGuess struct {
	Code  string
	Score float64
}

// MatterRecognizer finds the matter of a text from what the catalogue says of each:
// its name, aliases and sample sentences. It needs no training and never changes
// after it was made.
type MatterRecognizer struct {
	codes   []string
	phrases []matterPhrase
	grams   map[string]gramInfo
	aliases map[rune][]alias
}

// matterPhrase is a name, alias or sample as a bag of n-grams.
type matterPhrase struct {
	matter int
	norm   float64 // length of its vector
	total  float64 // sum of its weights
}

// gramInfo is an n-gram with the phrases it occurs in.
type gramInfo struct {
	weight   float64 // inverse frequency over matters
	matters  int     // how many have it
	postings []int   // phrases, in the order of the matters
}

// alias is a word that points to matters when it stands in a text.
type alias struct {
	word    []rune
	matter  int
	sharing int // matters that have it, itself included
}

// Evidence that an alias gives, by its length in runes, and what is left of it
// when other characters stand between its own.
var aliasEvidence = []float64{0, 0.15, 0.55, 0.68, 0.78, 0.84, 0.88}

const (
	looseAlias        = 0.75
	aliasSlack        = 4    // runes that may stand between an alias's own
	guessFloor        = 0.18 // below this a guess is noise
	sampleShare       = 0.92 // evidence of a sample said word for word
	resemblanceMiddle = 0.42 // similarity at which a phrase gives half its evidence
	queryMinimum      = 2    // runes of a text that can be about a matter
)

// NewMatterRecognizer builds a recognizer for a catalogue's matters.
func NewMatterRecognizer(matters []jiban.Matter) *MatterRecognizer {
	m := &MatterRecognizer{grams: map[string]gramInfo{}, aliases: map[rune][]alias{}}
	var texts []string
	for i := range matters {
		m.codes = append(m.codes, matters[i].Code)
		texts = append(texts, m.collect(i, &matters[i])...)
	}
	m.weigh(texts)
	return m
}

// collect takes in one matter and returns the texts of its phrases.
func (m *MatterRecognizer) collect(i int, x *jiban.Matter) []string {
	var texts []string
	add := func(s string) {
		if s = matterText(s); s != "" {
			m.phrases = append(m.phrases, matterPhrase{matter: i})
			texts = append(texts, s)
		}
	}
	for _, w := range append([]string{x.Name, x.NameEN}, x.Aliases...) {
		add(w)
		m.addAlias(i, matterText(w))
	}
	for _, w := range x.Samples {
		add(w)
	}
	return texts
}

func (m *MatterRecognizer) addAlias(i int, w string) {
	rs := []rune(w)
	if len(rs) < 2 {
		return
	}
	for _, other := range m.aliases[rs[0]] {
		if other.matter == i && slices.Equal(other.word, rs) {
			return
		}
	}
	m.aliases[rs[0]] = append(m.aliases[rs[0]], alias{word: rs, matter: i, sharing: 1})
}

// matterText folds a text for the recognizer: letters and digits only.
func matterText(s string) string {
	return compact([]rune(Fold(s)))
}

// weigh counts the n-grams and gives them their weights.
func (m *MatterRecognizer) weigh(texts []string) {
	grams := make([][]string, len(texts))
	for p, s := range texts {
		grams[p] = gramSet(s)
		for _, g := range grams[p] {
			info := m.grams[g]
			if n := len(info.postings); n == 0 || m.phrases[info.postings[n-1]].matter != m.phrases[p].matter {
				info.matters++
			}
			info.postings = append(info.postings, p)
			m.grams[g] = info
		}
	}
	for g, info := range m.grams {
		info.weight = gramWeight(g) * math.Log(1+float64(len(m.codes))/float64(info.matters))
		m.grams[g] = info
	}
	for p := range texts {
		for _, g := range grams[p] {
			w := m.grams[g].weight
			m.phrases[p].norm += w * w
			m.phrases[p].total += w
		}
		m.phrases[p].norm = math.Sqrt(m.phrases[p].norm)
	}
	m.shareAliases()
}

func (m *MatterRecognizer) shareAliases() {
	owners := map[string]map[int]bool{}
	for _, list := range m.aliases {
		for _, a := range list {
			w := string(a.word)
			if owners[w] == nil {
				owners[w] = map[int]bool{}
			}
			owners[w][a.matter] = true
		}
	}
	for _, list := range m.aliases {
		for k := range list {
			list[k].sharing = len(owners[string(list[k].word)])
		}
	}
}

// gramWeight makes longer n-grams count more than single characters.
func gramWeight(g string) float64 {
	switch utf8.RuneCountInString(g) {
	case 1:
		return 0.35
	case 2:
		return 1
	}
	return 1.2
}

// gramSet lists the single Han characters, and the pairs and triples of
// characters within words, each once and in order: sums over them
// come out the same every time.
func gramSet(s string) []string {
	var out []string
	for w := range strings.FieldsSeq(s) {
		at := make([]int, 0, len(w))
		for i, r := range w {
			at = append(at, i)
			if han(r) {
				out = append(out, w[i:i+utf8.RuneLen(r)])
			}
		}
		at = append(at, len(w))
		for i := 0; i+2 < len(at); i++ {
			out = append(out, w[at[i]:at[i+2]])
			if i+3 < len(at) {
				out = append(out, w[at[i]:at[i+3]])
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Guess returns the k likeliest matters of a text, best first; none when nothing
// in the text speaks for one.
func (m *MatterRecognizer) Guess(s string, k int) []MatterGuess {
	text := matterText(s)
	rs := []rune(text)
	if len(rs) < queryMinimum || k <= 0 {
		return nil
	}
	doubt := make([]float64, len(m.codes)) // what is left of the doubt about each
	for i := range doubt {
		doubt[i] = 1
	}
	m.aliasDoubt(rs, doubt)
	m.phraseDoubt(text, doubt)
	var out []MatterGuess
	for i, d := range doubt {
		if score := 1 - d; score >= guessFloor {
			out = append(out, MatterGuess{m.codes[i], math.Min(score, 0.99)})
		}
	}
	slices.SortStableFunc(out, func(a, b MatterGuess) int {
		if a.Score != b.Score {
			return int(math.Copysign(1, b.Score-a.Score))
		}
		return strings.Compare(a.Code, b.Code)
	})
	return out[:min(k, len(out))]
}

// aliasDoubt lessens the doubt about matters whose aliases stand in the text.
func (m *MatterRecognizer) aliasDoubt(rs []rune, doubt []float64) {
	used := map[int]int{}
	for i, r := range rs {
		for _, a := range m.aliases[r] {
			evidence := a.evidence(rs[i:])
			if evidence == 0 {
				continue
			}
			used[a.matter]++
			doubt[a.matter] *= 1 - evidence/float64(a.sharing)/math.Sqrt(float64(used[a.matter]))
		}
	}
}

// evidence is what an alias says when rs begins with it, 0 when it does not.
func (a *alias) evidence(rs []rune) float64 {
	full := aliasEvidence[min(len(a.word), len(aliasEvidence)-1)]
	if latin(a.word[0]) {
		full = aliasEvidence[min(1+len(a.word)/3, len(aliasEvidence)-1)]
	}
	if len(rs) >= len(a.word) && slices.Equal(rs[:len(a.word)], a.word) {
		return full
	}
	if len(a.word) < 3 || !han(a.word[0]) {
		return 0
	}
	slack, at := aliasSlack, 0
	for _, r := range a.word {
		for at < len(rs) && rs[at] != r && slack > 0 {
			at++
			slack--
		}
		if at >= len(rs) || rs[at] != r {
			return 0
		}
		at++
	}
	return full * looseAlias
}

// phraseDoubt lessens the doubt about matters whose phrases resemble the text.
func (m *MatterRecognizer) phraseDoubt(text string, doubt []float64) {
	shared := make([]float64, len(m.phrases))
	dot := make([]float64, len(m.phrases))
	norm := 0.0
	for _, g := range gramSet(text) {
		info, ok := m.grams[g]
		if !ok {
			w := gramWeight(g)
			norm += w * w
			continue
		}
		norm += info.weight * info.weight
		for _, p := range info.postings {
			dot[p] += info.weight * info.weight
			shared[p] += info.weight
		}
	}
	best := make([]float64, len(m.codes))
	for p, ph := range m.phrases {
		if dot[p] == 0 {
			continue
		}
		cosine := dot[p] / (ph.norm * math.Sqrt(norm))
		covered := shared[p] / ph.total
		best[ph.matter] = math.Max(best[ph.matter], resemblance(cosine, covered))
	}
	for i, b := range best {
		doubt[i] *= 1 - b
	}
}

// resemblance turns similarity into evidence: half of a phrase's weight said in
// passing is nothing yet.
func resemblance(cosine, covered float64) float64 {
	x := 0.6*cosine + 0.4*covered
	return sampleShare / (1 + math.Exp(-12*(x-resemblanceMiddle)))
}
