package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// smalltalk answers greetings and thanks, short.
func (t *turn) smalltalk() bool {
	kind, ok := lang.Chitchat(t.said.text)
	if !ok && returns.MatchString(t.said.text) {
		kind, ok = "greeting", true
	}
	if !ok && thanksOnly.MatchString(t.said.text) {
		kind, ok = lang.ChatThanks, true
	}
	if !ok || kind == lang.ChatNoise && (!meaningful(t.said.text) || lang.Gibberish(t.said.text)) {
		return false
	}
	if kind == lang.ChatInsult {
		return t.insulted()
	}
	t.out.Decision, t.out.Intent = DecideSmalltalk, kind
	if t.in.Situation.First && kind == "greeting" {
		t.say("hello", nil)
		return true
	}
	t.say(t.chatKey(kind), nil)
	return true
}

// thanksOnly thanks the robot by some name.
var thanksOnly = regexp.MustCompile(`^(?:好的?|嗯|太|[，, ])*(?:谢谢|多谢|感谢)(?:你|您|们|啊|哈|呀|啦|了|小|机器人|客服|同志|帮忙)*[。.！!~～]*$`)

// waits is who needs a moment.
var waits = regexp.MustCompile(`^(?:好的?[，, ]*)?(?:你|您|请|先|稍)*(?:等一?下|等等|等会儿?|稍等|等我一?下)|^(?:让)?我(?:先)?(?:想想|看看|找找|问问|查一?下)|(?i:^(?:wait|one moment|hold on|just a (?:moment|minute)))`)

// returns is who says that they are here again, or goes on with what is over.
var returns = regexp.MustCompile(`^(?:我)?(?:又)?(?:回来|来|在)(?:了|啦)[。.！!]*$|^(?:接着办|继续办?|接着)[吧。.！!]*$`)

// insulted stays calm and offers people; to fury, and the second time, they come.
func (t *turn) insulted() bool {
	t.st.Anger++
	if t.st.Anger >= 2 || lang.Sentiment(t.said.text) >= furious {
		t.say("anger.calm", nil)
		return t.handoff(jiban.HandoffAnger)
	}
	t.out.Decision, t.out.Intent = DecideSmalltalk, "anger"
	t.say("anger.insult", nil).options = t.options("human")
	return true
}

func (t *turn) chatKey(kind string) string {
	if key := "smalltalk." + kind; t.e.book.Has(key) {
		return key
	}
	return "smalltalk.other"
}

// chatInForm is shorter: the form goes on right behind it.
func (t *turn) chatInForm(kind string) string {
	if key := "smalltalk." + kind + "_form"; t.e.book.Has(key) {
		return key
	}
	return t.chatKey(kind)
}

// empty answers what holds no words: pictures, positions, voice, events.
func (t *turn) empty() bool {
	if len(t.said.parts) > 0 && meaningful(t.said.text) {
		return false
	}
	t.out.Decision = DecideSmalltalk
	switch {
	case t.said.location != nil:
		t.out.Intent = "location"
		t.keepPosition()
		t.say("media.location", nil)
	case t.said.pictures > 0:
		t.out.Intent = "image"
		t.say("media.image", nil)
	case t.said.other != "":
		t.out.Intent = string(t.said.other)
		t.say("media."+string(t.said.other), nil)
	case t.said.event != "":
		t.out.Intent = "event"
		t.say("hello", nil)
	default:
		// Signs without a word: it counts as not understood.
		return false
	}
	if t.st.Request != nil && t.st.Pending != nil {
		t.resume()
	}
	return true
}

// keepPosition learns the city of a position that came before any request.
func (t *turn) keepPosition() {
	t.learnPlaces(t.said.location.Label)
	t.st.Place = firstOf(strings.TrimSpace(t.said.location.Label), coordinates(t.said.location))
}

var rosterWords = regexp.MustCompile(`特服名单|我是(?:一?[名个位])?.{0,4}(?:残疾|残障|盲人|聋哑|聋人|听障|视障|视力障碍|听力障碍|孤寡|独居老人|空巢老人|烈属|优抚|低保户)|我(?:的)?(?:眼睛)?(?:看不见|看不清)|我(?:的)?(?:耳朵)?(?:听不见|听不清|耳聋)|我(?:腿脚|行动)不便|我坐轮椅|(?i:i am (?:disabled|blind|deaf)|i'm (?:disabled|blind|deaf))`)

// roster believes who says to be on the special-service list: people are offered
// at once, for this conversation.
func (t *turn) roster() bool {
	if t.st.Roster || !rosterWords.MatchString(t.said.text) {
		return false
	}
	t.st.Roster, t.out.Roster = true, true
	rest := strings.TrimPrefix(strings.Trim(rosterWords.ReplaceAllString(t.said.text, ""), trailing), "人士")
	if t.st.Pending != nil || len([]rune(strings.Trim(rest, trailing))) > 4 {
		// There is more in the message: that is dealt with, the offer beside it.
		t.say("roster.offer", nil)
		return false
	}
	t.out.Decision, t.out.Intent = DecideClarify, "roster"
	l := t.say("roster.claimed", nil)
	l.options = t.options("human")
	t.ask(pending{Kind: askedHuman}, l)
	return true
}

// notUnderstood admits it, each time in other words; then people help.
func (t *turn) notUnderstood() {
	t.st.Failures++
	t.out.Decision, t.out.Intent = DecideClarify, "unclear"
	switch t.st.FailedWith {
	case "":
		t.fail("fail.first")
	case "fail.first":
		t.fail("fail.second")
	default:
		t.st.FailedWith = ""
		t.say("handoff.again_not_understood", nil)
		t.handoff(jiban.HandoffNotUnderstood)
	}
}

func (t *turn) fail(key string) {
	t.st.FailedWith = key
	l := t.say(key, nil)
	l.options = t.options("human")
	if t.st.Request != nil && t.st.Pending != nil {
		l.options = nil
		t.resume()
		t.out.Decision = DecideAskField
	}
}

func (t *turn) answerSupplement(p pending) bool {
	if !meaningful(t.said.text) {
		return false
	}
	t.st.Pending = nil
	t.ordered(CommandSupplement)
	return t.supplemented(p.Text, t.said.text)
}

// keeps is who lets a ticket stand after all.
var keeps = regexp.MustCompile(`^(?:那|还是|先|算了|[，, ])*(?:不撤|别撤|不取消|留着|保留)|(?i:\bkeep\b)`)

func (t *turn) answerWithdraw(p pending) bool {
	t.st.Pending = nil
	o, _ := t.said.choice(p.Choices)
	switch {
	case o.Value == t.zh("withdraw") || t.said.is(lang.CommandYes):
		t.ordered(CommandWithdraw)
		t.onto(jiban.EventWithdrawn, p.Text, map[string]string{"reason": "withdrawn by the contact"})
		t.say("withdraw.done", map[string]any{"number": p.Text})
	case o.Value == t.zh("keep") || t.said.is(lang.CommandNo) || keeps.MatchString(t.said.text):
		t.ordered(CommandWithdraw)
		t.say("withdraw.kept", nil)
	default:
		return false
	}
	if t.st.Request != nil {
		return t.goOn()
	}
	return true
}

func (t *turn) answerTicket(p pending) bool {
	t.st.Pending = nil
	o, ok := t.said.choice(p.Choices)
	if !ok || len(p.Keys) == 0 {
		return false
	}
	return t.onTicket(Command(p.Keys[0]), o.Value)
}
