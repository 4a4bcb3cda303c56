package config

import (
	"fmt"
	"strconv"
	"strings"

	"jiban/retention"
)

// Days is how long something is kept: written 180d or 2y, 0 for ever. A year is
// counted so that no calendar's is longer.
type Days int

// UnmarshalText reads what people write.
func (d *Days) UnmarshalText(text []byte) error {
	s := string(text)
	unit := func(n int) int { return n }
	switch {
	case s == "0":
		*d = 0
		return nil
	case strings.HasSuffix(s, "y"):
		unit = retention.Year
	case !strings.HasSuffix(s, "d"):
		return fmt.Errorf("%q is neither 0 nor a number of days or years such as 180d or 2y", s)
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 0 || unit(n) > retention.Longest {
		return fmt.Errorf("%q is no number of days or years", s)
	}
	*d = Days(unit(n))
	return nil
}

// Retention says how long records are kept after they were over.
type Retention struct {
	At            string          `yaml:"at"`      // time of day, Beijing
	Archive       string          `yaml:"archive"` // folder for what is cut off the audit record
	Messages      Days            `yaml:"messages"`
	Turns         Days            `yaml:"turns"`
	Intakes       Days            `yaml:"intakes"`
	Handoffs      Days            `yaml:"handoffs"`
	Alerts        Days            `yaml:"alerts"`
	Conversations Days            `yaml:"conversations"`
	Tickets       TicketRetention `yaml:"tickets"`
	Files         Days            `yaml:"files"`
	Codes         Days            `yaml:"codes"`
	Sessions      Days            `yaml:"sessions"`
	Joins         Days            `yaml:"joins"`
	Consents      Days            `yaml:"consents"`
	Requests      Days            `yaml:"requests"`
	Contacts      Days            `yaml:"contacts"`
	Audit         Days            `yaml:"audit"`
}

// TicketRetention says when closed tickets are anonymised, by type, and when, if
// ever, what is left of them is deleted.
type TicketRetention struct {
	Consultation Days `yaml:"consultation"`
	Help         Days `yaml:"help"`
	Complaint    Days `yaml:"complaint"`
	Report       Days `yaml:"report"`
	Suggestion   Days `yaml:"suggestion"`
	Praise       Days `yaml:"praise"`
	Untyped      Days `yaml:"untyped"` // call-back tasks of which nothing is known
	Deletion     Days `yaml:"deletion"`
}

func retentionDefault() Retention {
	years := func(n int) Days { return Days(retention.Year(n)) }
	return Retention{At: "03:30", Archive: "data/archive", Messages: years(2), Turns: 180, Intakes: years(5), Handoffs: years(2),
		Alerts: years(2), Conversations: years(1), Files: 30, Codes: 30, Sessions: 30, Joins: years(1), Consents: years(3),
		Requests: years(3), Contacts: years(2), Audit: years(3),
		Tickets: TicketRetention{Consultation: years(5), Help: years(5), Complaint: years(5), Report: years(3),
			Suggestion: years(5), Praise: years(5), Untyped: years(2)}}
}

// Rules are the rules as the room of retention has them.
func (r *Retention) Rules() retention.Rules {
	t := &r.Tickets
	rules := retention.Rules{}
	for k, d := range map[retention.Kind]Days{
		retention.Messages: r.Messages, retention.Turns: r.Turns, retention.Intakes: r.Intakes, retention.Handoffs: r.Handoffs,
		retention.Alerts: r.Alerts, retention.Conversations: r.Conversations, retention.Files: r.Files, retention.Codes: r.Codes,
		retention.Sessions: r.Sessions, retention.Joins: r.Joins, retention.Consents: r.Consents, retention.Requests: r.Requests,
		retention.Contacts: r.Contacts, retention.Audit: r.Audit,
		retention.Consultations: t.Consultation, retention.Helps: t.Help, retention.Complaints: t.Complaint, retention.Reports: t.Report,
		retention.Suggestions: t.Suggestion, retention.Praises: t.Praise, retention.Untyped: t.Untyped, retention.Deletion: t.Deletion,
	} {
		rules[k] = int(d)
	}
	return rules
}
