package tickets

import (
	"bytes"
	"context"
	"slices"
	"time"

	"jiban"
	"jiban/calendar"
)

// yearsKey names the setting that holds the imported years of holidays.
const yearsKey = "calendar.years"

// ImportYears keeps newly published years of holidays, in place of those of the
// same number, and computes the due times of open tickets anew. Other nodes take
// them over with their next sweep. The entries of the audit record are written with the
// years. It returns how many due times changed.
func (s *Service) ImportYears(ctx context.Context, years []calendar.Year, entries ...jiban.AuditEntry) (int, error) {
	if _, err := s.loadYears(ctx); err != nil {
		return 0, err
	}
	if len(years) == 0 {
		return 0, jiban.Errorf(jiban.CodeInvalid, "tickets.ImportYears", "there is no year to import")
	}
	s.deps.Calendar.Learn(years...)
	text, err := calendar.Export(s.deps.Calendar.Years())
	if err != nil {
		return 0, err
	}
	if err := s.deps.Store.KeepSetting(ctx, yearsKey, string(text), s.entries(entries, "calendar")); err != nil {
		return 0, err
	}
	first := slices.MinFunc(years, func(a, b calendar.Year) int { return a.Year - b.Year }).Year
	return s.Recalculate(ctx, first)
}

// loadYears takes over the imported years and returns the numbers of those that
// are new here, in order.
func (s *Service) loadYears(ctx context.Context) ([]int, error) {
	text, err := s.deps.Store.Setting(ctx, yearsKey)
	if jiban.CodeOf(err) == jiban.CodeNotFound || err == nil && text == s.years {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	years, err := calendar.Load(bytes.NewReader([]byte(text)))
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInternal, "tickets.loadYears", "the stored years of holidays cannot be read: %w", err)
	}
	s.years = text
	return s.deps.Calendar.Learn(years...), nil
}

// complainEvery is how often the end of the known calendar is complained of.
const complainEvery = 24 * time.Hour

// watchCalendar says loudly when the known calendar ends too soon.
func (s *Service) watchCalendar(ctx context.Context) {
	now := s.now()
	w := s.deps.Calendar.Horizon(now)
	if w == "" || !s.warned.IsZero() && now.Sub(s.warned) < complainEvery {
		return
	}
	s.warned = now
	s.deps.Log.ErrorContext(ctx, "the calendar of working days must be brought up to date", "reason", string(w))
}

// CalendarWarning says why due times may be wrong, "" when all is well.
func (s *Service) CalendarWarning() string { return string(s.deps.Calendar.Horizon(s.now())) }

// Recalculate computes the due times of open tickets anew that reach into a year
// or beyond, each change with an event. One that is overdue by now stays as it is,
// and none is made overdue by it. It returns how many changed.
func (s *Service) Recalculate(ctx context.Context, year int) (int, error) {
	from := calendar.Date{Year: year, Month: time.January, Day: 1}.At(0)
	changed := 0
	err := s.each(ctx, jiban.TicketFilter{
		Statuses: []jiban.TicketStatus{jiban.TicketAccepted, jiban.TicketDispatched, jiban.TicketHandling},
	}, func(t *jiban.Ticket) error {
		if t.DueAt.Before(from) || t.Kind == kindCallback {
			return nil
		}
		done, err := s.recalculate(ctx, t.Number)
		if done {
			changed++
		}
		return err
	})
	return changed, err
}

func (s *Service) recalculate(ctx context.Context, number string) (bool, error) {
	for range attempts {
		d := s.decision(ctx, jiban.TicketAction{Kind: jiban.EventRecalculated, Number: number, Actor: system, As: jiban.AsSystem})
		if err := s.read(ctx, d); err != nil {
			return false, err
		}
		d.recalculate()
		if len(d.events) == 0 && d.next().Equal(d.ticket.NextAt) {
			return false, nil
		}
		err := s.commit(ctx, d.batch())
		if !isConflict(err) {
			return err == nil && len(d.events) > 0, err
		}
	}
	return false, jiban.Errorf(jiban.CodeConflict, "tickets.Recalculate", "ticket %s is changed all the time: its due time is computed later", number)
}

// recalculate sets the due time that is right by the present calendar. The person
// was promised the old one: an earlier one is the department's, not told, and a
// later one is told when it comes to that.
func (d *decision) recalculate() {
	if !isOpen(d.ticket.Status) || !d.now.Before(d.ticket.DueAt) {
		return
	}
	k := d.clock()
	due, _ := k.Due()
	if due.Equal(d.ticket.DueAt) || !d.now.Before(due) {
		return
	}
	d.add(jiban.EventRecalculated, data("due", stamp(due), "was", stamp(d.ticket.DueAt), "reason", "a year of holidays became known"))
	if due.After(moment(d.events[0].Data["was"])) {
		d.tell(jiban.NoticeTicketExtended, jiban.UrgencyLow, d.due(), param{"reason", holidayReason})
	}
}

const holidayReason = "国家公布了节假日安排"

// Years lists the years of holidays that are known.
func (s *Service) Years() []calendar.Year { return s.deps.Calendar.Years() }
