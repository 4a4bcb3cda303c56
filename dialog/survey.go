package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

var (
	solvedWords   = regexp.MustCompile(`^(?:问题)?(?:已经?|都|全|全部|基本)?(?:经)?(?:解决|处理好|处理完|修好|弄好|办好|恢复|好|来水|来电|通)(?:了|啦|的|过了)+|^(?:很|非常|挺|比较|基本)?满意|^解决$|^(?i:(?:yes,? )?(?:it is |it's )?(?:solved|fixed|resolved|satisfied))`)
	unsolvedWords = regexp.MustCompile(`(?:没|没有|未|并没|还没|还没有|根本没)(?:有)?(?:得到)?(?:解决|处理|修好|弄好|办好|恢复|好|来水|来电|通)|不满意|(?:还是|依然|仍然|仍|照样)(?:没|不|停|漏|堵|冷|臭|吵|老样子)|^(?i:(?:no,? )?(?:it is |it's )?(?:not (?:solved|fixed|resolved|satisfied)|unsolved|dissatisfied))`)
)

// safeWords tell that a danger is over.
var safeWords = regexp.MustCompile(`^(?:谢谢|好的?|嗯|已经|都|现在|人|火|我们|孩子|老人|他|她|大家|[，,。 ])*(?:(?:没事|灭|扑灭|安全|脱险|救出来|没危险)(?:了|啦)|(?:警察|民警|救护车|医生|消防(?:员|车|队)?|110|120|119)(?:已经|都)?(?:来|到|赶到)(?:了|啦))|^(?i:(?:thanks?[,.! ]*(?:you)?[,.! ]*|ok[,.! ]*|yes[,.! ]*)?(?:i'?m|i am|we are|we're|everyone is)(?: all)?(?: now)? (?:outside|safe|fine|out|ok|okay)\b|the (?:police|ambulance|fire brigade|firefighters) (?:is|are|has|have|came|arrived))`)

// These are heard as an answer only while a ticket waits for one: of themselves they
// may be about anything.
var (
	contentWords = regexp.MustCompile(`^(?:嗯|恩|哦|还|挺|蛮|很|真|都|非常|已经|[，, ])*(?:不错|可以|还行|行|挺好|很好|好|凑合|马马虎虎|过得去|满意|干净|搞定|弄利索|整好|妥)(?:了|的|吧|啊|呀|嘞|啦|滴|，|。|！|!|~|,)*(?:谢谢.*|辛苦.*)?$|^[^不没]{0,12}(?:满意|挺好|很好)(?:了|的|，|。|！|!|满意)*$|^(?i:(?:yes,? )?(?:all good|good|great|perfect|fine|it works.*|works now.*))[.! ]*$`)
	blameWords   = regexp.MustCompile(`不咋[地的样]|不怎么样|不行|差评|骗人|骗子|糊弄|敷衍|白说|没用|没人(?:来|管|修)|没(?:见)?(?:人)?来|没动静|老样子|还是(?:一堆|那样|这样|原样)|更(?:严重|差|堵|臭)|又.{1,4}了|没变化|没啥变化|压根|根本(?:没|不)|瞎说|胡说|假的|(?i:still|again|nobody came|never came|no change|terrible)`)
	vagueWords   = regexp.MustCompile(`^(?:感觉|觉得)?(?:一般|一般般|就那样|还那样|不好说|说不好|不知道|马虎)(?:吧|啊|呗|了)*[。.！!]*$|^(?i:so so|not sure|average)[.!]*$`)
)

// lukewarm is solved, and no reason for joy.
var lukewarm = regexp.MustCompile(`凑合|还行|马马虎虎|过得去|勉强|基本`)

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
	loose, heard := looseVerdict(text)
	if !ok && !heard {
		return false
	}
	tickets, ready := t.recent()
	if !ready {
		return true
	}
	for i := range tickets {
		k := &tickets[i]
		if k.Status == jiban.TicketAnswered && k.Solved == "" && k.Satisfied == "" && k.Kind != "callback" {
			return t.weigh(k, solved || !ok && loose == "yes", ok || loose != "")
		}
	}
	return ok && t.nothingToJudge(text, solved)
}

// looseVerdict reads an answer in odd words: yes, no, or "" for one that says
// neither.
func looseVerdict(text string) (verdict string, ok bool) {
	folded := lang.Fold(strings.Trim(text, trailing))
	switch {
	case vagueWords.MatchString(folded):
		return "", true
	case blameWords.MatchString(folded) && !strings.HasSuffix(folded, "吗"):
		return "no", true
	case contentWords.MatchString(folded) && !lang.Question(text):
		return "yes", true
	}
	return "", false
}

// weigh records a clear answer; to one that is none the question is asked once more.
func (t *turn) weigh(k *jiban.Ticket, solved, clear bool) bool {
	if clear {
		return t.judge(k, solved)
	}
	t.out.Decision, t.out.Intent = DecideSurvey, "survey"
	t.say("survey.again", nil)
	return true
}

// nothingToJudge answers a short 解决了 or 没解决 when no ticket waits for it.
func (t *turn) nothingToJudge(text string, solved bool) bool {
	folded := lang.Fold(text)
	if len([]rune(text)) > 10 && !safeWords.MatchString(folded) || !safeWords.MatchString(folded) && !solvedWords.MatchString(folded) && !unsolvedWords.MatchString(folded) {
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
	case solved && lukewarm.MatchString(t.said.text):
		t.say("survey.noted", nil)
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
