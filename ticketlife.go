package jiban

import (
	"slices"
	"time"
)

// The kinds of ticket event beyond those of the first form. What each carries is
// listed in the tickets room.
const (
	EventContacted        TicketEventKind = "contacted"         // the handler reached the person, or tried
	EventReturnAsked      TicketEventKind = "return_asked"      // a department says that it is not its own
	EventReturnRefused    TicketEventKind = "return_refused"    // and is told that it is
	EventExtensionAsked   TicketEventKind = "extension_asked"   // a department asks for more time
	EventExtensionRefused TicketEventKind = "extension_refused" //
	EventSubmitted        TicketEventKind = "submitted"         // an answer waits to be checked
	EventReplyRefused     TicketEventKind = "reply_refused"     // it goes back to the department
	EventPaused           TicketEventKind = "paused"            // the clock stands
	EventResumed          TicketEventKind = "resumed"           // it goes again
	EventReminded         TicketEventKind = "reminded"          // a step of supervision, or a limit that was not kept
	EventRecalculated     TicketEventKind = "recalculated"      // another due time by a newly published calendar
	EventAssigned         TicketEventKind = "assigned"          // a department takes part
	EventTaskDone         TicketEventKind = "task_done"         // and has done its part
	EventMerged           TicketEventKind = "merged"            // became a voice on another ticket
	EventVoice            TicketEventKind = "voice"             // another time the same request
	EventLinked           TicketEventKind = "linked"            // belongs to an incident, or no longer
	EventClassified       TicketEventKind = "classified"        // another matter, type, place or accused
	EventWritten          TicketEventKind = "written"           // the handler wrote to the person through the hotline
	EventTransferred      TicketEventKind = "transferred"       // to a colleague of the same department
	EventFollowUp         TicketEventKind = "follow_up"         // the person is to be asked by an agent
	EventUnreached        TicketEventKind = "unreached"         // and could not be reached
	EventAttached         TicketEventKind = "attached"          // staff put a file to it
)

// ActingAs is the capacity in which somebody acts on a ticket. The empty one is
// not limited: the caller has checked everything.
type ActingAs string

// The capacities.
const (
	AsContact    ActingAs = "contact"    // the person
	AsDepartment ActingAs = "department" // a handler of the department that has it
	AsDesk       ActingAs = "desk"       // the hotline: dispatchers, agents
	AsManagement ActingAs = "management" // supervisors of the hotline
	AsSystem     ActingAs = "system"     // the clock
)

// TicketPending says what of a ticket waits for a decision of the hotline.
type TicketPending string

// What may be pending.
const (
	PendingReturn    TicketPending = "return"
	PendingExtension TicketPending = "extension"
	PendingReply     TicketPending = "reply"
)

// Light marks how near a ticket is to its limit.
type Light string

// The marks.
const (
	LightNone   Light = ""
	LightYellow Light = "yellow"
	LightRed    Light = "red"
	LightGreen  Light = "green" // in a filter: neither of these
)

// MatterGuess is one proposal of a classifier. Confidence lies between 0 and 1.
type MatterGuess struct {
	Code       string  `json:"code"`
	Confidence float64 `json:"confidence"`
}

// TicketLife is what of a ticket's state only its life needs. It follows from the
// events and holds nothing that a person said.
type TicketLife struct {
	TermAt       time.Time     `json:"term_at,omitzero"` // when the present limit began
	Limit        Limit         `json:"limit,omitzero"`
	Extended     int           `json:"extended,omitempty"`
	Guesses      []MatterGuess `json:"guesses,omitempty"`
	Hold         string        `json:"hold,omitempty"`    // why a dispatcher must decide
	Accused      []string      `json:"accused,omitempty"` // departments it is directed against
	DecideBy     time.Time     `json:"decide_by,omitzero"`
	DispatchedAt time.Time     `json:"dispatched_at,omitzero"`
	SignBy       time.Time     `json:"sign_by,omitzero"`
	SignedAt     time.Time     `json:"signed_at,omitzero"`
	ReturnBy     time.Time     `json:"return_by,omitzero"`
	ContactBy    time.Time     `json:"contact_by,omitzero"`
	ContactedAt  time.Time     `json:"contacted_at,omitzero"`
	ReviewBy     time.Time     `json:"review_by,omitzero"`
	Decider      ActingAs      `json:"decider,omitempty"` // who decides on what is pending
	Handler      string        `json:"handler,omitempty"` // staff id
	Paused       string        `json:"paused,omitempty"`  // why the clock stands
	PausedUntil  time.Time     `json:"paused_until,omitzero"`
	Stood        []Span        `json:"stood,omitempty"` // when the clock of the present limit stood, in order
	Light        Light         `json:"light,omitempty"`
	Fired        []string      `json:"fired,omitempty"` // timers of this term that are on record
	Voices       int           `json:"voices,omitempty"`
	UrgedAt      time.Time     `json:"urged_at,omitzero"`
	RepeatOf     string        `json:"repeat_of,omitempty"`
	AutoMerge    bool          `json:"auto_merge,omitempty"`
	MergedInto   string        `json:"merged_into,omitempty"`
	OpenTasks    []string      `json:"open_tasks,omitempty"` // numbers of co-handling tasks
	TakePart     []string      `json:"take_part,omitempty"`  // departments that are still to be given one
	SurveyBy     time.Time     `json:"survey_by,omitzero"`
	FollowUp     string        `json:"follow_up,omitempty"` // id of the agent's open task
	Attempts     int           `json:"attempts,omitempty"`  // to reach the person for the follow-up
}

// Span is a stretch of time; one without an end goes on.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// Against reports whether the ticket is directed against a department, so that it
// must never see it.
func (t *Ticket) Against(department string) bool {
	return department != "" && slices.Contains(t.Life.Accused, department)
}

// Addressee is who in a department or at the hotline a paper is for.
type Addressee string

// The addressees.
const (
	ToHandler    Addressee = "handler"    // 承办人
	ToHead       Addressee = "head"       // 单位负责人
	ToManagement Addressee = "management" // 主管部门
	ToDesk       Addressee = "desk"       // 热线派单、审核
	ToAgent      Addressee = "agent"      // 热线回访
)

// TicketTask is something that staff must read or do about a ticket: a paper of
// supervision, a review, a person to be asked. Saving one with a known ID
// replaces it.
type TicketTask struct {
	ID         string // of the event that it rests on
	Number     string
	Kind       string    // reminder, urging, supervision, interview, …, follow_up, review
	To         Addressee //
	Department string    // id, "" for the hotline
	Text       string    // the document
	CreatedAt  time.Time
	DoneAt     time.Time // zero while open
	DoneBy     string
	Result     string
}

// TaskFilter selects tasks; empty fields select all. Oldest first, after AfterID.
type TaskFilter struct {
	To          Addressee
	Department  string   // id
	Departments []string // of one of these ids; "" among them is the hotline
	Number      string
	Kind        string
	OpenOnly    bool
	Region      string // about tickets of this region and all below, or of none
	NotAgainst  string // id of a department: not about tickets that are directed against it
	AfterID     string
	Limit       int // 50 when zero, 500 at most
}

// IncidentState is where an incident stands.
type IncidentState string

// The states of an incident.
const (
	IncidentFound    IncidentState = "found"    // many alike; staff must look
	IncidentOpen     IncidentState = "open"     // announced
	IncidentAnswered IncidentState = "answered" // one answer goes to all
	IncidentClosed   IncidentState = "closed"   // dismissed, or over
)

// Incident is one cause that concerns many people. Its texts are written by staff
// for everybody to read and name no person.
type Incident struct {
	ID        string
	State     IncidentState
	Matter    string // code, "" for any
	Region    string
	Cause     string
	Text      string // what people are told
	Until     time.Time
	Answer    string // the one answer
	Tickets   int    // how many were alike when it was found
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// Alike is how many open requests of one matter came from one region.
type Alike struct {
	Matter string
	Region string
	N      int
}

// ReplyTemplate is the beginning of an answer that the handlers of a department
// share. It names no person.
type ReplyTemplate struct {
	ID         string
	Department string
	Title      string
	Text       string
	UpdatedBy  string // staff id
	UpdatedAt  time.Time
	Version    int64
}
