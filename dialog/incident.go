package dialog

import (
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
	i := found[0]
	r.Told = i.ID
	until := ""
	if !i.Until.IsZero() {
		until = t.when(i.Until)
	}
	t.dropLead()
	t.out.Decision, t.out.Intent, t.out.Ask = DecideConfirm, "incident", nil
	text := i.Text
	if t.sms() {
		text = firstRunes(text, smsIncident)
	}
	l := t.say("incident.known", map[string]any{"text": strings.TrimRight(text, "。.；; "), "until": until})
	l.options = t.options("incident_join", "incident_own")
	t.ask(pending{Kind: askedIncident, Text: i.ID}, l)
	t.openIntake()
	return true
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
	case chosen, t.said.is(lang.CommandNo):
		t.out.Intent = string(r.Type)
		t.lead(r)
		return t.goOn()
	case len(t.said.parts) == 0:
		return t.besideIncident(r)
	}
	if lang.Question(t.said.text) {
		return t.answerBetween(t.said.text)
	}
	t.absorb(t.said.text, false)
	return t.goOn()
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
