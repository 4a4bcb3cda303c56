package dialog

import (
	"crypto/sha256"
	"encoding/json"
	"strings"

	"jiban"
)

// ModelTask is what a language model is asked to do. It may understand and phrase;
// it decides nothing (promise 8): every use of an answer in this package leaves the
// turn's decision as it is without a model.
type ModelTask string

// The tasks.
const (
	TaskUnderstand ModelTask = "understand" // type, matter and slots of a message that the rules are unsure of
	TaskPhrase     ModelTask = "phrase"     // an answer in few words, from articles
	TaskRewrite    ModelTask = "rewrite"    // a follow-up question made whole, for the search
	TaskSummary    ModelTask = "summary"    // of what was said, for people
)

// NeedModel asks a model. It is asked for only where Facts.Model names one, and is
// answered once for each ask; a model that fails is answered by a fact without
// output, and the turn goes the way it goes without a model.
const NeedModel NeedKind = "model"

// ModelAsk is what a model is asked. All that a person said in it is masked: numbers,
// names and addresses are placeholders such as ⟨电话1⟩, which only the engine can
// turn back.
type ModelAsk struct {
	Task     ModelTask         `json:"task"`
	Lang     jiban.Lang        `json:"lang"`
	Text     string            `json:"text"`
	Before   string            `json:"before,omitempty"`   // TaskRewrite: the question before
	Matters  []ModelChoice     `json:"matters,omitempty"`  // TaskUnderstand: eight at most
	Fields   []ModelChoice     `json:"fields,omitempty"`   // TaskUnderstand
	Articles []jiban.Article   `json:"articles,omitempty"` // TaskPhrase: the first is what the turn decided to answer with
	Limit    int               `json:"limit,omitempty"`    // characters that the answer may have
	Channel  jiban.ChannelKind `json:"channel,omitempty"`  // TaskPhrase: web chat may show it growing
}

// ModelChoice is one of those that a model may choose from.
type ModelChoice struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// ModelFact is what came of asking a model. It holds neither the prompt nor any
// words of the person but what the model repeated of the masked text.
type ModelFact struct {
	Task             ModelTask `json:"task"`
	Ask              string    `json:"ask"`                 // digest of the masked ask
	Output           string    `json:"output,omitempty"`    // JSON after the checks, "" for nothing
	Refused          string    `json:"refused,omitempty"`   // why there is nothing: a Refusal, or the kind of the failure
	Model            string    `json:"model,omitempty"`     // as the server names it
	Prompt           string    `json:"prompt,omitempty"`    // version of the prompt
	Sent             string    `json:"sent,omitempty"`      // digest of the prompt as it was sent
	Boundary         string    `json:"boundary,omitempty"`  // that fenced what others said
	Tries            int       `json:"tries,omitempty"`     // calls that were made
	PromptTokens     int       `json:"prompt_tokens"`       // of all tries
	CompletionTokens int       `json:"completion_tokens"`   // of all tries
	Took             string    `json:"took,omitempty"`      // <0.5s, <1s, <2s, <4s or more
	Estimated        bool      `json:"estimated,omitempty"` // the server told no tokens
}

// mostNeeds is how many facts a turn may ask for.
const mostNeeds = 6

// Digest names the ask among the facts. It has no digits, which are masked where
// facts are kept.
func (a *ModelAsk) Digest() string {
	data, err := json.Marshal(a)
	if err != nil {
		return ""
	}
	return Digest(string(data))
}

// Digest is a hash in letters, the first 128 bits of SHA-256.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	var b strings.Builder
	for _, c := range sum[:16] {
		b.WriteByte('a' + c>>4)
		b.WriteByte('a' + c&15)
	}
	return b.String()
}

// model returns the checked answer to an ask, "" for nothing: there is no model, it
// failed, its answer did not pass, or the turn has asked enough. After is how many
// further facts the turn may need. It reports false when the ask is still to be
// made.
func (t *turn) model(a ModelAsk, after int) (output string, ok bool) {
	if t.in.Facts.Model == "" {
		return "", true
	}
	digest := a.Digest()
	for i := range t.in.Facts.Models {
		f := &t.in.Facts.Models[i]
		if f.Task != a.Task || f.Ask != digest {
			continue
		}
		if f.Output == "" {
			return "", true
		}
		// What was recorded is believed no more than what a model says.
		output, _ = a.Check(f.Output, f.Boundary)
		return output, true
	}
	if t.factsAnswered()+after >= mostNeeds || t.need != nil {
		return "", t.need == nil
	}
	t.need = &Need{Kind: NeedModel, Model: &a}
	return "", false
}

// factsAnswered counts the needs of this turn that were answered.
func (t *turn) factsAnswered() int {
	f := &t.in.Facts
	n := len(f.Searches) + len(f.Statuses) + len(f.Incidents) + len(f.Deeds) + len(f.Models)
	for _, once := range []bool{f.Recent != nil, f.Plan != nil, f.Handoff != nil} {
		if once {
			n++
		}
	}
	return n
}
