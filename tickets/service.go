package tickets

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"jiban"
	"jiban/calendar"
)

// Reader reads tickets.
type Reader interface {
	// Ticket returns one ticket; CodeNotFound when there is none.
	Ticket(ctx context.Context, number string) (jiban.Ticket, error)
	// TicketEvents returns a ticket's whole log in order.
	TicketEvents(ctx context.Context, number string) ([]jiban.TicketEvent, error)
	Tickets(ctx context.Context, f jiban.TicketFilter) ([]jiban.Ticket, error)
	// TicketsOf lists a contact's tickets, newest first.
	TicketsOf(ctx context.Context, contactID string, limit int) ([]jiban.Ticket, error)
}

// Writer writes what was decided.
type Writer interface {
	// Apply writes a batch in one transaction, or nothing, with CodeConflict where
	// a version that was read is no longer the one stored.
	Apply(ctx context.Context, b jiban.Batch) (jiban.Applied, error)
	// NextSerial counts 1, 2, 3 … for each name; gaps may be, repeats never.
	NextSerial(ctx context.Context, name string) (int64, error)
}

// CatalogueStore keeps the catalogue.
type CatalogueStore interface {
	// Catalogue returns the newest one; CodeNotFound when none was saved.
	Catalogue(ctx context.Context) (jiban.Catalogue, error)
	SaveCatalogue(ctx context.Context, c jiban.Catalogue) error
}

// Conversations tells whom a ticket opened by staff belongs to.
type Conversations interface {
	Conversation(ctx context.Context, id string) (jiban.Conversation, error)
	Intakes(ctx context.Context, conversationID string) ([]jiban.Intake, error)
}

// Store is all of it.
type Store interface {
	Reader
	Writer
	CatalogueStore
	Conversations
}

// Listeners hear of every commit of this room: delivery is woken, screens are
// told.
type Listeners interface {
	Committed(ctx context.Context, b jiban.Batch, a jiban.Applied)
}

// Deps is what the room stands on. Listeners may be nil.
type Deps struct {
	Store     Store
	Calendar  *calendar.Calendar // of the departments
	Desk      *calendar.Calendar // of the people at the hotline's desk; nil: as Calendar
	Clock     jiban.Clock
	IDs       jiban.IDs
	Log       *slog.Logger
	Listeners Listeners
	Catalogue jiban.Catalogue // until Load finds another in the store
}

// Service is the tickets room. It is safe for concurrent use.
type Service struct {
	deps  Deps
	index atomic.Pointer[index]

	sweeping sync.Mutex
	marked   map[string]time.Time // by number, the due time whose passing is on record: spares a sweep the look into the log
	surveyed time.Time            // before that no question of a follow-up runs out
}

// New makes the room. CodeInvalid when the catalogue has faults.
func New(d Deps) (*Service, error) {
	if d.Desk == nil {
		d.Desk = d.Calendar
	}
	s := &Service{deps: d}
	return s, s.use(d.Catalogue)
}

func (s *Service) use(c jiban.Catalogue) error {
	if err := Validate(c); err != nil {
		return err
	}
	s.index.Store(newIndex(c))
	return nil
}

// Load takes the store's catalogue, or saves the present one where the store
// has none. One with faults is refused and the present one stays in use.
func (s *Service) Load(ctx context.Context) error {
	c, err := s.deps.Store.Catalogue(ctx)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return s.deps.Store.SaveCatalogue(ctx, s.Catalogue())
	}
	if err != nil {
		return err
	}
	return s.use(c)
}

// Catalogue returns the catalogue in use. It is shared: it must not be changed.
func (s *Service) Catalogue() jiban.Catalogue { return s.index.Load().catalogue }

// Plan promises a number, a department (empty while a dispatcher must decide) and
// a due time for a draft. The number is taken: a plan that is not used leaves a
// gap. CodeInvalid names what is wrong with the draft.
func (s *Service) Plan(ctx context.Context, d jiban.TicketDraft) (jiban.TicketPlan, error) {
	x, now := s.index.Load(), s.now()
	if err := x.check(&d); err != nil {
		return jiban.TicketPlan{}, err
	}
	plan := jiban.TicketPlan{Limit: callbackLimit()}
	var warning calendar.Warning
	if d.Kind == kindCallback {
		plan.DueAt, warning = s.deps.Desk.Callback(now)
	} else {
		to := x.dispatch(x.matters[d.Matter].Owner, d.Region, accused(&d), nil)
		plan.Department, plan.DepartmentName = to.ID, to.Name
		plan.Limit = x.limit(d.Matter, d.Type)
		plan.DueAt, warning = s.deps.Calendar.Due(now, plan.Limit)
	}
	if warning != "" {
		s.deps.Log.WarnContext(ctx, "a due time may be wrong", "reason", string(warning))
	}
	serial, err := s.deps.Store.NextSerial(ctx, "ticket-"+dayOf(now))
	if err != nil {
		return jiban.TicketPlan{}, jiban.Errorf(jiban.CodeOf(err), "tickets.Plan", "no serial for a ticket number: %w", err)
	}
	plan.Number, err = Number(now, serial)
	return plan, err
}

func callbackLimit() jiban.Limit { return jiban.Limit{Hours: 2} }

// accused is whom a complaint or report is directed against.
func accused(d *jiban.TicketDraft) string {
	if d.Type != jiban.Complaint && d.Type != jiban.Report {
		return ""
	}
	return d.Fields["unit"]
}

// now is the present time, as finely as every store keeps it.
func (s *Service) now() time.Time { return s.deps.Clock.Now().UTC().Truncate(time.Millisecond) }

// Decide turns an action into the change of a ticket and the notices that go with
// it beyond what a turn itself says. It writes nothing. CodeConflict when the
// ticket's state forbids the action, CodeInvalid when something is missing.
func (s *Service) Decide(ctx context.Context, a jiban.TicketAction) (jiban.TicketChange, []jiban.Notice, error) {
	d := &decision{index: s.index.Load(), calendar: s.deps.Calendar, ids: s.deps.IDs, now: s.now(), action: a}
	if a.Kind == jiban.EventOpened {
		return d.result(0, d.open())
	}
	var err error
	if d.ticket, err = s.Ticket(ctx, a.Number); err != nil {
		return jiban.TicketChange{}, nil, err
	}
	if d.log, err = s.deps.Store.TicketEvents(ctx, a.Number); err != nil {
		return jiban.TicketChange{}, nil, err
	}
	// The clocks of two nodes may differ; a ticket's own time never runs backwards.
	if d.now.Before(d.ticket.UpdatedAt) {
		d.now = d.ticket.UpdatedAt
	}
	return d.result(d.ticket.Version, d.decide())
}

func (d *decision) result(version int64, err error) (jiban.TicketChange, []jiban.Notice, error) {
	if err != nil {
		return jiban.TicketChange{}, nil, err
	}
	d.ticket.Version = version
	return jiban.TicketChange{Ticket: d.ticket, Events: d.events}, d.notices, nil
}

// Ticket returns one ticket; CodeNotFound when there is none of that number.
func (s *Service) Ticket(ctx context.Context, number string) (jiban.Ticket, error) {
	if !ValidNumber(number) {
		return jiban.Ticket{}, jiban.Errorf(jiban.CodeNotFound, "tickets.Ticket", "there is no such ticket number")
	}
	return s.deps.Store.Ticket(ctx, number)
}

// Events returns a ticket's log in order.
func (s *Service) Events(ctx context.Context, number string) ([]jiban.TicketEvent, error) {
	return s.deps.Store.TicketEvents(ctx, number)
}

// List returns the tickets of a filter.
func (s *Service) List(ctx context.Context, f jiban.TicketFilter) ([]jiban.Ticket, error) {
	return s.deps.Store.Tickets(ctx, f)
}

// recent is how many of their tickets a person is shown at most.
const recent = 10

// Recent returns a contact's newest tickets, ten at most, newest first.
func (s *Service) Recent(ctx context.Context, contactID string) ([]jiban.Ticket, error) {
	return s.deps.Store.TicketsOf(ctx, contactID, recent)
}
