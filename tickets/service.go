package tickets

import (
	"context"
	"log/slog"
	"slices"
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

// Timers finds what time does.
type Timers interface {
	// TicketsDue lists tickets whose earliest timer runs out at now or before, the
	// earliest first, after one that was read before.
	TicketsDue(ctx context.Context, now time.Time, after jiban.Ticket, limit int) ([]jiban.Ticket, error)
	TicketTasks(ctx context.Context, f jiban.TaskFilter) ([]jiban.TicketTask, error)
	TicketTask(ctx context.Context, id string) (jiban.TicketTask, error)
	// SurveyLost reports whether the last question whether a ticket helped could not
	// be delivered, although the person wants to be asked.
	SurveyLost(ctx context.Context, t jiban.Ticket) (bool, error)
}

// Settings keeps the rules and the imported years of holidays.
type Settings interface {
	Setting(ctx context.Context, key string) (string, error)
	// KeepSetting writes a setting and entries of the audit record together.
	KeepSetting(ctx context.Context, key, value string, entries []jiban.AuditEntry) error
}

// Incidents keeps what concerns many people.
type Incidents interface {
	Incident(ctx context.Context, id string) (jiban.Incident, error)
	Incidents(ctx context.Context, states []jiban.IncidentState, limit int) ([]jiban.Incident, error)
	// SaveIncident writes an incident and entries of the audit record together.
	SaveIncident(ctx context.Context, i jiban.Incident, entries []jiban.AuditEntry) error
	TicketsAlike(ctx context.Context, since time.Time, least int) ([]jiban.Alike, error)
}

// CatalogueStore keeps the catalogue.
type CatalogueStore interface {
	// Catalogue returns the newest one; CodeNotFound when none was saved.
	Catalogue(ctx context.Context) (jiban.Catalogue, error)
	SaveCatalogue(ctx context.Context, c jiban.Catalogue) error
	// CatalogueVersion returns any version; CodeNotFound when there is none.
	CatalogueVersion(ctx context.Context, version int) (jiban.CatalogueVersion, error)
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
	Timers
	Settings
	Incidents
}

// Listeners hear of every commit of this room: delivery is woken, screens are
// told.
type Listeners interface {
	Committed(ctx context.Context, b jiban.Batch, a jiban.Applied)
}

// Deps is what the room stands on. Listeners, CalendarOf and Rules may be nil.
type Deps struct {
	Store    Store
	Calendar *calendar.Calendar // of the departments
	// CalendarOf is the calendar of a department before what the catalogue says of
	// its hours, nil for none. It must share the years of Calendar.
	CalendarOf func(department string) *calendar.Calendar
	Rules      *Rules             // until Load finds others in the store; nil: the default ones
	Desk       *calendar.Calendar // of the people at the hotline's desk; nil: as Calendar
	Clock      jiban.Clock
	IDs        jiban.IDs
	Log        *slog.Logger
	Listeners  Listeners
	Catalogue  jiban.Catalogue // until Load finds another in the store
}

// Service is the tickets room. It is safe for concurrent use.
type Service struct {
	deps  Deps
	index atomic.Pointer[index]
	rules atomic.Pointer[Rules]
	past  editions

	sweeping sync.Mutex
	years    string    // the setting of imported years as it was read last
	warned   time.Time // when the end of the known calendar was last complained of
	looked   time.Time // when incidents were last looked for
}

// New makes the room. CodeInvalid when the catalogue has faults.
func New(d Deps) (*Service, error) {
	if d.Desk == nil {
		d.Desk = d.Calendar
	}
	rules := DefaultRules()
	if d.Rules != nil {
		rules = *d.Rules
	}
	if err := rules.Check(); err != nil {
		return nil, err
	}
	s := &Service{deps: d}
	s.rules.Store(&rules)
	return s, s.use(d.Catalogue)
}

func (s *Service) use(c jiban.Catalogue) error {
	if err := Validate(c); err != nil {
		return err
	}
	x := newIndex(c)
	if err := x.open(s.deps.Calendar); err != nil {
		return err
	}
	s.past.keep(s.index.Swap(x))
	return nil
}

// Load takes the store's catalogue, rules and years of holidays, or saves the
// present catalogue where the store has none. What has faults is refused and the
// present one stays in use.
func (s *Service) Load(ctx context.Context) error {
	if err := s.loadRules(ctx); err != nil {
		return err
	}
	if _, err := s.loadYears(ctx); err != nil {
		return err
	}
	s.watchCalendar(ctx)
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
	x, err := s.edition(ctx, d.Catalogue)
	if err == nil {
		err = x.check(&d)
	}
	if err != nil {
		return jiban.TicketPlan{}, err
	}
	plan, now := jiban.TicketPlan{Limit: callbackLimit()}, s.now()
	var warning calendar.Warning
	if d.Kind == kindCallback {
		plan.DueAt, warning = s.deps.Desk.Callback(now)
	} else {
		var to jiban.Department
		to, plan.Hold = x.route(&d, s.rules.Load())
		plan.Department, plan.DepartmentName = to.ID, to.Name
		plan.Limit = x.limitAt(d.Matter, d.Type, x.grade(d.Matter, words(&d)))
		plan.DueAt, warning = s.calendarOf(to.ID).Due(now, plan.Limit)
	}
	if warning != "" {
		s.deps.Log.WarnContext(ctx, "a due time may be wrong", "reason", string(warning))
	}
	plan.Number, err = s.number(ctx, now)
	return plan, err
}

// number takes the next ticket number of the day.
func (s *Service) number(ctx context.Context, now time.Time) (string, error) {
	serial, err := s.deps.Store.NextSerial(ctx, "ticket-"+dayOf(now))
	if err != nil {
		return "", jiban.Errorf(jiban.CodeOf(err), "tickets.Plan", "no serial for a ticket number: %w", err)
	}
	return Number(now, serial)
}

// calendarOf is the calendar of a department by the hours that the catalogue in
// force gives it, the usual one where it has none of its own.
func (s *Service) calendarOf(department string) *calendar.Calendar {
	if s.deps.CalendarOf != nil && department != "" {
		if c := s.deps.CalendarOf(department); c != nil {
			return c
		}
	}
	if c := s.index.Load().hours[department]; c != nil {
		return c
	}
	return s.deps.Calendar
}

func callbackLimit() jiban.Limit { return jiban.Limit{Hours: 2} }

// now is the present time, as finely as every store keeps it.
func (s *Service) now() time.Time { return s.deps.Clock.Now().UTC().Truncate(time.Millisecond) }

// Decide turns an action into the change of a ticket and the notices that go with
// it beyond what a turn itself says. It writes nothing. CodeConflict when the
// ticket's state forbids the action, CodeForbidden when the actor may not,
// CodeInvalid when something is missing. What moves other tickets too is for Act.
func (s *Service) Decide(ctx context.Context, a jiban.TicketAction) (jiban.TicketChange, []jiban.Notice, error) {
	d, err := s.decide(ctx, a)
	if err != nil {
		return jiban.TicketChange{}, nil, err
	}
	if len(d.also) > 0 {
		return jiban.TicketChange{}, nil, jiban.Errorf(jiban.CodeInvalid, "tickets.Decide", "%s moves other tickets too: have it done by Act", a.Kind)
	}
	return d.change(), d.notices, nil
}

// decide makes the decision of an action.
func (s *Service) decide(ctx context.Context, a jiban.TicketAction) (*decision, error) {
	d := s.decision(ctx, a)
	if a.Kind == jiban.EventOpened {
		if err := s.recall(ctx, d); err != nil {
			return nil, err
		}
		if a.Draft != nil {
			var err error
			if d.index, err = s.edition(ctx, a.Draft.Catalogue); err != nil {
				return nil, err
			}
		}
		return d, d.open()
	}
	if err := s.read(ctx, d); err != nil {
		return nil, err
	}
	return d, d.decide()
}

// decision is an empty one that can read what it needs.
func (s *Service) decision(ctx context.Context, a jiban.TicketAction) *decision {
	d := &decision{index: s.index.Load(), rules: s.rules.Load(), calendar: s.deps.Calendar, ids: s.deps.IDs, now: s.now(), action: a, calendarOf: s.calendarOf}
	d.number = func() (string, error) { return s.number(ctx, d.now) }
	d.read = func(number string) (jiban.Ticket, []jiban.TicketEvent, error) {
		t, err := s.Ticket(ctx, number)
		if err != nil {
			return t, nil, err
		}
		log, err := s.deps.Store.TicketEvents(ctx, number)
		return t, log, err
	}
	return d
}

// read loads the ticket that the action is about.
func (s *Service) read(ctx context.Context, d *decision) error {
	var err error
	if d.ticket, d.log, err = d.read(d.action.Number); err != nil {
		return err
	}
	if seen := d.action.Version; seen != 0 && seen != d.ticket.Version {
		return d.conflict("ticket %s was changed since it was seen", d.ticket.Number)
	}
	d.calendar = s.calendarOf(d.ticket.Department)
	// The clocks of two nodes may differ; a ticket's own time never runs backwards.
	if d.now.Before(d.ticket.UpdatedAt) {
		d.now = d.ticket.UpdatedAt
	}
	return ctx.Err()
}

// recall finds what the person asked for before, to know a repeat.
func (s *Service) recall(ctx context.Context, d *decision) error {
	draft, plan := d.action.Draft, d.action.Plan
	if plan != nil {
		d.calendar = s.calendarOf(plan.Department)
	}
	if draft == nil || draft.ContactID == "" || draft.Kind != kindRequest {
		return nil
	}
	recent, err := s.deps.Store.TicketsOf(ctx, draft.ContactID, recent)
	if err != nil {
		return err
	}
	d.repeat, d.same = repeats(draft, recent)
	return nil
}

// change is what the decision writes of its ticket. The ticket's version is still
// the one that was read.
func (d *decision) change() jiban.TicketChange {
	d.ticket.NextAt = d.next()
	return jiban.TicketChange{Ticket: d.ticket, Events: d.events, Tasks: d.tasks}
}

// batch is everything that the decision writes.
func (d *decision) batch() jiban.Batch {
	b := jiban.Batch{Tickets: []jiban.TicketChange{d.change()}, Notices: d.notices, Files: d.files}
	for _, o := range d.also {
		if len(o.events) > 0 {
			b.Tickets = append(b.Tickets, o.change())
			b.Notices = append(b.Notices, o.notices...)
		}
	}
	return b
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

// Recent returns a contact's newest requests and call-back tasks, ten at most,
// newest first. The tasks of departments that take part are not the person's.
func (s *Service) Recent(ctx context.Context, contactID string) ([]jiban.Ticket, error) {
	all, err := s.deps.Store.TicketsOf(ctx, contactID, 3*recent)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t jiban.Ticket) bool { return t.Kind == kindTask })
	return all[:min(len(all), recent)], nil
}

// Tasks lists what staff have to read or do.
func (s *Service) Tasks(ctx context.Context, f jiban.TaskFilter) ([]jiban.TicketTask, error) {
	return s.deps.Store.TicketTasks(ctx, f)
}
