package jiban

import "time"

// RequestType is what a person wants (domain C3).
type RequestType string

// The request types.
const (
	Consultation RequestType = "consultation" // 咨询
	Help         RequestType = "help"         // 求助
	Complaint    RequestType = "complaint"    // 投诉
	Report       RequestType = "report"       // 举报
	Suggestion   RequestType = "suggestion"   // 建议
	Praise       RequestType = "praise"       // 表扬
)

// Region is a division of GB/T 2260: six digits, or nine for a street.
type Region struct {
	Code   string `json:"code"`
	Name   string `json:"name"`   // full, 哈尔滨市
	Parent string `json:"parent"` // code, "" for a province
}

// Department handles tickets. Superior is asked when the matter is about the
// department itself.
type Department struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Region   string `json:"region"`
	Superior string `json:"superior,omitempty"` // department id
	Hours    string `json:"hours,omitempty"`    // of its own: 08:00-12:00 13:00-17:00, daily before them for every day; "" for the usual
}

// Field is one thing that must or should be known before a ticket can be opened.
// Key is one of the common slot keys (place, city, since, name, phone,
// description, demand, unit, amount, people …) or the matter's own.
type Field struct {
	Key      string   `json:"key"`
	Label    string   `json:"label"` // Chinese, 发生地点
	LabelEN  string   `json:"label_en"`
	Kind     string   `json:"kind"` // text, place, city, time, phone, name, amount, number, choice
	Required bool     `json:"required"`
	Choices  []Option `json:"choices,omitempty"`
	// What a value must look like: no longer than so many characters (0: as any
	// field), and the whole of it matching a regular expression (RE2).
	MaxLength int    `json:"max_length,omitempty"`
	Pattern   string `json:"pattern,omitempty"`
}

// Form is the list of fields of a matter, in the order they are asked.
type Form struct {
	Fields []Field `json:"fields"`
}

// Limit is a time limit: working days, or hours when Hours is set. OnClock hours
// run day and night (water, power, gas, heat); others in working time.
type Limit struct {
	Days    int  `json:"days,omitempty"`
	Hours   int  `json:"hours,omitempty"`
	OnClock bool `json:"on_clock,omitempty"`
	// AtOnce counts days from the day itself; else they begin with the next one.
	AtOnce bool `json:"at_once,omitempty"`
}

// Matter is a leaf of the catalogue.
type Matter struct {
	Code      string                `json:"code"` // six digits, 2+2+2
	Name      string                `json:"name"`
	NameEN    string                `json:"name_en"`
	Category  string                `json:"category"`          // first level, Chinese
	Aliases   []string              `json:"aliases,omitempty"` // words and phrases that point to it
	Samples   []string              `json:"samples,omitempty"` // whole sentences of our own that mean it
	Types     []RequestType         `json:"types"`             // allowed; the first is the usual one
	Form      Form                  `json:"form"`
	Owner     string                `json:"owner"`            // kind of department, e.g. 住建; resolved by region
	Limits    map[RequestType]Limit `json:"limits,omitempty"` // by type; the catalogue's default where absent
	Urgent    bool                  `json:"urgent,omitempty"`
	Sensitive bool                  `json:"sensitive,omitempty"` // people look at it first

	Parent       string                          `json:"parent,omitempty"`        // code of the category of the second level
	CoOwners     []string                        `json:"co_owners,omitempty"`     // kinds of department that take part
	UrgentLimits map[Grade]map[RequestType]Limit `json:"urgent_limits,omitempty"` // by urgency and type, before Limits
	Urgency      []UrgencyRule                   `json:"urgency,omitempty"`       // before those of the categories above
	Confidential ConfidentialRule                `json:"confidential,omitempty"`
	Public       bool                            `json:"public,omitempty"`  // tickets of it may be shown to everybody, masked, once a person agreed
	Retired      bool                            `json:"retired,omitempty"` // kept for old tickets, not offered any more
}

// TicketStatus is derived from the ticket's events.
type TicketStatus string

// The states of a ticket, first form.
const (
	TicketAccepted   TicketStatus = "accepted"   // a dispatcher must decide
	TicketDispatched TicketStatus = "dispatched" // waits for the department to sign
	TicketHandling   TicketStatus = "handling"   // signed
	TicketAnswered   TicketStatus = "answered"   // replied, survey asked
	TicketClosed     TicketStatus = "closed"     // surveyed, or the survey's time passed
	TicketWithdrawn  TicketStatus = "withdrawn"
)

// Ticket is the structured request. Its state follows from its events; the row
// keeps the result for reading.
type Ticket struct {
	Number         string // 13 digits: yymmdd, serial of 6, Luhn check digit
	Kind           string // "request", or "callback" for a numbered call-back task
	Type           RequestType
	Matter         string // matter code
	Title          string
	Region         string // GB/T 2260
	Department     string // department id, "" while a dispatcher must decide
	DepartmentName string
	Status         TicketStatus
	Fields         map[string]string
	Confidential   bool
	Anonymous      bool
	Urgent         bool
	ContactID      string
	ConversationID string
	Channel        string
	Reopened       int // how often; once at most
	Returned       int // how often a department sent it back
	Urged          int
	Reply          string // the department's last answer
	Solved         string // survey: "", yes, no
	Satisfied      string // survey: "", yes, no
	DueAt          time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
	Version        int64 // rises by one with each change; compared at commit

	Parent   string        // number of the ticket that this is a task of
	Incident string        // id
	Pending  TicketPending // what waits for a decision
	NextAt   time.Time     // when the earliest timer runs out, zero for none; belongs to the row, not to the log
	Life     TicketLife
}

// TicketEventKind names a step in the life of a ticket.
type TicketEventKind string

// The kinds of ticket event.
const (
	EventOpened       TicketEventKind = "opened"
	EventDispatched   TicketEventKind = "dispatched"
	EventSigned       TicketEventKind = "signed"
	EventReturned     TicketEventKind = "returned"
	EventExtended     TicketEventKind = "extended"
	EventReplied      TicketEventKind = "replied"
	EventSurveyed     TicketEventKind = "surveyed"
	EventReopened     TicketEventKind = "reopened"
	EventClosed       TicketEventKind = "closed"
	EventWithdrawn    TicketEventKind = "withdrawn"
	EventSupplemented TicketEventKind = "supplemented"
	EventUrged        TicketEventKind = "urged"
	EventOverdue      TicketEventKind = "overdue"
)

// TicketEvent is one entry of a ticket's append-only log.
type TicketEvent struct {
	ID     string
	Number string
	Seq    int64 // 1, 2, 3 … within the ticket
	Kind   TicketEventKind
	Actor  string // "contact", "bot", "system" or a staff id
	Data   map[string]string
	At     time.Time
}

// TicketChange is a ticket in its new state with the events that led there. A
// Version of zero makes a new ticket; else it is the version that was read.
type TicketChange struct {
	Ticket Ticket
	Events []TicketEvent
	Tasks  []TicketTask
}

// IntakeResult says what came of a request.
type IntakeResult string

// The results of an intake.
const (
	IntakeOpen       IntakeResult = "open"
	IntakeAnswered   IntakeResult = "answered"
	IntakeTicket     IntakeResult = "ticket"
	IntakeHandedOver IntakeResult = "handed_over"
	IntakeDeclined   IntakeResult = "declined"
	IntakeAbandoned  IntakeResult = "abandoned"
)

// Intake is one request in a conversation and what came of it: the denominator
// of the figures. Saving one with a known ID replaces it.
type Intake struct {
	ID             string
	ConversationID string
	ContactID      string
	Channel        string
	Type           RequestType
	Matter         string
	Region         string
	Question       string
	Result         IntakeResult
	Articles       []string
	Ticket         string
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// TicketDraft is all that is known of a request before a ticket is opened.
type TicketDraft struct {
	Kind           string            `json:"kind"` // "request" or "callback"
	Type           RequestType       `json:"type"`
	Matter         string            `json:"matter"`
	Region         string            `json:"region"`
	Fields         map[string]string `json:"fields"`
	Confidential   bool              `json:"confidential,omitempty"`
	Anonymous      bool              `json:"anonymous,omitempty"`
	Urgent         bool              `json:"urgent,omitempty"`
	ContactID      string            `json:"contact_id"`
	ConversationID string            `json:"conversation_id"`
	Channel        string            `json:"channel"`
	// Guesses are what a classifier thought of, the best first; none when a person
	// chose the matter.
	Guesses []MatterGuess `json:"guesses,omitempty"`
	// Catalogue is the version in which the matter was chosen, 0 for the one in force.
	Catalogue int `json:"catalogue,omitempty"`
	// Incident is the announced incident that the person joins, "" for none.
	Incident string `json:"incident,omitempty"`
}

// TicketPlan is what the tickets room promises for a draft: a number of its own,
// the department (empty while a dispatcher must decide) and the due time.
type TicketPlan struct {
	Number         string    `json:"number"`
	Department     string    `json:"department"`
	DepartmentName string    `json:"department_name"`
	DueAt          time.Time `json:"due_at"`
	Limit          Limit     `json:"limit"`
	Hold           string    `json:"hold,omitempty"` // why there is no department yet
}

// TicketAction is what a turn, or staff, wants done to a ticket. Kind is the event
// it leads to; EventOpened carries Draft and Plan; others name Number. Data
// holds: reason, text, solved, satisfied, due, department.
type TicketAction struct {
	Kind   TicketEventKind   `json:"kind"`
	Number string            `json:"number"`
	Draft  *TicketDraft      `json:"draft,omitempty"`
	Plan   *TicketPlan       `json:"plan,omitempty"`
	Actor  string            `json:"actor"`
	As     ActingAs          `json:"as,omitempty"` // what the actor acts as: a department asks, the hotline decides
	Data   map[string]string `json:"data,omitempty"`
	// Version is that of the ticket which the actor saw; where the ticket has moved on
	// since, the action is a conflict. 0 is for whatever it is by now.
	Version int64 `json:"version,omitempty"`
	// File is what is attached: its bytes are kept, its record is written with the
	// event. It is no part of what is told of an action.
	File *File `json:"-"`
}

// Catalogue is the catalogue of matters with those who handle them: data that
// staff edit, read as one consistent version.
type Catalogue struct {
	Version     int                   `json:"version"`
	Regions     []Region              `json:"regions"` // of the installation, province first
	Departments []Department          `json:"departments"`
	Matters     []Matter              `json:"matters"`
	Owners      []Owner               `json:"owners"`
	Limits      map[RequestType]Limit `json:"limits"` // default

	Categories   []Category                      `json:"categories"`              // the two upper levels of the tree
	UrgentLimits map[Grade]map[RequestType]Limit `json:"urgent_limits,omitempty"` // default, by urgency and type
}

// Owner says which department handles a kind of matter in a region; the nearest
// region above the place wins. Among several of one region the one of the lowest
// rank leads, the others are asked next.
type Owner struct {
	Kind       string `json:"kind"` // Matter.Owner
	Region     string `json:"region"`
	Department string `json:"department"`     // id
	Rank       int    `json:"rank,omitempty"` // 0 leads
}

// TicketFilter selects tickets for a list; empty fields select all.
type TicketFilter struct {
	Department  string // id
	Unassigned  bool   // only those a dispatcher must decide on
	Statuses    []TicketStatus
	Region      string // this one and all below
	BeforeDue   time.Time
	AfterNumber string    // page on, in order of number
	ByDue       bool      // order by due time instead
	AfterDue    time.Time // with ByDue: the due time of AfterNumber
	Parent      string    // tasks of this ticket
	Incident    string    // id
	Pending     TicketPending
	AnyPending  bool   // those on which the hotline must decide
	Light       Light  // yellow or red
	Accused     bool   // only those that are directed against some department
	NotAgainst  string // id of a department: without those that are directed against it
	Limit       int    // 50 when zero, 500 at most
}
