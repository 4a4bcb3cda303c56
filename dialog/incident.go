package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// known tells of an incident that was announced before anything is asked: what is
// known, until when, and that the person can be added to it with one tap. It is told
// once for a request; who wants a ticket of their own gets one.
func (t *turn) known(r *request) bool {
	about := r.Matter + " " + t.ticketRegion()
	if r.Looked == about || r.Matter == "" || r.Type != jiban.Help && r.Type != jiban.Complaint || t.cityOf(t.region()) == "" {
		return false
	}
	found, ok := t.incidents(r.Matter, t.ticketRegion())
	if !ok {
		return false
	}
	r.Looked = about
	if len(found) == 0 || found[0].ID == r.Told {
		return false
	}
	t.tellIncident(r, &found[0])
	return true
}

// askedKnown tells who only asks, 为什么停水 or 什么时候来水 with a place, what was
// announced about it: that is the answer, and they may be added to it.
func (t *turn) askedKnown(text string, rd reading) bool {
	m := t.e.matters[rd.matter]
	if !rd.question || rd.score < likelyMatter || m == nil || t.st.Request != nil || t.cityOf(t.region()) == "" || !troubles(m) {
		return false
	}
	found, ok := t.incidents(rd.matter, t.ticketRegion())
	if !ok {
		return true
	}
	if len(found) == 0 {
		return false
	}
	r := &request{Text: text, Type: jiban.Help, Matter: rd.matter, Region: t.out.Region, Asked: true}
	t.st.Request = r
	r.set("description", text)
	t.absorb(text, false)
	r.Looked = r.Matter + " " + t.ticketRegion()
	t.record(IntakeChange{Type: jiban.Consultation, Result: jiban.IntakeAnswered})
	t.tellIncident(r, &found[0])
	return true
}

// troubles says that people have something put right about a matter.
func troubles(m *jiban.Matter) bool {
	for _, k := range m.Types {
		if k == jiban.Help || k == jiban.Complaint {
			return true
		}
	}
	return false
}

// tellIncident says what is known, until when, and what the person can do.
func (t *turn) tellIncident(r *request, i *jiban.Incident) {
	r.Told = i.ID
	until := ""
	if !i.Until.IsZero() {
		until = t.when(i.Until)
	}
	t.dropLead()
	t.out.Decision, t.out.Intent, t.out.Ask = DecideConfirm, "incident", nil
	key, params := t.announced(r, i)
	params["until"] = until
	l := t.say(key, params)
	l.options = t.options("incident_join", "incident_own", "no")
	t.ask(pending{Kind: askedIncident, Text: i.ID}, l)
	t.openIntake()
}

// announced words an announcement. Staff write it in Chinese: who writes in English
// is told the same without it.
func (t *turn) announced(r *request, i *jiban.Incident) (key string, params map[string]any) {
	if t.lang == jiban.English && hanOnly.MatchString(i.Text) {
		matter := t.matterName(r.Matter)
		if hanOnly.MatchString(matter) {
			matter = ""
		}
		return "incident.known_matter", map[string]any{"matter": matter}
	}
	text := i.Text
	if t.sms() {
		text = firstRunes(text, smsIncident)
	}
	return "incident.known", map[string]any{"text": strings.TrimRight(text, "。.；; ")}
}

// smsIncident is how much of an announcement is told by SMS, in characters.
const smsIncident = 100

// dropLead takes back that a form begins: what is known comes first.
func (t *turn) dropLead() {
	kept := t.lines[:0]
	for _, l := range t.lines {
		if !strings.HasPrefix(l.key, "form.start") {
			kept = append(kept, l)
		}
	}
	t.lines = kept
}

// answerIncident adds the person to the incident, or goes on with the form; what
// else they say belongs to the form.
func (t *turn) answerIncident(p pending) bool {
	r := t.st.Request
	t.st.Pending = nil
	if r == nil {
		return false
	}
	o, chosen := t.said.choice(p.Choices)
	switch {
	case chosen && o.Value == t.zh("incident_join"), !chosen && t.said.is(lang.CommandYes) && !t.said.is(lang.CommandNo):
		return t.join(p.Text)
	case chosen && o.Value == t.zh("no"), t.declines():
		return t.toldEnough()
	case chosen, t.said.is(lang.CommandNo):
		r.Asked = false
		t.out.Intent = string(r.Type)
		t.lead(r)
		return t.goOn()
	case len(t.said.parts) == 0:
		return t.besideIncident(r)
	}
	if asksOutage.MatchString(t.said.text) {
		return t.tellAgain(p)
	}
	if lang.Question(t.said.text) {
		return t.answerBetween(t.said.text)
	}
	r.Asked = false
	t.absorb(t.said.text, false)
	return t.goOn()
}

// asksOutage asks once more what was just told.
var asksOutage = regexp.MustCompile(`什么时候|啥时候|多久|几点|何时|为什么|为啥|咋回事|怎么回事|(?i:when|why|how long)`)

func (t *turn) tellAgain(p pending) bool {
	r := t.st.Request
	found, ok := t.incidents(r.Matter, t.ticketRegion())
	if !ok {
		return true
	}
	for i := range found {
		if found[i].ID == p.Text {
			t.tellIncident(r, &found[i])
			return true
		}
	}
	return t.goOn()
}

// toldEnough leaves it at what was told: that was the answer.
func (t *turn) toldEnough() bool {
	t.out.Decision, t.out.Intent = DecideSmalltalk, "incident"
	t.record(IntakeChange{Result: jiban.IntakeAnswered})
	t.st.Request, t.st.Pending = nil, nil
	t.st.calm()
	t.say("incident.left", nil)
	return t.comeNext()
}

// besideIncident takes a picture or a position that came instead of an answer.
func (t *turn) besideIncident(r *request) bool {
	if t.said.location != nil {
		t.takePosition(r)
	}
	if t.said.pictures > 0 {
		t.addPictures(r)
	}
	return t.goOn()
}

// join opens the person's ticket as one more voice of the incident, without asking
// for more: they get a number, and the answer that all get. When the incident ended
// meanwhile the form goes on.
func (t *turn) join(id string) bool {
	r := t.st.Request
	found, ok := t.incidents(r.Matter, t.ticketRegion())
	if !ok {
		return true
	}
	for _, i := range found {
		if i.ID == id {
			return t.joined(id)
		}
	}
	t.say("incident.over", nil)
	return t.goOn()
}

func (t *turn) joined(id string) bool {
	draft := t.draft("request")
	draft.Incident = id
	fact, ok := t.plan(draft)
	if !ok {
		return true
	}
	t.opened(draft, fact.Plan)
	t.say("incident.joined", t.planWords(fact.Plan))
	return t.filed()
}
