package dialog

import (
	"regexp"

	"jiban"
	"jiban/lang"
)

var (
	solvedWords   = regexp.MustCompile(`^(?:问题)?(?:已经?|都|全|全部|基本)?(?:经)?(?:解决|处理好|处理完|修好|弄好|办好|恢复|好|来水|来电|通)(?:了|啦|的|过了)+|^(?:很|非常|挺|比较|基本)?满意|^解决$|^(?i:(?:yes,? )?(?:it is |it's )?(?:solved|fixed|resolved|satisfied))`)
	unsolvedWords = regexp.MustCompile(`(?:没|没有|未|并没|还没|还没有|根本没)(?:有)?(?:得到)?(?:解决|处理|修好|弄好|办好|恢复|好|来水|来电|通)|不满意|(?:还是|依然|仍然|仍|照样)(?:没|不|停|漏|堵|冷|臭|吵|老样子)|^(?i:(?:no,? )?(?:it is |it's )?(?:not (?:solved|fixed|resolved|satisfied)|unsolved|dissatisfied))`)
)

// safeWords tell that a danger is over.
var safeWords = regexp.MustCompile(`^(?:已经|都|现在|人|火)*(?:没事|灭|扑灭|安全|脱险|救出来|没危险)(?:了|啦)`)

// maxSurvey bounds an answer to the one question, in characters: longer ones are
// requests of their own.
const maxSurvey = 40

// surveyed takes the answer to the question whether a ticket was solved. Nothing
// tells the engine that it was asked: it looks for a ticket that was answered and
// waits for just that.
func (t *turn) surveyed() bool {
	text := t.said.text
	if t.st.Pending != nil || t.st.Request != nil || text == "" || len([]rune(text)) > maxSurvey {
		return false
	}
	solved, ok := t.verdictOf(text)
	if !ok {
		return false
	}
	tickets, ready := t.recent()
	if !ready {
		return true
	}
	for i := range tickets {
		k := &tickets[i]
		if k.Status == jiban.TicketAnswered && k.Solved == "" && k.Satisfied == "" && k.Kind != "callback" {
			return t.judge(k, solved)
		}
	}
	return t.nothingToJudge(text, solved)
}

// nothingToJudge answers a short 解决了 or 没解决 when no ticket waits for it.
func (t *turn) nothingToJudge(text string, solved bool) bool {
	folded := lang.Fold(text)
	if len([]rune(text)) > 10 || !safeWords.MatchString(folded) && !solvedWords.MatchString(folded) && !unsolvedWords.MatchString(folded) {
		return false
	}
	t.out.Decision, t.out.Intent = DecideSmalltalk, "survey"
	if safeWords.MatchString(folded) {
		t.say("smalltalk.safe", nil)
		return true
	}
	if solved {
		t.say("answer.helped", nil)
		return true
	}
	t.say("survey.which", nil).options = t.options("human")
	return true
}

func (t *turn) verdictOf(text string) (solved, ok bool) {
	folded := lang.Fold(text)
	switch {
	case safeWords.MatchString(folded):
		return true, true
	case unsolvedWords.MatchString(folded):
		return false, true
	case solvedWords.MatchString(folded) && !lang.Question(text):
		return true, true
	case t.said.is(lang.CommandYes) || folded == "1":
		return true, true
	case t.said.is(lang.CommandNo) || folded == "2":
		return false, true
	}
	return false, false
}

// judge records the answer. Who was not helped gets the ticket reopened by the
// tickets room, once; after that people.
func (t *turn) judge(k *jiban.Ticket, solved bool) bool {
	t.out.Decision, t.out.Intent = DecideSurvey, "survey"
	t.out.RequestType, t.out.Matter = k.Type, k.Matter
	yesNo := "no"
	if solved {
		yesNo = "yes"
	}
	t.onto(jiban.EventSurveyed, k.Number, map[string]string{"solved": yesNo, "satisfied": yesNo, "reason": firstRunes(t.said.text, maxSurvey)})
	switch {
	case solved:
		t.say("survey.thanks", nil)
	case k.Reopened == 0:
		t.say("survey.reopened", map[string]any{"number": k.Number})
	default:
		t.say("survey.person", nil)
		t.handoff(jiban.HandoffRequested)
		t.out.Decision, t.out.Intent = DecideSurvey, "survey"
	}
	return true
}
