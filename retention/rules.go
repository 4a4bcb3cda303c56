package retention

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"jiban"
)

// Kind names a kind of records; the part after a point narrows it down.
type Kind string

// The kinds. Tickets are anonymised by their request type, long after that
// deleted where that is wanted.
const (
	Messages      Kind = "messages" // what was said and sent, notices among it
	Turns         Kind = "turns"    // the steps of the engine, kept to explain them
	Intakes       Kind = "intakes"
	Handoffs      Kind = "handoffs"
	Alerts        Kind = "alerts"
	Conversations Kind = "conversations" // the engine's state of silent ones
	Codes         Kind = "codes"
	Sessions      Kind = "sessions"
	Joins         Kind = "joins" // those that were undone
	Consents      Kind = "consents"
	Requests      Kind = "requests" // of people about their data, ended ones
	Files         Kind = "files"    // attachments whose record is gone
	Consultations Kind = "tickets.consultation"
	Helps         Kind = "tickets.help"
	Complaints    Kind = "tickets.complaint"
	Reports       Kind = "tickets.report"
	Suggestions   Kind = "tickets.suggestion"
	Praises       Kind = "tickets.praise"
	Untyped       Kind = "tickets.untyped"  // call-back tasks of which nothing is known
	Deletion      Kind = "tickets.deletion" // of anonymised tickets, figures and all
	Contacts      Kind = "contacts"         // silent ones of whom nothing else is held
	Audit         Kind = "audit"
)

// Kinds lists all kinds in the order in which they are worked off: what hangs on
// another record before that record, contacts when all else of theirs is gone.
func Kinds() []Kind {
	return slices.Concat([]Kind{Turns, Messages, Alerts, Handoffs, Intakes}, TicketKinds(),
		[]Kind{Deletion, Conversations, Files, Codes, Sessions, Joins, Consents, Requests, Contacts, Audit})
}

// TicketKinds lists the kinds by which tickets are anonymised.
func TicketKinds() []Kind {
	return []Kind{Consultations, Helps, Complaints, Reports, Suggestions, Praises, Untyped}
}

// Type is the request type of a kind of ticket, "" for those without one.
func (k Kind) Type() jiban.RequestType {
	if !slices.Contains(TicketKinds(), k) || k == Untyped {
		return ""
	}
	return jiban.RequestType(k[len("tickets."):])
}

// Deed is what happens to a record whose time is over.
type Deed string

// The deeds.
const (
	Delete    Deed = "delete"
	Anonymise Deed = "anonymise" // identity and free text go; what figures need stays
	Destroy   Deed = "destroy"   // deleted, and the key of the person destroyed
	Cut       Deed = "cut"       // the beginning of a chain, with an anchor left behind
)

// Deed returns what is done to records of the kind.
func (k Kind) Deed() Deed {
	switch k {
	case Intakes, Handoffs, Alerts, Conversations:
		return Anonymise
	case Contacts:
		return Destroy
	case Audit:
		return Cut
	}
	if slices.Contains(TicketKinds(), k) {
		return Anonymise
	}
	return Delete
}

// Rules say for how many days records of a kind are kept after they were over; 0
// is for ever.
type Rules map[Kind]int

// Year is the number of days that hold any n years.
func Year(n int) int { return (n*1461 + 3) / 4 }

// LeastAudit is the shortest time, in days, for which the audit record may be
// kept: six months of network logs (domain D1; Cybersecurity Law, article 21 of
// 2017).
const LeastAudit = 184

// LeastCodes covers the longest span in which codes are counted, a day.
const LeastCodes = 2

// Longest bounds every rule: more is a slip of the pen.
const Longest = 36_525

// Check reports every rule that is unlawful or contradicts another, by its key
// in the configuration.
func (r Rules) Check() error {
	var errs []error
	bad := func(k Kind, format string, args ...any) {
		errs = append(errs, fmt.Errorf("retention.%s: "+format, append([]any{k}, args...)...))
	}
	known := Kinds()
	for _, k := range slices.Sorted(maps.Keys(r)) {
		if !slices.Contains(known, k) {
			bad(k, "there is no such kind")
		}
		if r[k] < 0 || r[k] > Longest {
			bad(k, "must be between 0 (for ever) and %d days", Longest)
		}
	}
	if n := r[Audit]; n > 0 && n < LeastAudit {
		bad(Audit, "must be at least %dd: logs are kept for six months by law (Cybersecurity Law; GB/T 22239)", LeastAudit)
	}
	if n := r[Codes]; n > 0 && n < LeastCodes {
		bad(Codes, "must be at least %dd: codes are counted by the day", LeastCodes)
	}
	r.checkTickets(bad)
	return errors.Join(errs...)
}

// checkTickets looks at what would make anonymising a ticket an empty word: a
// conversation that is kept longer still tells who asked. And a ticket is deleted
// only after it was anonymised.
func (r Rules) checkTickets(bad func(Kind, string, ...any)) {
	for _, t := range TicketKinds() {
		for _, k := range []Kind{Messages, Turns, Handoffs, Conversations} {
			if r[t] > 0 && (r[k] == 0 || r[k] > r[t]) {
				bad(t, "is %dd, shorter than retention.%s (%s): the conversation would still tell who it was; shorten that too", r[t], k, days(r[k]))
			}
		}
		if d := r[Deletion]; d > 0 && (r[t] == 0 || r[t] > d) {
			bad(Deletion, "is %dd, but retention.%s is %s: tickets are anonymised before they are deleted", d, t, days(r[t]))
		}
	}
}

func days(n int) string {
	if n == 0 {
		return "for ever"
	}
	return fmt.Sprintf("%dd", n)
}
