package tickets

import (
	"context"
	"errors"
	"slices"
	"time"

	"jiban"
)

// Announce makes an incident known: one cause that concerns many people. Staff
// give its area, cause, text and end. CodeInvalid when one is missing. The entries of
// the audit record are written with it.
func (s *Service) Announce(ctx context.Context, i jiban.Incident, actor string, entries ...jiban.AuditEntry) (jiban.Incident, error) {
	const op = "tickets.Announce"
	x, now := s.index.Load(), s.now()
	_, known := x.matters[i.Matter]
	switch {
	case i.Region == "" || len(x.chain(i.Region)) == 0:
		return i, jiban.Errorf(jiban.CodeInvalid, op, "name the area: a region of the catalogue")
	case i.Matter != "" && !known:
		return i, jiban.Errorf(jiban.CodeInvalid, op, "there is no matter %q in the catalogue", i.Matter)
	case i.Cause == "" || i.Text == "":
		return i, jiban.Errorf(jiban.CodeInvalid, op, "say what the cause is and what people are told")
	case !i.Until.IsZero() && !i.Until.After(now):
		return i, jiban.Errorf(jiban.CodeInvalid, op, "the incident must end later than now")
	}
	if i.ID == "" {
		i.ID, i.CreatedAt, i.CreatedBy = s.deps.IDs.NewID(), now, actor
	}
	return s.saveIncident(ctx, i, jiban.IncidentOpen, entries...)
}

func (s *Service) saveIncident(ctx context.Context, i jiban.Incident, to jiban.IncidentState, entries ...jiban.AuditEntry) (jiban.Incident, error) {
	i.State, i.UpdatedAt = to, s.now()
	if err := s.deps.Store.SaveIncident(ctx, i, s.entries(entries, "incident:"+i.ID)); err != nil {
		return i, err
	}
	i.Version++
	return i, nil
}

// Incident returns an incident by its id.
func (s *Service) Incident(ctx context.Context, id string) (jiban.Incident, error) {
	return s.deps.Store.Incident(ctx, id)
}

// Incidents lists the incidents in some states, all without any, newest first.
func (s *Service) Incidents(ctx context.Context, states ...jiban.IncidentState) ([]jiban.Incident, error) {
	return s.deps.Store.Incidents(ctx, states, 0)
}

// mostKnown is how many incidents a person is told of at most.
const mostKnown = 3

// Known lists the incidents that staff announced about a matter at a place and that
// are not over, the newest first.
func (s *Service) Known(ctx context.Context, matter, region string) ([]jiban.Incident, error) {
	all, err := s.deps.Store.Incidents(ctx, []jiban.IncidentState{jiban.IncidentOpen}, 500)
	if err != nil {
		return nil, err
	}
	now := s.now()
	all = slices.DeleteFunc(all, func(i jiban.Incident) bool {
		over := !i.Until.IsZero() && !i.Until.After(now)
		return over || i.Matter != "" && i.Matter != matter || !jiban.RegionServes(i.Region, region)
	})
	return all[:min(len(all), mostKnown)], nil
}

// Attach joins the open requests of an incident's matter and area, since a time,
// that belong to none yet. It returns how many. Each ticket that is joined has the
// entries of the audit record in its own transaction.
func (s *Service) Attach(ctx context.Context, id string, since time.Time, actor string, entries ...jiban.AuditEntry) (int, error) {
	i, err := s.deps.Store.Incident(ctx, id)
	if err != nil {
		return 0, err
	}
	n := 0
	err = s.each(ctx, jiban.TicketFilter{Statuses: open(), Region: i.Region}, func(t *jiban.Ticket) error {
		if t.Incident != "" || t.Kind != kindRequest || i.Matter != "" && t.Matter != i.Matter || t.CreatedAt.Before(since) {
			return nil
		}
		_, err := s.Act(ctx, jiban.TicketAction{Kind: jiban.EventLinked, Number: t.Number, Actor: actor, Data: data("incident", id)}, entries...)
		if err == nil {
			n++
		}
		return unlessConflict(err)
	})
	return n, err
}

func open() []jiban.TicketStatus {
	return []jiban.TicketStatus{jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling}
}

// AnswerIncident gives one answer to everybody. It is kept first, so that a sweep
// goes on where a crash left off; each ticket is answered once. The entries of the audit
// record are written with it.
func (s *Service) AnswerIncident(ctx context.Context, id, text, actor string, entries ...jiban.AuditEntry) error {
	i, err := s.deps.Store.Incident(ctx, id)
	if err != nil {
		return err
	}
	if text == "" || i.State != jiban.IncidentOpen {
		return jiban.Errorf(jiban.CodeConflict, "tickets.AnswerIncident", "an incident that is %s cannot be answered, and an answer needs words", i.State)
	}
	i.Answer = text
	if i, err = s.saveIncident(ctx, i, jiban.IncidentAnswered, entries...); err != nil {
		return err
	}
	return s.answerAll(ctx, &i, actor)
}

// DismissIncident ends an incident without an answer: it was none, or it is over. The
// entries of the audit record are written with it.
func (s *Service) DismissIncident(ctx context.Context, id string, entries ...jiban.AuditEntry) error {
	i, err := s.deps.Store.Incident(ctx, id)
	if err != nil {
		return err
	}
	if i.State == jiban.IncidentAnswered {
		return jiban.Errorf(jiban.CodeConflict, "tickets.DismissIncident", "its answer is being given")
	}
	_, err = s.saveIncident(ctx, i, jiban.IncidentClosed, entries...)
	return err
}

// answerAll answers the tickets of an incident and closes it when all have it.
// The tasks of departments that take part are settled by it too.
func (s *Service) answerAll(ctx context.Context, i *jiban.Incident, actor string) error {
	left := 0
	err := s.each(ctx, jiban.TicketFilter{Incident: i.ID, Statuses: open()}, func(t *jiban.Ticket) error {
		_, err := s.Act(ctx, jiban.TicketAction{Kind: jiban.EventReplied, Number: t.Number, Actor: actor, Data: data("text", i.Answer, "anyway", yes)})
		if err != nil {
			left++
		}
		return unlessConflict(err)
	})
	if err != nil || left > 0 {
		return err
	}
	_, err = s.saveIncident(ctx, *i, jiban.IncidentClosed)
	return unlessConflict(err)
}

// sweepIncidents goes on with answers that were interrupted and finds what many
// people tell within a short time: staff look at it.
func (s *Service) sweepIncidents(ctx context.Context) error {
	answered, err := s.deps.Store.Incidents(ctx, []jiban.IncidentState{jiban.IncidentAnswered}, 0)
	if err != nil {
		return err
	}
	var failed []error
	for i := range answered {
		failed = append(failed, s.answerAll(ctx, &answered[i], system))
	}
	return errors.Join(append(failed, s.findIncidents(ctx))...)
}

// findEvery is how often a node looks for incidents.
const findEvery = time.Minute

func (s *Service) findIncidents(ctx context.Context) error {
	now, r := s.now(), s.rules.Load()
	if now.Sub(s.looked) < findEvery {
		return nil
	}
	s.looked = now
	window := time.Duration(r.IncidentHours) * time.Hour
	alike, err := s.deps.Store.TicketsAlike(ctx, now.Add(-window), r.IncidentLeast)
	if err != nil || len(alike) == 0 {
		return err
	}
	known, err := s.deps.Store.Incidents(ctx, []jiban.IncidentState{jiban.IncidentFound, jiban.IncidentOpen, jiban.IncidentClosed}, 500)
	if err != nil {
		return err
	}
	for _, a := range alike {
		if knownIncident(known, a, now.Add(-window)) {
			continue
		}
		// The id says what it is about and when, so that two nodes find it once.
		id := "found-" + a.Matter + "-" + a.Region + "-" + now.In(jiban.Beijing).Format("20060102")
		found := jiban.Incident{ID: id, Matter: a.Matter, Region: a.Region, Tickets: a.N, CreatedBy: system, CreatedAt: now}
		if _, err := s.saveIncident(ctx, found, jiban.IncidentFound); unlessConflict(err) != nil {
			return err
		}
	}
	return nil
}

// knownIncident reports whether staff know already, or looked at it not long ago.
func knownIncident(known []jiban.Incident, a jiban.Alike, since time.Time) bool {
	for i := range known {
		k := &known[i]
		same := (k.Matter == "" || k.Matter == a.Matter) && jiban.RegionServes(k.Region, a.Region)
		if same && (k.State != jiban.IncidentClosed || k.UpdatedAt.After(since)) {
			return true
		}
	}
	return false
}
