package tickets

import (
	"fmt"
	"time"

	"jiban"
)

// desk is who a ticket is with while it has no department.
const desk = "12345热线"

type param struct{ key, value string }

func (d *decision) department() param {
	if d.ticket.DepartmentName == "" {
		return param{"department", desk}
	}
	return param{"department", d.ticket.DepartmentName}
}

// due is the due time in Beijing, RFC 3339; prompts words it.
func (d *decision) due() param {
	return param{"due", d.ticket.DueAt.In(jiban.Beijing).Format(time.RFC3339)}
}

// dueAhead is the due time while it still lies ahead: nobody is promised a time
// that has passed.
func (d *decision) dueAhead() param {
	if !d.now.Before(d.ticket.DueAt) {
		return param{"due", ""}
	}
	return d.due()
}

// tell adds a notice to the person, where there is a conversation to tell it in.
// It is keyed by the event it follows from, so that telling it twice is once.
func (d *decision) tell(k jiban.NoticeKind, u jiban.Urgency, params ...param) {
	d.tellIn(d.ticket.ConversationID, k, u, params...)
}

// tellIn adds a notice to another conversation of the person.
func (d *decision) tellIn(conversation string, k jiban.NoticeKind, u jiban.Urgency, params ...param) {
	if conversation == "" {
		return
	}
	words := map[string]string{"number": d.ticket.Number}
	for _, p := range params {
		if p.value != "" {
			words[p.key] = p.value
		}
	}
	d.notices = append(d.notices, jiban.Notice{
		ID: d.ids.NewID(), ContactID: d.ticket.ContactID, ConversationID: conversation,
		Kind: k, Urgency: u, Params: words, Author: jiban.BySystem,
		DedupeKey: fmt.Sprintf("ticket:%s:%d:%s", d.ticket.Number, len(d.log)+len(d.events), k),
	})
}

// tellUntil adds a notice that is of no use after a time.
func (d *decision) tellUntil(k jiban.NoticeKind, until time.Time) {
	before := len(d.notices)
	d.tell(k, jiban.UrgencyLow)
	for i := before; i < len(d.notices); i++ {
		d.notices[i].NotAfter = until
	}
}
