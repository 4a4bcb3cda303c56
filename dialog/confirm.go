package dialog

import (
	"regexp"
	"strconv"
	"strings"

	"jiban"
	"jiban/lang"
)

// summarise shows all that will be filed and asks for a yes. No ticket is opened
// without it.
func (t *turn) summarise() {
	r := t.st.Request
	r.Confirmed = true
	private := (r.Type == jiban.Complaint || r.Type == jiban.Report) && !r.Anonymous && !r.Confidential
	t.out.Decision = DecideConfirm
	t.out.Ask = nil
	if r.Shortened {
		t.say("confirm.shortened", nil)
	}
	l := t.say("confirm.summary", map[string]any{"lines": t.summaryLines(r), "privacy": private})
	l.options = t.options("confirm", "edit", "cancel")
	if private {
		l.options = append(l.options, t.options("confidential", "anonymous")...)
	}
	t.ask(pending{Kind: askedConfirm}, l)
	t.openIntake()
}

// openIntake makes the record of the request where there is none yet.
func (t *turn) openIntake() {
	if !t.st.Request.Recorded {
		t.record(IntakeChange{Result: jiban.IntakeOpen})
	}
}

// smsSummary is how much of one value the summary shows by SMS, in characters.
const smsSummary = 36

func (t *turn) summaryLines(r *request) []map[string]string {
	what := t.word("type."+string(r.Type), nil)
	if name := t.matterName(r.Matter); name != "" {
		what += " · " + name
	}
	lines := []map[string]string{{"label": t.word("label.matter", nil), "value": what}}
	slots := t.slots()
	for _, key := range t.shown(r, slots) {
		value := strings.ReplaceAll(slots[key], "\n", " ")
		if key == "attachments" {
			value = t.word("label.pictures", map[string]any{"n": value})
		}
		if t.sms() {
			if short := firstRunes(value, smsSummary); short != value {
				value = short + "…"
			}
		}
		lines = append(lines, map[string]string{"label": t.label(t.field(key)), "value": value})
	}
	if r.Anonymous {
		lines = append(lines, map[string]string{"label": t.word("label.privacy", nil), "value": t.word("label.is_anonymous", nil)})
	} else if r.Confidential {
		lines = append(lines, map[string]string{"label": t.word("label.privacy", nil), "value": t.word("label.is_confidential", nil)})
	}
	return lines
}

// shown lists the keys to show: the usual ones first, then the matter's own.
func (t *turn) shown(r *request, slots map[string]string) []string {
	order := []string{"description", "city", "place", "since", "unit", "company", "credit_code", "amount", "people", "demand", "name", "phone", "attachments"}
	if m := t.e.matters[r.Matter]; m != nil {
		for _, f := range m.Form.Fields {
			if !contains(order, f.Key) {
				order = append(order, f.Key)
			}
		}
	}
	var out []string
	for _, key := range order {
		if slots[key] == "" || key == "city" && strings.Contains(slots["place"], shortName(slots["city"])) {
			continue
		}
		out = append(out, key)
	}
	return out
}

var editWords = regexp.MustCompile(`^(?:我?要?)?(?:修改|改一下|更改|改|要改|有错|不对|写错了|错了|(?i:edit|change))[。.！!]*$`)

// yesWords are a yes that tells what to do.
var yesWords = regexp.MustCompile(`^(?:好|行|可以|对|是|嗯|没问题|没错|正确)?(?:的|了|啊|吧)?[，,。 ]*(?:请|就|马上|赶紧|直接|这样)?(?:帮我)?(?:提交|确认|登记|办)(?:吧|了|一下|就行)?[。.！!]*$`)

// answerConfirm files the request on a yes; takes corrections and additions; and
// never takes silence or small talk for a yes.
func (t *turn) answerConfirm(p pending) bool {
	r := t.st.Request
	if r == nil {
		t.st.Pending = nil
		return false
	}
	choice := ""
	if o, ok := t.said.choice(p.Choices); ok {
		choice = o.Value
	}
	switch {
	case t.said.pictures > 0 && len(t.said.parts) == 0:
		t.addPictures(r)
		t.say("form.picture", nil)
		t.summarise()
		return true
	case t.said.location != nil && len(t.said.parts) == 0:
		t.takePosition(r)
		return t.changed()
	case t.chosePrivacy() || t.choosePrivacy(choice):
		return t.goOn()
	case choice == t.zh("edit") || editWords.MatchString(t.said.text):
		return t.askEdit()
	case choice == t.zh("cancel"):
		return t.cancel()
	case choice == t.zh("confirm") || yesWords.MatchString(t.said.text) || t.said.is(lang.CommandYes) && !t.said.is(lang.CommandNo):
		return t.file()
	case t.said.is(lang.CommandNo):
		return t.askEdit()
	}
	return t.besideConfirm(p)
}

func (t *turn) zh(option string) string {
	return t.e.book.Say(jiban.Chinese, "option."+option, nil)
}

func (t *turn) choosePrivacy(choice string) bool {
	r := t.st.Request
	switch choice {
	case t.zh("anonymous"):
		r.Anonymous = true
		t.say("form.anonymous", nil)
	case t.zh("confidential"):
		r.Confidential = true
		t.say("form.confidential", nil)
	default:
		return false
	}
	return true
}

// besideConfirm takes what is neither yes nor no: a question, something to add,
// small talk.
func (t *turn) besideConfirm(p pending) bool {
	text := t.said.text
	if len(t.said.parts) == 0 {
		return false
	}
	if m := asideMark.FindString(text); m != "" && len([]rune(text[len(m):])) >= 4 {
		return t.noteOrAnswer(text[len(m):])
	}
	if kind, ok := lang.Chitchat(text); ok && kind == lang.ChatInsult {
		return t.insulted()
	} else if ok && kind != lang.ChatNoise {
		t.out.Decision, t.out.Intent = DecideConfirm, kind
		t.confirmAgain(p)
		return true
	}
	if waits.MatchString(text) {
		t.out.Decision, t.out.Intent = DecideConfirm, "wait"
		t.say("form.wait", nil)
		return true
	}
	if lang.Question(text) {
		return t.answerBetween(text)
	}
	if t.houseTold(text) || t.retold(text) {
		return t.changed()
	}
	if other, ok := t.otherRequest(text); ok {
		return t.noteOrAnswer(other)
	}
	if addition.MatchString(text) && len([]rune(text)) >= 6 {
		t.addTo(t.st.Request, text)
		return t.changed()
	}
	if tellsStory(text) {
		t.addTo(t.st.Request, text)
		t.say("supplement.form", nil)
		return t.goOn()
	}
	return t.unclearConfirm(p)
}

// tellsStory says that a message at the summary tells something that should not be
// lost, and is no word about the filing itself.
func tellsStory(text string) bool {
	if aboutFiling.MatchString(text) || lang.Gibberish(text) {
		return false
	}
	return len(hanOnly.FindAllString(text, -1)) >= 6 || englishStory.MatchString(text)
}

var (
	aboutFiling  = regexp.MustCompile(`没有?(?:别的|其他|什么|了)|想想|考虑|再说|一会|待会|随便|无所谓|看着办|提交|确认|登记|取消|(?i:submit|confirm|later|nothing)`)
	englishStory = regexp.MustCompile(`[A-Za-z]{2,}(?:[ ,]+[A-Za-z0-9']+){2,}`)
)

// retold takes what is told anew at the summary as the better value, unless it adds
// to the story.
func (t *turn) retold(text string) bool {
	before := t.slots()
	if t.onlyWhere(text) && len(lang.Phones(text)) == 0 && t.moved(t.st.Request, text) {
		return true
	}
	t.absorb(text, !addition.MatchString(text) && len([]rune(text)) <= maxRetold)
	if r := t.st.Request; before["people"] == "" && tellsStory(text) && !t.hasOwn("people") {
		delete(r.Slots, "people") // who lives there is told, it is no number for the form
	}
	after := t.slots()
	if len(after) != len(before) {
		return true
	}
	for k, v := range after {
		if before[k] != v {
			return true
		}
	}
	return false
}

// maxRetold is how long a message may be to correct rather than to tell more.
const maxRetold = 40

var addition = regexp.MustCompile(`^(?:还有|而且|并且|再加|加上|补充|还要|\p{Han}{0,4}也)`)

func (t *turn) changed() bool {
	t.say("form.updated", nil)
	return t.goOn()
}

func (t *turn) unclearConfirm(p pending) bool {
	p.Tries++
	if p.Tries > 2 {
		return t.handoff(jiban.HandoffNotUnderstood)
	}
	t.out.Decision = DecideConfirm
	t.confirmAgain(p)
	return true
}

// confirmAgain repeats that a yes is awaited, in other words the second time.
func (t *turn) confirmAgain(p pending) {
	if !t.st.Request.Confirmed || len(t.missing(t.st.Request)) > 0 {
		t.goOn()
		return
	}
	key := "confirm.again"
	if p.Said++; p.Said%2 == 0 {
		key = "confirm.again2"
	}
	if t.out.Decision == DecideNone {
		t.out.Decision = DecideConfirm
	}
	choices := p.Choices
	l := t.say(key, nil)
	l.options = choices
	t.ask(p, l)
}

func (t *turn) askEdit() bool {
	r := t.st.Request
	t.out.Decision = DecideClarify
	l := t.say("confirm.edit", nil)
	for _, key := range t.shown(r, t.slots()) {
		if key == "attachments" || key == "city" && r.Slots["place"] != "" {
			continue
		}
		l.options = append(l.options, jiban.Option{Label: t.label(t.field(key)), Value: key})
	}
	t.ask(pending{Kind: askedEdit}, l)
	return true
}

// file opens the ticket with the number, department and time that the tickets
// room planned.
func (t *turn) file() bool {
	r := t.st.Request
	if !r.Confirmed || len(t.missing(r)) > 0 {
		return t.goOn()
	}
	draft := t.draft("request")
	fact, ok := t.plan(draft)
	if !ok {
		return true
	}
	t.opened(draft, fact.Plan)
	t.say(ticketKey(r), t.planWords(fact.Plan))
	return t.filed()
}

// opened opens the ticket of the present request.
func (t *turn) opened(draft jiban.TicketDraft, plan jiban.TicketPlan) {
	r := t.st.Request
	t.out.Tickets = append(t.out.Tickets, jiban.TicketAction{
		Kind: jiban.EventOpened, Number: plan.Number, Draft: &draft, Plan: &plan, Actor: "bot",
	})
	t.out.Decision, t.out.Intent = DecideTicket, "confirm"
	t.out.RequestType, t.out.Matter, t.out.Slots = r.Type, r.Matter, t.slots()
	t.record(IntakeChange{Result: jiban.IntakeTicket, Ticket: plan.Number})
}

// filed leaves the request that became a ticket.
func (t *turn) filed() bool {
	if len(t.st.Next) > 0 {
		// What was said together mostly happened at one place; the summary shows it.
		t.st.Place = t.st.Request.Slots["place"]
	}
	t.st.Request, t.st.Pending = nil, nil
	t.st.calm()
	t.st.Anger = 0
	return t.comeNext()
}

func ticketKey(r *request) string {
	switch {
	case r.Type == jiban.Praise:
		return "ticket.opened_praise"
	case r.Anonymous:
		return "ticket.opened_anonymous"
	default:
		return "ticket.opened"
	}
}

func (t *turn) planWords(p jiban.TicketPlan) map[string]any {
	limit := t.word("limit.unknown", nil)
	if p.Limit.Hours > 0 {
		limit = t.word("limit.hours", map[string]any{"n": p.Limit.Hours})
	} else if p.Limit.Days > 0 {
		limit = t.word("limit.days", map[string]any{"n": p.Limit.Days})
	}
	return map[string]any{"number": p.Number, "department": p.DepartmentName, "limit": limit, "due": t.when(p.DueAt)}
}

// draft is the request as the tickets room takes it.
func (t *turn) draft(kind string) jiban.TicketDraft {
	r := t.st.Request
	d := jiban.TicketDraft{
		Kind: kind, Region: t.ticketRegion(), Fields: t.slots(), Catalogue: t.e.version,
		ContactID: t.in.Situation.ContactID, ConversationID: t.in.Situation.ConversationID, Channel: t.in.Situation.Channel,
	}
	if r != nil {
		d.Type, d.Matter, d.Confidential, d.Anonymous = r.Type, r.Matter, r.Confidential, r.Anonymous
		if m := t.e.matters[r.Matter]; m != nil {
			d.Urgent = m.Urgent
		}
		d.Guesses = t.proposed(d.Fields["description"])
	}
	delete(d.Fields, "anonymous")
	delete(d.Fields, "confidential")
	return d
}

// ticketRegion is a region that the catalogue knows.
func (t *turn) ticketRegion() string {
	region := t.region()
	if _, known := t.e.regions[region]; known {
		return region
	}
	return firstOf(t.cityOf(region), t.e.region)
}

func itoa(n int) string { return strconv.Itoa(n) }

func coordinates(l *jiban.Location) string {
	return strconv.FormatFloat(l.Lat, 'f', 6, 64) + "," + strconv.FormatFloat(l.Lng, 'f', 6, 64)
}
