package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// command does what a person ordered with a word. In the middle of a form the
// question that stood open is asked again afterwards.
func (t *turn) command() bool {
	if t.tookChoice() {
		return false
	}
	c, arg, ok := t.said.ordered(lang.CommandHuman, lang.CommandStatus, lang.CommandUrge, lang.CommandSupplement, lang.CommandWithdraw,
		lang.CommandCancel, lang.CommandRestart, lang.CommandOptOut, lang.CommandOptIn, lang.CommandHelp)
	if c == lang.CommandCancel && t.st.Pending != nil && t.st.Pending.offered() && t.declines() {
		return false
	}
	if !ok && t.wantsPeople() {
		c, ok = lang.CommandHuman, true
	}
	if !ok {
		return t.readOn() || t.namedTicket()
	}
	switch c {
	case lang.CommandHuman:
		t.out.Command = CommandHuman
		if specialist.MatchString(t.said.text) || t.unansweredFirm() {
			return t.handoff(jiban.HandoffSpecialist)
		}
		return t.handoff(jiban.HandoffRequested)
	case lang.CommandStatus:
		return t.progress(arg)
	case lang.CommandUrge:
		return t.onTicket(CommandUrge, arg)
	case lang.CommandSupplement:
		return t.supplement(arg)
	case lang.CommandWithdraw:
		return t.withdraw(arg)
	case lang.CommandCancel, lang.CommandRestart:
		return t.cancel()
	case lang.CommandOptOut, lang.CommandOptIn:
		return t.opt(c == lang.CommandOptOut, "")
	default:
		return t.help()
	}
}

var (
	people     = regexp.MustCompile(`转人工|转接人工|找人工|接人工|要人工|人工客服|人工服务|人工坐席|真人客服|找真人|(?i:(?:talk|speak) (?:to|with) (?:a |an |some)?(?:human|person|agent|body|one)|human agent|real person)`)
	specialist = regexp.MustCompile(`专员|专家|(?i:specialist|expert)`)
	noPeople   = regexp.MustCompile(`(?:不|别|没)(?:用|要|想|需要|必|有)?(?:再)?(?:转|找|接)?(?:接)?(?:人工|真人)`)
)

// unansweredFirm says that a business asks for people because its question has no
// answer here: the specialist of the department knows it.
func (t *turn) unansweredFirm() bool {
	p := t.st.Pending
	return p != nil && t.in.Situation.Audience == jiban.Enterprise && (p.Kind == askedOffer || p.Kind == askedClarify)
}

// maxWithPeople is how long a message may be to be the order for people, whatever
// else it says.
const maxWithPeople = 40

// wantsPeople hears 转人工 inside a sentence: it must work at any moment.
func (t *turn) wantsPeople() bool {
	return len([]rune(t.said.text)) <= maxWithPeople && people.MatchString(t.said.text) && !noPeople.MatchString(t.said.text)
}

// tookChoice says that the words are one of the choices just offered, which they
// mean then. People and the way out are orders everywhere.
func (t *turn) tookChoice() bool {
	if t.st.Pending == nil {
		return false
	}
	o, ok := t.said.choice(t.st.Pending.Choices)
	return ok && o.Value != t.zh("human") && o.Value != t.zh("cancel")
}

// maxBeside is how many characters may stand beside a ticket number for the
// message to ask how it stands.
const maxBeside = 10

// asksTicket is the question after a ticket in English.
var asksTicket = regexp.MustCompile(`^(?:hi |hello |please |can you |could you )?(?:where|what|how|check|show|tell)\b.{0,30}(?:ticket|request|case|number)[^.]{0,12}$`)

// namedTicket takes a message that is little more than a ticket number as the
// question how it stands.
func (t *turn) namedTicket() bool {
	number := firstTicket(t.said.text)
	if number == "" {
		return false
	}
	if p := t.st.Pending; p != nil && t.st.Request == nil && p.Kind != askedMenu {
		return false
	}
	rest := strings.Replace(lang.Fold(t.said.text), number, "", 1)
	if len([]rune(strings.Trim(rest, trailing))) > maxBeside && !asksTicket.MatchString(rest) {
		return false
	}
	return t.progress(number)
}

func (t *turn) ordered(c Command) {
	t.out.Decision, t.out.Command, t.out.Intent = DecideCommand, c, string(c)
}

// cancel gives up the form; a request that was noted meanwhile comes next.
func (t *turn) cancel() bool {
	t.ordered(CommandCancel)
	key := "form.cancelled"
	if t.st.Request == nil {
		key = "form.nothing"
	}
	t.abandon()
	t.say(key, nil)
	return t.comeNext()
}

func (t *turn) abandon() {
	if t.st.Request != nil {
		t.record(IntakeChange{Result: jiban.IntakeAbandoned})
	} else if p := t.st.Pending; p != nil && t.st.Open {
		t.record(IntakeChange{Question: p.Text, Type: jiban.Consultation, Result: jiban.IntakeDeclined})
	}
	t.st.Request, t.st.Pending, t.st.More = nil, nil, ""
	t.st.calm()
}

func (t *turn) help() bool {
	t.ordered(CommandHelp)
	if t.st.Request == nil {
		t.say("help", nil)
		return true
	}
	t.say("help.form", nil)
	return t.resume()
}

// resume asks again what stood open. It leaves the decision alone.
func (t *turn) resume() bool {
	if t.st.Request == nil || t.st.Pending == nil {
		return true
	}
	t.say("form.resume", nil)
	t.askAgain()
	return true
}

// progress tells how a ticket stands: the one named, else the newest.
func (t *turn) progress(number string) bool {
	t.out.Decision, t.out.Intent = DecideStatus, "status"
	if number == "" {
		number = firstTicket(t.said.text)
	}
	if number != "" {
		return t.statusOf(number)
	}
	tickets, ok := t.recent()
	if !ok {
		return true
	}
	if len(tickets) == 0 {
		t.say("status.none", nil)
		return t.resume()
	}
	for i := 0; i < len(tickets) && i < 3; i++ {
		t.tellTicket(&tickets[i])
	}
	if more := len(tickets) - 3; more > 0 {
		t.say("status.more", map[string]any{"n": more})
	}
	return t.resume()
}

var thirteenDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{13})(?:[^0-9]|$)`)

// firstTicket finds a ticket number; one that was mistyped counts too, so that the
// person hears that it does not exist.
func firstTicket(text string) string {
	if found := lang.TicketNumbers(text); len(found) > 0 {
		return found[0].Value
	}
	if m := thirteenDigits.FindStringSubmatch(lang.Fold(text)); m != nil {
		return m[1]
	}
	return ""
}

func (t *turn) statusOf(number string) bool {
	t.out.Decision, t.out.Intent = DecideStatus, "status"
	f, ok := t.status(number)
	if !ok {
		return true
	}
	switch {
	case !f.Found:
		t.say("status.not_found", nil)
	case !f.Own:
		// Only the state: whose ticket it is must not be told.
		t.say("status.other_own", map[string]any{"number": number, "status": t.word("status.word."+string(f.Ticket.Status), nil)})
	default:
		t.tellTicket(&f.Ticket)
	}
	return t.resume()
}

func (t *turn) tellTicket(k *jiban.Ticket) {
	params := map[string]any{
		"number": k.Number, "matter": t.ticketMatter(k), "status": t.word("status.word."+string(k.Status), nil),
		"department": k.DepartmentName, "due": "", "reply": k.Reply,
	}
	if isOpen(k) && !k.DueAt.IsZero() {
		params["due"] = t.when(k.DueAt)
	}
	if isOpen(k) {
		params["reply"] = ""
	}
	t.say("status.one", params).long = true
	if k.Status == jiban.TicketAnswered && k.Solved == "" && k.Kind != "callback" {
		t.say("status.solved", nil)
	}
}

func (t *turn) ticketMatter(k *jiban.Ticket) string {
	if k.Kind == "callback" {
		return t.word("callback_matter", nil)
	}
	if name := t.matterName(k.Matter); name != "" {
		return name
	}
	return t.word("type."+string(k.Type), nil)
}

func (t *turn) matterName(code string) string {
	m := t.e.matters[code]
	if m == nil {
		return ""
	}
	if t.lang == jiban.English && m.NameEN != "" {
		return m.NameEN
	}
	return m.Name
}

// isOpen says whether a department still works on it.
func isOpen(k *jiban.Ticket) bool {
	return k.Status == jiban.TicketAccepted || k.Status == jiban.TicketDispatched || k.Status == jiban.TicketHandling
}

// onTicket orders something of an open ticket: of the one named, of the only one,
// or of the one that the person chooses.
func (t *turn) onTicket(c Command, number string) bool {
	t.ordered(c)
	if number == "" {
		number = firstTicket(t.said.text)
	}
	tickets, ok := t.recent()
	if !ok {
		return true
	}
	var open []*jiban.Ticket
	for i := range tickets {
		k := &tickets[i]
		if k.Number == number && !isOpen(k) && c == CommandUrge && k.Status == jiban.TicketAnswered {
			t.say("urge.answered", map[string]any{"number": k.Number})
			return t.resume()
		}
		if isOpen(k) && (number == "" || k.Number == number) {
			open = append(open, k)
		}
	}
	switch {
	case len(open) == 0:
		t.say(string(c)+".none", nil)
		return t.resume()
	case len(open) > 1 && t.st.Request == nil:
		t.chooseTicket(c, open)
		return true
	}
	return t.act(c, open[0])
}

func (t *turn) chooseTicket(c Command, open []*jiban.Ticket) {
	l := t.say("choose_ticket", nil)
	for _, k := range open {
		l.options = append(l.options, jiban.Option{Label: t.ticketMatter(k) + " " + k.Number, Value: k.Number})
	}
	t.ask(pending{Kind: askedTicket, Keys: []string{string(c)}}, l)
}

// act does it, or asks what is still missing for it.
func (t *turn) act(c Command, k *jiban.Ticket) bool {
	switch c {
	case CommandUrge:
		t.onto(jiban.EventUrged, k.Number, nil)
		t.say("urge.done", map[string]any{"number": k.Number, "department": k.DepartmentName, "due": t.when(k.DueAt)})
	case CommandWithdraw:
		l := t.say("withdraw.confirm", map[string]any{"number": k.Number, "matter": t.ticketMatter(k)})
		l.options = t.options("withdraw", "keep")
		t.ask(pending{Kind: askedWithdraw, Text: k.Number}, l)
		return true
	default:
		l := t.say("supplement.ask", nil)
		t.ask(pending{Kind: askedSupplement, Text: k.Number}, l)
		return true
	}
	return t.resume()
}

func (t *turn) onto(kind jiban.TicketEventKind, number string, data map[string]string) {
	t.out.Tickets = append(t.out.Tickets, jiban.TicketAction{Kind: kind, Number: number, Actor: "contact", Data: data})
}

// supplement adds words to an open ticket, or to the form being filled in.
func (t *turn) supplement(text string) bool {
	if r := t.st.Request; r != nil && t.st.Pending != nil && (t.st.Pending.Kind == askedField || t.st.Pending.Kind == askedConfirm) && text != "" {
		t.ordered(CommandSupplement)
		t.addTo(r, text)
		t.say("supplement.form", nil)
		return t.goOn()
	}
	if text == "" {
		return t.onTicket(CommandSupplement, "")
	}
	t.ordered(CommandSupplement)
	tickets, ok := t.recent()
	if !ok {
		return true
	}
	number := firstTicket(text)
	for i := range tickets {
		if isOpen(&tickets[i]) && (number == "" || tickets[i].Number == number) {
			return t.supplemented(tickets[i].Number, text)
		}
	}
	t.say("supplement.none", nil)
	return t.resume()
}

func (t *turn) supplemented(number, text string) bool {
	t.onto(jiban.EventSupplemented, number, map[string]string{"text": text})
	t.say("supplement.done", map[string]any{"number": number})
	return t.resume()
}

func (t *turn) addTo(r *request, text string) {
	t.describeMore(r, text)
	t.absorb(text, true)
}

func (t *turn) describeMore(r *request, text string) {
	what := r.Slots["description"]
	if what != "" {
		what += "；"
	}
	r.set("description", firstRunes(what+text, maxHeard))
}

func firstRunes(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n])
	}
	return s
}

// withdraw takes back an open ticket after asking once; in the middle of a form
// it is the form that is meant.
func (t *turn) withdraw(number string) bool {
	if t.st.Request != nil && number == "" {
		t.ordered(CommandCancel)
		t.abandon()
		t.say("form.cancelled", nil)
		return t.comeNext()
	}
	return t.onTicket(CommandWithdraw, number)
}
