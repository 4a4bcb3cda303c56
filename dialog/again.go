package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// nextAfter comes to what was said besides a question, once that is answered.
func (t *turn) nextAfter(again int) {
	if again != repeatShort && t.st.Request == nil && t.need == nil {
		t.comeNext()
	}
}

// What becomes of a question to which the article just told is the answer again: it
// is told once more to a follow-up, then it is said that there is no more. Who asks
// the very same again hears that at once, and the next time people help.
const (
	repeatNot = iota
	repeatLead
	repeatShort
	repeatPeople
)

func (t *turn) sameArticle(a *jiban.Article) int {
	if t.st.Request != nil || t.st.Topic == "" || t.st.Cited == nil || t.st.Cited.ArticleID != a.ID || t.out.Region != "" {
		t.st.Repeats = 0
		return repeatNot
	}
	switch {
	case t.ownWords() == t.st.Asked:
		t.st.Repeats = max(t.st.Repeats+1, repeatShort)
	default:
		t.st.Repeats = min(t.st.Repeats+1, repeatShort)
		if t.in.Facts.Model != "" {
			// A model words the same article to each question.
			return repeatNot
		}
	}
	return min(t.st.Repeats, repeatPeople)
}

// ownWords are the question as the person put it, folded: what a model or the lines
// before make of it does not count.
func (t *turn) ownWords() string {
	return firstRunes(lang.Fold(strings.Trim(firstOf(t.back, t.said.text), trailing)), 100)
}

// noMoreThan says that the article holds all that is known, and what can be done.
func (t *turn) noMoreThan(a *jiban.Article) {
	cite := citation(a)
	l := t.say("answer.same", map[string]any{"title": cite.Title})
	l.cites, l.options = []jiban.Citation{cite}, t.options("human", "register")
	t.ask(pending{Kind: askedOffer, Text: t.said.text}, l)
}

// letGo ends a question that the person wants nothing more of: it was declined, and
// nobody gave up on anything.
func (t *turn) letGo(question string) bool {
	t.st.Pending = nil
	t.out.Decision, t.out.Intent = DecideSmalltalk, "declined"
	if t.st.Open {
		t.record(IntakeChange{Question: question, Type: jiban.Consultation, Result: jiban.IntakeDeclined})
	}
	t.say("form.fine", nil)
	return t.comeNext()
}

var declining = regexp.MustCompile(`^(?:那就?|先|暂时)?(?:不用|不必|不需要|没事|算了)|^(?:no,? ?(?:thanks|thank you)|never ?mind|no need)`)

// declines hears 不用了 as the answer to an offer, where it is no order to give up a
// form.
func (t *turn) declines() bool {
	return (t.said.is(lang.CommandCancel) || t.said.is(lang.CommandNo)) && declining.MatchString(lang.Fold(t.said.text))
}

// offered are the questions that 不用 answers.
func (p *pending) offered() bool {
	switch p.Kind {
	case askedOffer, askedNext, askedClarify, askedCity, askedWish, askedHuman, askedIncident, askedMenu:
		return true
	default:
		return false
	}
}
