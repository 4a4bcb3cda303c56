package dialog

import (
	"encoding/json"
	"time"

	"jiban"
)

// Input is everything a step may look at.
type Input struct {
	Now       time.Time
	Situation Situation
	State     json.RawMessage // as the last Outcome left it; nil at the start
	Inbox     []jiban.Message // inbound messages of this turn, in order, at least one
	Facts     Facts
}

// Situation is what the house knows about the conversation before it listens.
type Situation struct {
	ConversationID string            `json:"conversation_id"`
	ContactID      string            `json:"contact_id"`
	Channel        string            `json:"channel"`
	ChannelKind    jiban.ChannelKind `json:"channel_kind"`
	Audience       jiban.Audience    `json:"audience"`
	Region         string            `json:"region"` // "" or the installation's while the city is unknown
	Lang           jiban.Lang        `json:"lang"`
	Holder         jiban.Holder      `json:"holder"`
	First          bool              `json:"first"`               // nothing was said to this person yet
	Phone          string            `json:"phone"`               // proven telephone number, E.164 without +86; on SMS the sender's
	Roster         bool              `json:"roster"`              // recognised as on the special-service list
	CanProve       bool              `json:"can_prove,omitempty"` // a code can be sent to a telephone
	// SafetySaid holds when the safety line of each emergency number was last said.
	SafetySaid map[string]time.Time `json:"safety_said,omitempty"`
}

// Facts are the answers to the needs of this turn, in the order they were asked.
// They are kept with the turn.
type Facts struct {
	Catalogue int                `json:"catalogue,omitempty"` // version of the catalogue that the turn was made with
	Searches  []SearchFact       `json:"searches,omitempty"`
	Recent    *RecentFact        `json:"recent,omitempty"`
	Statuses  []StatusFact       `json:"statuses,omitempty"`
	Plan      *PlanFact          `json:"plan,omitempty"`
	Incidents []IncidentFact     `json:"incidents,omitempty"`
	Handoff   *jiban.HandoffPlan `json:"handoff,omitempty"`
	Deeds     []DeedFact         `json:"deeds,omitempty"`
	// Model names the model that this turn may ask, "" for none; the runner says so
	// before the first step.
	Model  string      `json:"model,omitempty"`
	Models []ModelFact `json:"models,omitempty"`
}

// SearchFact is one answered search.
type SearchFact struct {
	Query  jiban.SearchQuery  `json:"query"`
	Result jiban.SearchResult `json:"result"`
}

// RecentFact lists the contact's tickets, newest first, ten at most.
type RecentFact struct {
	Tickets []jiban.Ticket `json:"tickets"`
}

// StatusFact is one ticket asked for by number. Found is false when there is
// none; Own says that it belongs to this contact, and only then details may be told.
type StatusFact struct {
	Number string       `json:"number"`
	Found  bool         `json:"found"`
	Own    bool         `json:"own"`
	Ticket jiban.Ticket `json:"ticket"`
}

// PlanFact is the tickets room's plan for a draft.
type PlanFact struct {
	Draft jiban.TicketDraft `json:"draft"`
	Plan  jiban.TicketPlan  `json:"plan"`
}

// IncidentFact is what was announced about a matter at a place, the newest first.
type IncidentFact struct {
	Matter string           `json:"matter"`
	Region string           `json:"region"`
	Found  []jiban.Incident `json:"found,omitempty"`
}

// DeedFact is what came of something that was done for the person in this turn. It
// holds neither the telephone number nor the code.
type DeedFact struct {
	Kind    NeedKind `json:"kind"`
	Result  Deed     `json:"result"`
	Minutes int      `json:"minutes,omitempty"` // NeedCode: how long the code is good for
}

// Deed is the result of one.
type Deed string

// The results. Those of a code: done, limited. Of a proof: done, wrong, over. Of
// a request about one's data: done, again (it was made before).
const (
	DeedDone    Deed = "done"
	DeedLimited Deed = "limited" // too many codes of late
	DeedWrong   Deed = "wrong"   // not the code, it may be tried again
	DeedOver    Deed = "over"    // no code waits any more
	DeedAgain   Deed = "again"
	DeedNone    Deed = "none" // there was nothing to do
)

// NeedKind names a read that the engine asks its runner for.
type NeedKind string

// The needs. Each is answered once a turn, search and status once per query.
const (
	NeedSearch  NeedKind = "search"
	NeedRecent  NeedKind = "recent"
	NeedStatus  NeedKind = "status"
	NeedPlan    NeedKind = "plan"
	NeedHandoff NeedKind = "handoff"
	// NeedIncidents asks what was announced; it is answered once for each matter and
	// region.
	NeedIncidents NeedKind = "incidents"
)

// These needs have something done outside of the turn's commit. Each may be done
// again without harm when a commit is lost: codes are limited, a proof and a
// request that stand are found standing.
const (
	NeedCode   NeedKind = "code"   // a verification code to a telephone
	NeedProof  NeedKind = "proof"  // the telephone is proven by the code
	NeedUnbind NeedKind = "unbind" // what was proven by codes is the person's no more
	NeedData   NeedKind = "data"   // a request about the data held about the person
)

// Need is a question to the runner; the step is called again with the answer
// among the facts, six times at most.
type Need struct {
	Kind    NeedKind
	Search  jiban.SearchQuery     // NeedSearch
	Number  string                // NeedStatus
	Draft   jiban.TicketDraft     // NeedPlan
	Handoff jiban.HandoffRequest  // NeedHandoff
	Matter  string                // NeedIncidents
	Region  string                // NeedIncidents
	Phone   string                // NeedCode, NeedProof
	Code    string                // NeedProof
	Data    jiban.DataRequestKind // NeedData
	Model   *ModelAsk             // NeedModel
}

// Decision is what a turn came to.
type Decision string

// The decisions (the names are fixed by the talk command).
const (
	DecideAnswer    Decision = "answer"
	DecideClarify   Decision = "clarify"
	DecideAskField  Decision = "ask_field"
	DecideConfirm   Decision = "confirm"
	DecideTicket    Decision = "ticket"
	DecideStatus    Decision = "status"
	DecideHandoff   Decision = "handoff"
	DecideEmergency Decision = "emergency"
	DecideDecline   Decision = "decline"
	DecideSmalltalk Decision = "smalltalk"
	DecideSurvey    Decision = "survey"
	DecideNotice    Decision = "notice"
	DecideNone      Decision = "none"
	DecideCommand   Decision = "command"
)

// Command is what a person ordered.
type Command string

// The commands (the names are fixed by the talk command).
const (
	CommandUrge       Command = "urge"
	CommandSupplement Command = "supplement"
	CommandWithdraw   Command = "withdraw"
	CommandCancel     Command = "cancel"
	CommandOptOut     Command = "opt_out"
	CommandOptIn      Command = "opt_in"
	CommandHuman      Command = "human"
	CommandHelp       Command = "help"
	CommandPrivacy    Command = "privacy"
	CommandBind       Command = "bind"
	CommandRevoke     Command = "revoke"
	CommandData       Command = "data"
)

// Reply is one thing to say.
type Reply struct {
	Text      string           `json:"text"`
	Options   []jiban.Option   `json:"options,omitempty"`
	Citations []jiban.Citation `json:"citations,omitempty"`
	Safety    bool             `json:"safety,omitempty"`    // the safety line: sent whoever holds the conversation
	Generated bool             `json:"generated,omitempty"` // a model phrased some of it: it is labelled in the text, and marked where the channel can
}

// HandoffMove is what a turn wants done with the holder of the conversation.
type HandoffMove string

// The moves.
const (
	HandoffOpen     HandoffMove = "open"     // join the queue
	HandoffCallback HandoffMove = "callback" // nobody on duty: recorded, with a call-back ticket
	HandoffLeave    HandoffMove = "leave"    // leave the queue, back to the bot
)

// HandoffAction is the change of holder that a turn decided on.
type HandoffAction struct {
	Move    HandoffMove          `json:"move"`
	Request jiban.HandoffRequest `json:"request"`
	Plan    jiban.HandoffPlan    `json:"plan"`
}

// IntakeChange opens or settles the current request's record. Open starts a new
// one; otherwise the current one is updated.
type IntakeChange struct {
	Open     bool               `json:"open"`
	Question string             `json:"question,omitempty"`
	Type     jiban.RequestType  `json:"type,omitempty"`
	Matter   string             `json:"matter,omitempty"`
	Result   jiban.IntakeResult `json:"result"`
	Articles []string           `json:"articles,omitempty"`
	Ticket   string             `json:"ticket,omitempty"`
}

// ConsentChange is a consent that a person gave, or took back, in this turn.
type ConsentChange struct {
	Purpose string `json:"purpose"`
	Wording string `json:"wording"` // version of the text that was shown
	Given   bool   `json:"given"`
}

// Reminder is to be told later of the form that was left unfinished, if the person
// stays silent until then.
type Reminder struct {
	At    time.Time `json:"at"`
	Until time.Time `json:"until"` // when the form is dropped
}

// Outcome is all that a turn decided. The runner commits it whole or not at all.
type Outcome struct {
	State         json.RawMessage      `json:"state"`
	Replies       []Reply              `json:"replies"`
	Decision      Decision             `json:"decision"`
	Command       Command              `json:"command,omitempty"`
	Ask           []string             `json:"ask,omitempty"` // keys of the fields asked
	Intent        string               `json:"intent,omitempty"`
	RequestType   jiban.RequestType    `json:"request_type,omitempty"`
	Matter        string               `json:"matter,omitempty"` // code
	Slots         map[string]string    `json:"slots,omitempty"`  // understood in this turn or before, current request
	Emergency     string               `json:"emergency,omitempty"`
	EmergencyAlso []string             `json:"emergency_also,omitempty"`
	Intake        *IntakeChange        `json:"intake,omitempty"`
	Tickets       []jiban.TicketAction `json:"tickets,omitempty"`
	Handoff       *HandoffAction       `json:"handoff,omitempty"`
	OptOut        *bool                `json:"opt_out,omitempty"`   // true: no more notices here; false: again
	OptGroup      jiban.NoticeGroup    `json:"opt_group,omitempty"` // with OptOut: only notices of this group
	Consents      []ConsentChange      `json:"consents,omitempty"`
	Reminder      *Reminder            `json:"reminder,omitempty"`
	Region        string               `json:"region,omitempty"` // learnt in this turn
	Audience      jiban.Audience       `json:"audience,omitempty"`
	Lang          jiban.Lang           `json:"lang,omitempty"`
	Roster        bool                 `json:"roster,omitempty"` // claimed or proven in this conversation
}

// Safety is what is said at once about a danger, whoever holds the conversation.
type Safety struct {
	Number string   // main number: 110, 119, 120, 122 or 12356
	Also   []string // further numbers
	Text   string   // the safety line, worded for the channel
}
