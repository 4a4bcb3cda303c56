package tickets

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"jiban"
)

// Rules are the house rules of a ticket's life: data that management may change.
// Where the law or a matter says otherwise, the catalogue's limits hold.
type Rules struct {
	Decide   Timing `json:"decide"`    // the dispatcher's time to find a department
	Sign     Timing `json:"sign"`      // a department's time to sign
	Contact  Timing `json:"contact"`   // to contact the person (domain C5: 24 hours)
	Return   Timing `json:"return"`    // to say that it is not its own
	Review   Timing `json:"review"`    // the hotline's time to decide on what a department asks
	Survey   Timing `json:"survey"`    // the person's time to say whether it helped
	Ladder   []Step `json:"ladder"`    // supervision, in order
	Pauses   []Stop `json:"pauses"`    // for what the clock may stand
	UrgeRest int    `json:"urge_rest"` // hours before a department is urged by the person again

	ReviewReturns  bool                `json:"review_returns"`  // else a return holds at once
	NeedBasis      bool                `json:"need_basis"`      // a return names the rule that it rests on (domain C6)
	ManagedReturn  int                 `json:"managed_return"`  // the how-manieth return management decides on, 0 for none
	ReviewExtended bool                `json:"review_extended"` // else an extension holds at once
	Extensions     int                 `json:"extensions"`      // how many
	CheckReplies   []jiban.RequestType `json:"check_replies"`   // answers that the hotline looks at first
	CheckReopened  bool                `json:"check_reopened"`  // and those to reopened tickets
	AutoMerge      bool                `json:"auto_merge"`      // the same person, matter and place: one ticket
	AutoDispatch   float64             `json:"auto_dispatch"`   // least confidence at which nobody looks first

	NoFollowUp   []jiban.RequestType `json:"no_follow_up"`
	AskSecret    bool                `json:"ask_secret"`    // confidential tickets are followed up too
	CallAgain    []jiban.RequestType `json:"call_again"`    // an agent asks when the person did not answer
	MostAttempts int                 `json:"most_attempts"` // to reach the person

	IncidentLeast int `json:"incident_least"` // tickets alike …
	IncidentHours int `json:"incident_hours"` // … within hours make an incident
}

// Timing is a limit for the usual and one for the urgent; an empty one sets none.
type Timing struct {
	Usual  jiban.Limit `json:"usual"`
	Urgent jiban.Limit `json:"urgent"`
}

// Step is one step of supervision: when so much of the limit has passed, or, with
// a Share of nothing, so long after its end.
type Step struct {
	Name     string          `json:"name"`
	Share    float64         `json:"share,omitempty"`
	Over     Timing          `json:"over"`
	Light    jiban.Light     `json:"light,omitempty"`
	To       jiban.Addressee `json:"to"`
	Document string          `json:"document"` // {number} {matter} {department} {due} {step} are filled in
}

// Stop is something for which the clock may stand, and for how long at most.
type Stop struct {
	Reason string      `json:"reason"`
	Most   jiban.Limit `json:"most"`
	Asks   bool        `json:"asks"` // the person is asked something
}

// The reasons of a pause that the program comes with.
const (
	pauseForPerson    = "person"    // waits for the person
	pauseForAuthority = "authority" // waits for another authority
)

// DefaultRules are common practice (domain C5, C6), to be replaced by those of the
// place.
func DefaultRules() Rules {
	hours := func(n int) jiban.Limit { return jiban.Limit{Hours: n} }
	clock := func(n int) jiban.Limit { return jiban.Limit{Hours: n, OnClock: true} }
	days := func(n int) jiban.Limit { return jiban.Limit{Days: n} }
	return Rules{
		Decide: Timing{hours(4), clock(1)}, Sign: Timing{hours(4), clock(1)}, Contact: Timing{clock(24), clock(2)},
		Return: Timing{days(1), clock(12)}, Review: Timing{hours(8), clock(2)}, Survey: Timing{clock(72), clock(72)},
		Ladder: ladder(days, clock),
		Pauses: []Stop{{pauseForPerson, days(5), true}, {pauseForAuthority, days(10), false}}, UrgeRest: 24,
		ReviewReturns: true, NeedBasis: true, ManagedReturn: 2, ReviewExtended: true, Extensions: 2,
		CheckReplies: []jiban.RequestType{jiban.Complaint, jiban.Report}, CheckReopened: true, AutoMerge: true, AutoDispatch: 0.35,
		NoFollowUp: []jiban.RequestType{jiban.Praise}, CallAgain: []jiban.RequestType{jiban.Help, jiban.Complaint, jiban.Report},
		MostAttempts: 3, IncidentLeast: 5, IncidentHours: 6,
	}
}

func ladder(days, clock func(int) jiban.Limit) []Step {
	return []Step{
		{Name: "reminder", Share: 0.75, Light: jiban.LightYellow, To: jiban.ToHandler,
			Document: "提醒：工单编号：{number}（{matter}）最晚{due}办结，请{department}抓紧办理。"},
		{Name: "urging", Light: jiban.LightRed, To: jiban.ToHandler,
			Document: "催办单：工单编号：{number}（{matter}）已于{due}到期，请{department}立即办理并答复。"},
		{Name: "supervision", Over: Timing{days(1), clock(2)}, Light: jiban.LightRed, To: jiban.ToHead,
			Document: "督办单：工单编号：{number}（{matter}）于{due}到期后仍未答复，请{department}负责人督促办理，说明原因和完成时间。"},
		{Name: "interview", Over: Timing{days(3), clock(12)}, Light: jiban.LightRed, To: jiban.ToManagement,
			Document: "约谈通知：工单编号：{number}（{matter}）于{due}到期，经提醒、催办、督办仍未答复，请约谈{department}负责人。"},
	}
}

// of is the limit for a ticket.
func (t Timing) of(urgent bool) jiban.Limit {
	if urgent && t.Urgent != (jiban.Limit{}) {
		return t.Urgent
	}
	return t.Usual
}

// Check refuses rules by which a ticket could never end, or of which nobody could
// say what they mean. CodeInvalid names the rule.
func (r *Rules) Check() error {
	bad := func(format string, args ...any) error {
		return jiban.Errorf(jiban.CodeInvalid, "tickets.Rules", format, args...)
	}
	if err := checkLadder(r.Ladder); err != nil {
		return err
	}
	for _, p := range r.Pauses {
		if p.Reason == "" || p.Most == (jiban.Limit{}) {
			return bad("pauses: each needs a reason and an end")
		}
	}
	if r.Survey.Usual == (jiban.Limit{}) || r.MostAttempts < 1 || r.Extensions < 0 || r.IncidentLeast < 2 || r.IncidentHours < 1 {
		return bad("survey, most_attempts, extensions, incident_least and incident_hours must be set")
	}
	if r.AutoDispatch < 0 || r.AutoDispatch > 1 {
		return bad("auto_dispatch is a confidence, from 0 to 1")
	}
	return nil
}

func (r *Rules) pause(reason string) (Stop, bool) {
	i := slices.IndexFunc(r.Pauses, func(p Stop) bool { return p.Reason == reason })
	if i < 0 {
		return Stop{}, false
	}
	return r.Pauses[i], true
}

// checked says whether the hotline looks at the answer to a ticket first.
func (r *Rules) checked(t *jiban.Ticket) bool {
	return t.Kind == kindRequest && (slices.Contains(r.CheckReplies, t.Type) || r.CheckReopened && t.Reopened > 0)
}

// rulesKey names the setting that holds the rules.
const rulesKey = "ticket.rules"

// ReadRules decodes rules. What is left out begins with its default: a rule that
// was added since they were written. A list is taken whole: decoded over the default
// one, its entries would keep what they leave out of the default entries.
func ReadRules(decode func(into any) error) (Rules, error) {
	r, usual := DefaultRules(), DefaultRules()
	r.Ladder, r.Pauses = nil, nil
	err := decode(&r)
	if r.Ladder == nil {
		r.Ladder = usual.Ladder
	}
	if r.Pauses == nil {
		r.Pauses = usual.Pauses
	}
	return r, err
}

// Rules returns the rules in force.
func (s *Service) Rules() Rules { return *s.rules.Load() }

// SaveRules puts other rules into force, here at once and on the other nodes with
// their next sweep. CodeInvalid when they cannot be. The entries of the audit record are
// written with them.
func (s *Service) SaveRules(ctx context.Context, r Rules, entries ...jiban.AuditEntry) error {
	if err := r.Check(); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "tickets.SaveRules", "the rules cannot be written: %w", err)
	}
	if err := s.deps.Store.KeepSetting(ctx, rulesKey, string(text), s.entries(entries, "rules")); err != nil {
		return err
	}
	s.rules.Store(&r)
	_, err = s.Recalculate(ctx, 0) // the timers of open tickets follow the rules
	return err
}

// loadRules takes the store's rules; where it has none the present ones stay.
func (s *Service) loadRules(ctx context.Context) error {
	text, err := s.deps.Store.Setting(ctx, rulesKey)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := ReadRules(func(into any) error { return json.Unmarshal([]byte(text), into) })
	if err != nil {
		return jiban.Errorf(jiban.CodeInternal, "tickets.loadRules", "the stored rules cannot be read: %w", err)
	}
	if err := r.Check(); err != nil {
		return err
	}
	s.rules.Store(&r)
	return nil
}

// within is the time between a moment and the end of a limit on the department's
// calendar, the zero time for no limit.
func (d *decision) within(t Timing) time.Time {
	l := t.of(d.ticket.Urgent)
	if l == (jiban.Limit{}) {
		return time.Time{}
	}
	at, _ := d.calendar.Due(d.now, l)
	return at
}
