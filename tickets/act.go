package tickets

import (
	"context"

	"jiban"
)

// attempts is how often a decision is made anew when somebody else was faster.
const attempts = 4

// Act decides on what staff does to a ticket and writes it, with what it moves of
// other tickets. Whether the member of staff may do so at all is for the caller to
// have checked; As says in which capacity, so that what a department wants is put
// before the hotline where the rules say so. CodeConflict when the ticket's state
// forbids it. The entries of the audit record are written in the same transaction.
func (s *Service) Act(ctx context.Context, a jiban.TicketAction, entries ...jiban.AuditEntry) (jiban.Ticket, error) {
	if a.Kind == jiban.EventOpened {
		return jiban.Ticket{}, jiban.Errorf(jiban.CodeInvalid, "tickets.Act", "%s is not for staff to do here", a.Kind)
	}
	var err error
	for range attempts {
		var d *decision
		if d, err = s.decide(ctx, a); err != nil {
			return jiban.Ticket{}, err
		}
		b := d.batch()
		b.Audit = s.entries(entries, "ticket:"+a.Number)
		if err = s.commit(ctx, b); err == nil {
			return after(b.Tickets[0]), nil
		}
		if !isConflict(err) {
			break
		}
	}
	return jiban.Ticket{}, err
}

// Open opens a ticket that a member of staff filled in. The person is told the
// number where there is a conversation; the conversation's open request is
// settled with it, and the entries of the audit record are written with it.
func (s *Service) Open(ctx context.Context, d jiban.TicketDraft, actor string, entries ...jiban.AuditEntry) (jiban.Ticket, error) {
	d, err := s.complete(ctx, d)
	if err != nil {
		return jiban.Ticket{}, err
	}
	plan, err := s.Plan(ctx, d)
	if err != nil {
		return jiban.Ticket{}, err
	}
	change, notices, err := s.Decide(ctx, jiban.TicketAction{Kind: jiban.EventOpened, Draft: &d, Plan: &plan, Actor: actor})
	if err != nil {
		return jiban.Ticket{}, err
	}
	intake, err := s.intake(ctx, &d, plan.Number)
	if err != nil {
		return jiban.Ticket{}, err
	}
	told := &decision{ids: s.deps.IDs, ticket: change.Ticket, events: change.Events}
	told.tell(jiban.NoticeTicketAccepted, jiban.UrgencyNormal, told.department(), told.due())
	err = s.commit(ctx, jiban.Batch{
		Tickets: []jiban.TicketChange{change}, Notices: append(notices, told.notices...), Intakes: []jiban.Intake{intake},
		Audit: s.entries(entries, "ticket:"+plan.Number),
	})
	return after(change), err
}

// complete fills in what follows from the conversation, so that nobody can open a
// ticket in another person's name by mistake.
func (s *Service) complete(ctx context.Context, d jiban.TicketDraft) (jiban.TicketDraft, error) {
	if d.Kind == "" {
		d.Kind = kindRequest
	}
	if d.ConversationID == "" {
		return d, nil
	}
	c, err := s.deps.Store.Conversation(ctx, d.ConversationID)
	if err != nil {
		return d, err
	}
	d.ContactID, d.Channel = c.ContactID, c.Channel
	if d.Region == "" {
		d.Region = c.Region
	}
	return d, nil
}

// intake is the record that the ticket settles: the newest of the conversation
// that came to nothing yet, else a new one.
func (s *Service) intake(ctx context.Context, d *jiban.TicketDraft, number string) (jiban.Intake, error) {
	now := s.now()
	record := jiban.Intake{ID: s.deps.IDs.NewID(), ConversationID: d.ConversationID, ContactID: d.ContactID, Channel: d.Channel, CreatedAt: now}
	if d.ConversationID != "" {
		all, err := s.deps.Store.Intakes(ctx, d.ConversationID)
		if err != nil {
			return record, err
		}
		record = newestUnsettled(all, record)
	}
	record.Type, record.Matter, record.Region = d.Type, d.Matter, d.Region
	record.Result, record.Ticket, record.UpdatedAt = jiban.IntakeTicket, number, now
	if record.Question == "" {
		record.Question = d.Fields["description"]
	}
	return record, nil
}

func newestUnsettled(all []jiban.Intake, otherwise jiban.Intake) jiban.Intake {
	found, newest := otherwise, -1
	for i := range all {
		unsettled := all[i].Ticket == "" && (all[i].Result == jiban.IntakeOpen || all[i].Result == jiban.IntakeHandedOver)
		if unsettled && (newest < 0 || all[i].CreatedAt.After(all[newest].CreatedAt)) {
			found, newest = all[i], i
		}
	}
	return found
}

// commit writes a batch and tells the house.
func (s *Service) commit(ctx context.Context, b jiban.Batch) error {
	applied, err := s.deps.Store.Apply(ctx, b)
	if err != nil {
		return err
	}
	if s.deps.Listeners != nil {
		s.deps.Listeners.Committed(ctx, b, applied)
	}
	return nil
}

// after is the ticket as the store now holds it.
func after(c jiban.TicketChange) jiban.Ticket {
	t := c.Ticket
	t.Version++
	return t
}

// entries fills in what the audit record needs of its entries: the id, the time
// and, where none is named, the object.
func (s *Service) entries(given []jiban.AuditEntry, object string) []jiban.AuditEntry {
	all := make([]jiban.AuditEntry, 0, len(given))
	for _, e := range given {
		e.ID, e.At = s.deps.IDs.NewID(), s.now()
		if e.Object == "" {
			e.Object = object
		}
		all = append(all, e)
	}
	return all
}
