package jiban

import "time"

// HandoffReason says why a conversation goes to people.
type HandoffReason string

// The reasons of a handoff.
const (
	HandoffRequested     HandoffReason = "requested"
	HandoffAnger         HandoffReason = "anger"
	HandoffNotUnderstood HandoffReason = "not_understood"
	HandoffRoster        HandoffReason = "roster"
	HandoffEmergency     HandoffReason = "emergency"
	HandoffSpecialist    HandoffReason = "specialist"
	HandoffNoAnswer      HandoffReason = "no_answer"
	HandoffSensitive     HandoffReason = "sensitive"
	HandoffError         HandoffReason = "error"
)

// HandoffStatus is where a handoff stands.
type HandoffStatus string

// The states of a handoff.
const (
	HandoffWaiting  HandoffStatus = "waiting"
	HandoffAccepted HandoffStatus = "accepted"
	HandoffReturned HandoffStatus = "returned" // back to the bot
	HandoffClosed   HandoffStatus = "closed"
	HandoffLeft     HandoffStatus = "left"     // the person left the queue
	HandoffCallback HandoffStatus = "callback" // nobody on duty: a call-back task was made
)

// Handoff is the moving of one conversation from the bot to people, with all
// that is already known.
type Handoff struct {
	ID             string
	ConversationID string
	ContactID      string
	Reason         HandoffReason
	Queue          string
	Priority       int // higher first
	Status         HandoffStatus
	AgentID        string
	Summary        string            // what is known, one line for each fact
	Draft          map[string]string // fields collected so far
	Matter         string
	Type           RequestType
	Articles       []string // suggested to the agent
	CreatedAt      time.Time
	AcceptedAt     time.Time
	ClosedAt       time.Time
	Version        int64
}

// Alert is something people must look at now: an emergency in a conversation.
type Alert struct {
	ID             string
	ConversationID string
	Kind           string // number: 110, 119 …
	Text           string // masked
	SeenBy         string
	CreatedAt      time.Time
}

// HandoffRequest asks for people to take over a conversation.
type HandoffRequest struct {
	Reason   HandoffReason     `json:"reason"`
	Type     RequestType       `json:"type,omitempty"`
	Matter   string            `json:"matter,omitempty"`
	Region   string            `json:"region,omitempty"`
	Audience Audience          `json:"audience"`
	Roster   bool              `json:"roster,omitempty"`
	Summary  string            `json:"summary,omitempty"`
	Draft    map[string]string `json:"draft,omitempty"`
	Articles []string          `json:"articles,omitempty"`
}

// HandoffPlan is what the handoff room can offer now. When nobody is on duty it
// promises a call-back by CallbackBy instead.
type HandoffPlan struct {
	Queue      string        `json:"queue"`
	Priority   int           `json:"priority"`
	OnDuty     bool          `json:"on_duty"`
	Ahead      int           `json:"ahead"` // people waiting in front
	Wait       time.Duration `json:"wait"`  // honest estimate, 0 when unknown
	CallbackBy time.Time     `json:"callback_by"`
}
