package dialog

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"jiban"
	"jiban/lang"
)

// nearlyComplete is how many fields may be missing for a form to be finished
// rather than given up for a call back, when nobody is on duty.
const nearlyComplete = 1

// handoff passes the conversation to people, with all that is known. Where nobody
// is on duty the person gets a ticket or a call back instead: never nothing.
func (t *turn) handoff(why jiban.HandoffReason) bool {
	t.out.Decision, t.out.Intent = DecideHandoff, "human"
	if t.st.Roster && why == jiban.HandoffRequested {
		why = jiban.HandoffRoster
	}
	if !t.suggest() || !t.digest(why) {
		return true
	}
	plan, ok := t.planHandoff(why)
	if !ok {
		return true
	}
	if plan.OnDuty {
		t.open(why, plan)
		return true
	}
	return t.nobodyOnDuty(why, plan)
}

// suggest finds articles for the agent where the dialogue found none. It reports
// false when the search is still to be made.
func (t *turn) suggest() bool {
	r := t.st.Request
	if r == nil || len(r.Articles) > 0 || len(t.st.Articles) > 0 || r.Text == "" || bareWish(r.Text) {
		return true
	}
	found, ok := t.search(firstRunes(r.Text, 200))
	if !ok {
		return false
	}
	for i := 0; i < len(found.Found) && i < 3; i++ {
		r.Articles = append(r.Articles, found.Found[i].Article.ID)
	}
	return true
}

func (t *turn) handoffRequest(why jiban.HandoffReason) jiban.HandoffRequest {
	req := jiban.HandoffRequest{
		Reason: why, Region: t.ticketRegion(), Audience: t.in.Situation.Audience, Roster: t.st.Roster,
		Summary: t.summaryForAgent(), Draft: t.slots(), Articles: t.st.Articles,
	}
	if r := t.st.Request; r != nil {
		req.Type, req.Matter = r.Type, r.Matter
		if len(r.Articles) > 0 {
			req.Articles = r.Articles
		}
	}
	if req.Type == "" && t.st.Topic != "" {
		req.Type = jiban.Consultation
	}
	return req
}

// summaryForAgent is in Chinese, which staff read, whatever the person writes.
func (t *turn) summaryForAgent() string {
	zh := *t
	zh.lang = jiban.Chinese
	var lines []string
	if t.brief != "" {
		lines = append(lines, zh.word("handoff.digest", map[string]any{"text": t.brief}))
	}
	if r := t.st.Request; r != nil {
		for _, l := range zh.summaryLines(r) {
			lines = append(lines, l["label"]+"："+l["value"])
		}
	} else if t.st.Topic != "" {
		lines = append(lines, zh.word("type.consultation", nil)+"："+t.st.Topic)
	}
	if p := t.st.Pending; p != nil && p.Text != "" && t.st.Request == nil {
		lines = append(lines, p.Text)
	}
	return strings.Join(append(lines, t.st.Next...), "\n")
}

// open joins the queue: from now on the bot is silent.
func (t *turn) open(why jiban.HandoffReason, plan jiban.HandoffPlan) {
	t.out.Handoff = &HandoffAction{Move: HandoffOpen, Request: t.handoffRequest(why), Plan: plan}
	key := "handoff.open"
	if t.st.Roster {
		key = "handoff.open_roster"
	}
	t.say(key, t.waitWords(plan))
	t.say("handoff.waiting_tips", nil)
	t.settleHandover()
	t.st.Away = true
}

func (t *turn) settleHandover() {
	if t.out.Intake != nil && !t.out.Intake.Open {
		return
	}
	t.record(IntakeChange{Question: t.asked(), Result: jiban.IntakeHandedOver, Articles: t.st.Articles})
}

// asked is what the person came for, in their words.
func (t *turn) asked() string {
	if t.st.Request != nil {
		return t.st.Request.Text
	}
	if p := t.st.Pending; p != nil && p.Text != "" {
		return p.Text
	}
	return firstOf(t.st.Topic, firstRunes(t.said.text, maxHeard))
}

func (t *turn) waitWords(plan jiban.HandoffPlan) map[string]any {
	words := map[string]any{"ahead": "", "wait": ""}
	if plan.Ahead > 0 {
		words["ahead"] = strconv.Itoa(plan.Ahead)
	}
	switch {
	case plan.Wait <= 0:
	case plan.Wait < time.Minute:
		words["wait"] = t.word("wait.under_minute", nil)
	default:
		words["wait"] = t.word("wait.minutes", map[string]any{"n": int((plan.Wait + time.Minute - 1) / time.Minute)})
	}
	return words
}

// nobodyOnDuty records the handoff and finds the next best: the form finished if
// little is missing, else a numbered call-back task.
func (t *turn) nobodyOnDuty(why jiban.HandoffReason, plan jiban.HandoffPlan) bool {
	t.out.Handoff = &HandoffAction{Move: HandoffCallback, Request: t.handoffRequest(why), Plan: plan}
	t.st.CallbackBy = plan.CallbackBy
	if r := t.st.Request; r != nil && why != jiban.HandoffNotUnderstood && t.st.Callback == "" && len(t.missing(r)) <= nearlyComplete {
		t.say("handoff.off_form", nil)
		if len(t.missing(r)) == 0 {
			// The summary is a turn of its own kind: only after it may be filed.
			t.summarise()
			return true
		}
		return t.goOn()
	}
	if t.st.Callback != "" {
		t.out.Handoff = nil
		t.say("handoff.callback_known", nil)
		return true
	}
	if t.slots()["phone"] != "" || t.contactPhone() != "" {
		return t.callBack("handoff.callback")
	}
	key := "handoff.off_phone"
	if plan.CallbackBy.IsZero() {
		key = "handoff.off_phone_unknown_time"
	}
	if t.st.Request == nil {
		t.record(IntakeChange{Question: t.asked(), Result: jiban.IntakeOpen})
	}
	l := t.say(key, map[string]any{"by": t.when(plan.CallbackBy)})
	t.out.Ask = []string{"phone"}
	t.ask(pending{Kind: askedCallback, Keys: []string{"phone"}, Text: t.asked()}, l)
	return true
}

// contactPhone is the number the house may call, proven or told.
func (t *turn) contactPhone() string {
	return firstOf(t.in.Situation.Phone, t.st.Known["phone"])
}

// callBack opens a numbered call-back task.
func (t *turn) callBack(key string) bool {
	draft := t.draft("callback")
	if draft.Anonymous {
		// Who leaves a number to be called is kept secret instead.
		draft.Anonymous, draft.Confidential = false, true
	}
	phone := firstOf(draft.Fields["phone"], t.contactPhone())
	if phone != "" {
		draft.Fields["phone"] = phone
	} else {
		key = "handoff.callback_here"
	}
	if draft.Fields["description"] == "" {
		draft.Fields["description"] = firstOf(t.asked(), t.word("callback_matter", nil))
	}
	fact, ok := t.plan(draft)
	if !ok {
		return true
	}
	t.out.Tickets = append(t.out.Tickets, jiban.TicketAction{
		Kind: jiban.EventOpened, Number: fact.Plan.Number, Draft: &draft, Plan: &fact.Plan, Actor: "bot",
	})
	by := t.st.CallbackBy
	if by.IsZero() {
		by = fact.Plan.DueAt
	}
	t.settleCallback(fact.Plan.Number)
	t.say(key, map[string]any{"number": fact.Plan.Number, "by": t.when(by), "phone": phone})
	t.st.Callback = fact.Plan.Number
	t.st.Request, t.st.Pending = nil, nil
	t.st.calm()
	return true
}

// settleCallback puts the number of the task on the record of the request; a later
// turn than the one that recorded the handoff has none of its own.
func (t *turn) settleCallback(number string) {
	if t.out.Handoff != nil || t.st.Request != nil || t.st.Open {
		t.record(IntakeChange{Question: t.asked(), Result: jiban.IntakeHandedOver, Ticket: number})
		return
	}
	t.out.Intake = &IntakeChange{Result: jiban.IntakeHandedOver, Ticket: number}
}

// answerCallback takes the telephone number for the call back. Who would rather
// give none is answered here.
func (t *turn) answerCallback(p pending) bool {
	if phones := lang.Phones(t.said.text); len(phones) > 0 {
		t.st.know("phone", phones[0].Value)
		if r := t.st.Request; r != nil {
			r.set("phone", phones[0].Value)
		}
		t.out.Decision, t.out.Intent = DecideHandoff, "human"
		return t.callBack("handoff.callback_short")
	}
	if t.said.is(lang.CommandSkip) || t.said.is(lang.CommandNo) || t.said.is(lang.CommandAnonymous) || refuses.MatchString(t.said.text) || p.Tries >= 2 {
		t.out.Decision, t.out.Intent = DecideHandoff, "human"
		return t.callBack("handoff.callback_here")
	}
	if rd := t.read(t.said.text); rd.question || rd.sure >= sureType || rd.score >= sureMatter {
		t.st.Pending = nil
		return false
	}
	p.Tries++
	key := "invalid.phone"
	if lang.Sentiment(t.said.text) >= angry {
		t.say("anger.calm", nil)
		key = "handoff.no_phone_ok"
	} else if p.Tries > 1 {
		key = "handoff.no_phone_ok"
	}
	t.out.Decision, t.out.Intent, t.out.Ask = DecideHandoff, "human", []string{"phone"}
	l := t.say(key, nil)
	t.ask(p, l)
	return true
}

// refuses is who would rather give no number.
var refuses = regexp.MustCompile(`不方便|不想|不愿|不留|不给|没有(?:电话|手机)|没电话|(?i:rather not|no phone)`)

func (t *turn) answerHuman() bool {
	t.st.Pending = nil
	if t.said.is(lang.CommandYes) {
		return t.handoff(jiban.HandoffRoster)
	}
	if t.said.is(lang.CommandNo) || t.said.is(lang.CommandSkip) || t.declines() {
		t.out.Decision = DecideSmalltalk
		t.say("hello", nil)
		return true
	}
	return false
}

var leaveWord = regexp.MustCompile(`^(?:我要|我想)?(?:留言|留个言|(?i:message))[：:，,\s]*`)

// heldByPeople keeps the bot silent: with an agent always, in the queue but for
// what helps somebody who waits.
func (t *turn) heldByPeople() bool {
	if !t.held() {
		return false
	}
	t.out.Decision = DecideHandoff
	if t.in.Situation.Holder == jiban.HeldByAgent {
		return true
	}
	if c, arg, ok := t.said.ordered(lang.CommandLeave, lang.CommandBack, lang.CommandCancel, lang.CommandRestart,
		lang.CommandHuman, lang.CommandStatus, lang.CommandOptOut, lang.CommandOptIn, lang.CommandOutOfProgress, lang.CommandOutOfSurvey,
		lang.CommandIntoProgress, lang.CommandIntoSurvey, lang.CommandPrivacy); ok {
		return t.whileWaiting(c, arg)
	}
	if asksWait.MatchString(t.said.text) {
		t.tellWaiting()
		return true
	}
	for _, part := range t.said.parts {
		if m := leaveWord.FindString(part); m != "" {
			key := "handoff.message_kept"
			if strings.TrimSpace(part[len(m):]) == "" {
				key = "handoff.leave_message"
			}
			t.say(key, nil)
			return true
		}
	}
	return true
}

// asksWait is who asks how long it still takes.
var asksWait = regexp.MustCompile(`等(?:到)?(?:多久|多长时间|几分钟|啥时候|什么时候)|前面(?:还)?(?:有|剩)?(?:多少|几)(?:个|位)?(?:人)?|排(?:到|在)?(?:哪|第几)|(?:轮|到)(?:到)?我了?(?:吗|没)|多久(?:才)?(?:能)?(?:轮到|接通)|(?i:how (?:much )?long)`)

func (t *turn) whileWaiting(c lang.Command, number string) bool {
	switch c {
	case lang.CommandOptOut, lang.CommandOptIn:
		t.wants(c == lang.CommandOptOut, "")
	case lang.CommandOutOfProgress, lang.CommandIntoProgress:
		t.wants(c == lang.CommandOutOfProgress, jiban.GroupProgress)
	case lang.CommandOutOfSurvey, lang.CommandIntoSurvey:
		t.wants(c == lang.CommandOutOfSurvey, jiban.GroupSurvey)
	case lang.CommandPrivacy:
		t.say("privacy.full", t.edition())
	case lang.CommandHuman:
		t.tellWaiting()
	case lang.CommandStatus:
		if number == "" {
			number = firstTicket(t.said.text)
		}
		if number == "" {
			t.tellWaiting()
			return true
		}
		t.statusOf(number)
		t.out.Decision = DecideHandoff
	default:
		t.leaveQueue()
	}
	return true
}

func (t *turn) tellWaiting() {
	plan, ok := t.planHandoff(jiban.HandoffRequested)
	if ok {
		// The plan is for one who comes now: this person is among those ahead.
		plan.Ahead = max(plan.Ahead-1, 0)
		t.say("handoff.waiting", t.waitWords(plan))
	}
}

// leaveQueue brings the person back to the bot, where the form goes on.
func (t *turn) leaveQueue() {
	t.out.Handoff = &HandoffAction{Move: HandoffLeave}
	t.out.Decision, t.out.Command, t.out.Intent = DecideCommand, CommandCancel, "leave"
	t.st.Away = false
	t.say("handoff.left", nil)
	t.resume()
}
