package talk

import (
	"fmt"
	"strings"
	"time"

	"jiban"
	"jiban/dialog"
)

// Line is what one turn came to, as the command prints it.
type Line struct {
	Turn          int               `json:"turn"`
	Say           string            `json:"say"`
	Replies       []Reply           `json:"replies"`
	Decision      dialog.Decision   `json:"decision"`
	Command       dialog.Command    `json:"command,omitempty"`
	Ask           []string          `json:"ask,omitempty"`
	Intent        string            `json:"intent,omitempty"`
	RequestType   jiban.RequestType `json:"request_type,omitempty"`
	Matter        string            `json:"matter,omitempty"`
	Slots         map[string]string `json:"slots,omitempty"`
	Ticket        *Ticket           `json:"ticket,omitempty"`
	Handoff       *Handoff          `json:"handoff,omitempty"`
	Emergency     string            `json:"emergency,omitempty"`
	EmergencyAlso []string          `json:"emergency_also,omitempty"`
}

// Reply is one thing the house said.
type Reply struct {
	Text      string         `json:"text"`
	Options   []jiban.Option `json:"options,omitempty"`
	Citations []string       `json:"citations,omitempty"`
}

// Ticket is the contact's ticket as a turn left it.
type Ticket struct {
	Number       string            `json:"number"`
	Type         jiban.RequestType `json:"type"`
	Matter       string            `json:"matter"`
	Department   string            `json:"department"`
	Region       string            `json:"region"`
	Fields       map[string]string `json:"fields"`
	Confidential bool              `json:"confidential"`
	Anonymous    bool              `json:"anonymous"`
	DueAt        string            `json:"due_at"`
}

// Handoff is the open or recorded handoff.
type Handoff struct {
	Reason   jiban.HandoffReason `json:"reason"`
	Queue    string              `json:"queue"`
	Priority int                 `json:"priority"`
}

func replyOf(c jiban.Content) Reply {
	r := Reply{Text: c.Text, Options: c.Options}
	for _, cite := range c.Citations {
		r.Citations = append(r.Citations, cite.ArticleID)
	}
	return r
}

func ticketOf(t *jiban.Ticket, matterName func(string) string) *Ticket {
	fields := t.Fields
	if fields == nil {
		fields = map[string]string{}
	}
	return &Ticket{
		Number: t.Number, Type: t.Type, Matter: matterName(t.Matter), Department: t.DepartmentName, Region: t.Region,
		Fields: fields, Confidential: t.Confidential, Anonymous: t.Anonymous, DueAt: t.DueAt.In(jiban.Beijing).Format(time.RFC3339),
	}
}

// take copies what the engine decided.
func (l *Line) take(o *dialog.Outcome, matterName func(string) string) {
	l.Decision, l.Command, l.Ask, l.Intent = o.Decision, o.Command, o.Ask, o.Intent
	l.RequestType, l.Slots = o.RequestType, o.Slots
	l.Emergency, l.EmergencyAlso = o.Emergency, o.EmergencyAlso
	if o.Matter != "" {
		l.Matter = matterName(o.Matter)
	}
	if o.Handoff != nil && o.Handoff.Move != dialog.HandoffLeave {
		l.Handoff = &Handoff{Reason: o.Handoff.Request.Reason, Queue: o.Handoff.Plan.Queue, Priority: o.Handoff.Plan.Priority}
	}
}

// Plain is the line as people read it in a terminal.
func (l Line) Plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "> %s\n", l.Say)
	for _, r := range l.Replies {
		fmt.Fprintf(&b, "%s\n", r.Text)
		for i, o := range r.Options {
			fmt.Fprintf(&b, "  [%d] %s\n", i+1, o.Label)
		}
	}
	b.WriteByte('\n')
	return b.String()
}
