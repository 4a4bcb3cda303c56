package jiban

import "time"

// DeliveryStatus is where an outbound message stands.
type DeliveryStatus string

// The states of an outbound message.
const (
	DeliveryQueued    DeliveryStatus = "queued"    // waits for Delivery
	DeliverySending   DeliveryStatus = "sending"   // recorded before the provider is called
	DeliverySent      DeliveryStatus = "sent"      // the provider took it
	DeliveryDelivered DeliveryStatus = "delivered" // a receipt says it arrived
	DeliveryUncertain DeliveryStatus = "uncertain" // a crash or time-out hid the result
	DeliveryFailed    DeliveryStatus = "failed"
	DeliveryExpired   DeliveryStatus = "expired"  // its time passed before it could be sent
	DeliveryFallback  DeliveryStatus = "fallback" // given up here, told on another way
)

// Path is the way an outbound message took.
type Path string

// The ways out.
const (
	PathPassive   Path = "passive"
	PathCustom    Path = "custom"
	PathTemplate  Path = "template"
	PathSubscribe Path = "subscribe"
	PathSMS       Path = "sms"
	PathWeb       Path = "web"
)

// Delivery is the state of an outbound message on its way out.
type Delivery struct {
	Status       DeliveryStatus
	Path         Path
	Kind         NoticeKind
	Urgency      Urgency
	Params       map[string]string // of the notice, for wording it on another way
	DedupeKey    string            // a second notice with the same key is dropped; "" for none
	NotBefore    time.Time
	NotAfter     time.Time // zero: never too late
	Attempts     int
	Repeated     bool      // an uncertain send was repeated once already
	ClaimedBy    string    // node that works on it
	ClaimedUntil time.Time // after that another node may take it
	ProviderIDs  []string  // of the parts that were taken
	PartsSent    int
	Error        string // the provider's code and words, never message text
}

// Urgency orders the outbox.
type Urgency int

// The urgencies.
const (
	UrgencyLow    Urgency = 0 // surveys, progress
	UrgencyNormal Urgency = 1 // replies
	UrgencyHigh   Urgency = 2 // safety, codes
)

// NoticeKind says what is told; prompts words it from the parameters.
type NoticeKind string

// The kinds of notice. NoticeReply and NoticeAgent carry their text themselves.
const (
	NoticeReply            NoticeKind = "reply"
	NoticeAgent            NoticeKind = "agent"
	NoticeSafety           NoticeKind = "safety"
	NoticeCode             NoticeKind = "code"
	NoticeHandoffJoined    NoticeKind = "handoff.joined"   // agent
	NoticeHandoffReturned  NoticeKind = "handoff.returned" // back to the bot
	NoticeHandoffClosed    NoticeKind = "handoff.closed"
	NoticeHandoffWaiting   NoticeKind = "handoff.waiting"   // position, wait
	NoticeTicketAccepted   NoticeKind = "ticket.accepted"   // number, department, due
	NoticeTicketDispatched NoticeKind = "ticket.dispatched" // number, department, due
	NoticeTicketSigned     NoticeKind = "ticket.signed"     // number, department
	NoticeTicketReturned   NoticeKind = "ticket.returned"   // number
	NoticeTicketExtended   NoticeKind = "ticket.extended"   // number, due, reason
	NoticeTicketDelayed    NoticeKind = "ticket.delayed"    // number, due
	NoticeTicketAnswered   NoticeKind = "ticket.answered"   // number, department, reply
	NoticeTicketSurvey     NoticeKind = "ticket.survey"     // number
	NoticeTicketReopened   NoticeKind = "ticket.reopened"   // number, due
	NoticeTicketMessage    NoticeKind = "ticket.message"    // number, department, text: the handler's words
	NoticeTicketMerged     NoticeKind = "ticket.merged"     // number, into, due
	NoticeCallbackDone     NoticeKind = "callback.done"     // number
	NoticeFormReminder     NoticeKind = "form.reminder"     // until: a form waits for its person
	NoticeRequestApproved  NoticeKind = "request.approved"  // what: the deletion that is coming
	NoticeRequestDone      NoticeKind = "request.done"      // what
	NoticeRequestRefused   NoticeKind = "request.refused"   // what, reason
)

// RepeatUncertain says whether an uncertain send of this kind is repeated once:
// answers, numbers and handoff notices are; codes, surveys and progress are not.
func (k NoticeKind) RepeatUncertain() bool {
	switch k {
	case NoticeReply, NoticeAgent, NoticeSafety, NoticeTicketAccepted, NoticeTicketAnswered, NoticeTicketMessage,
		NoticeHandoffJoined, NoticeHandoffReturned, NoticeHandoffClosed,
		NoticeRequestApproved, NoticeRequestDone, NoticeRequestRefused:
		return true
	default:
		return false
	}
}

// Lapses says that a notice of this kind is told only while nothing else was said in
// its conversation.
func (k NoticeKind) Lapses() bool { return k == NoticeFormReminder }

// Notice is something to be told to a person, whoever in the house wants it
// told. A room puts it into its own transaction; Delivery is the only door out.
// The store turns it into an outbound message of the conversation.
type Notice struct {
	ID             string
	ContactID      string
	ConversationID string
	Kind           NoticeKind
	Urgency        Urgency
	Params         map[string]string
	Content        Content // for NoticeReply and NoticeAgent; otherwise worded by Delivery from Kind and Params
	Author         Author
	TurnID         string
	DedupeKey      string
	NotBefore      time.Time
	NotAfter       time.Time
	// Claim is set when somebody stands ready to send it at once (WeChat's
	// waiting passive reply): it is stored as already being sent.
	Claim *Claim
}

// Claim reserves a way out for the one who will use it.
type Claim struct {
	By    string
	Path  Path
	Until time.Time
}
