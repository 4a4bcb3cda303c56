package jiban

import (
	"encoding/json"
	"time"
)

// ChannelKind names a family of providers.
type ChannelKind string

// The kinds of channel.
const (
	ChannelWeChat  ChannelKind = "wechat"
	ChannelWebChat ChannelKind = "webchat"
	ChannelSMS     ChannelKind = "sms"
)

// Audience is who an article or a channel is for.
type Audience string

// The audiences. An article may be for both; a conversation has one.
const (
	Citizen    Audience = "citizen"
	Enterprise Audience = "enterprise"
	Everyone   Audience = "both"
)

// Lang is the language in which a person is spoken to.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Address is one way to reach a person: "wechat:OPENID", "tel:+8613800001234",
// "web:UUID". The part before the colon names the kind.
type Address string

// Contact is a person or business. It may own several addresses.
type Contact struct {
	ID        string
	Name      string
	Lang      Lang
	Roster    bool // on the special-service list, recognised by a proven address
	OptedOut  bool // wants no notices but answers to what was just said
	CreatedAt time.Time
}

// Holder says who speaks for the house in a conversation.
type Holder string

// The holders of a conversation.
const (
	HeldByBot   Holder = "bot"
	HeldByQueue Holder = "queue"
	HeldByAgent Holder = "agent"
)

// Conversation is one dialogue with a contact on a channel.
type Conversation struct {
	ID          string
	Channel     string // name of the configured channel
	ChannelKind ChannelKind
	Address     Address
	ContactID   string
	Audience    Audience
	Region      string // GB/T 2260 code of the place the dialogue is about, "" while unknown
	Lang        Lang
	Holder      Holder
	AgentID     string               // staff id while Holder is HeldByAgent
	HandoffID   string               // open handoff while Holder is not HeldByBot
	IntakeID    string               // the request being dealt with, \"\" for none
	RosterClaim bool                 // the person says to be on the special-service list: believed here, marked unproven
	SafetySaid  map[string]time.Time // when the safety line of each emergency number was last said
	State       json.RawMessage      // the engine's own state, opaque to all but dialog
	Version     int64                // rises by one with each commit; compared at commit
	LastSeq     int64                // sequence of the newest message
	LastInAt    time.Time            // when the person last wrote; opens WeChat's window
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Direction of a message.
type Direction string

// The directions.
const (
	Inbound  Direction = "in"
	Outbound Direction = "out"
)

// MessageKind is the form of a message.
type MessageKind string

// The kinds of message. An event carries its name in Event.
const (
	KindText     MessageKind = "text"
	KindTap      MessageKind = "tap" // a tapped option; Text holds its value
	KindLocation MessageKind = "location"
	KindImage    MessageKind = "image"
	KindFile     MessageKind = "file"
	KindVoice    MessageKind = "voice"
	KindEvent    MessageKind = "event" // subscribe, menu click, timer …
	KindUnknown  MessageKind = "unknown"
)

// Author says who made a message.
type Author string

// The authors of messages.
const (
	ByContact Author = "contact"
	ByBot     Author = "bot"
	ByAgent   Author = "agent"
	BySystem  Author = "system"
)

// Location is a shared position. Datum is "gcj02" or "wgs84".
type Location struct {
	Lat   float64 `json:"lat"`
	Lng   float64 `json:"lng"`
	Label string  `json:"label,omitempty"`
	Datum string  `json:"datum,omitempty"`
}

// Attachment is a file that came with a message. Ref is the provider's media
// id or our own storage key, never a public link.
type Attachment struct {
	Ref  string `json:"ref"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"` // MIME type
	Size int64  `json:"size,omitempty"` // bytes
}

// Option is a choice offered with a message: tapping it sends Value.
type Option struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Citation names the article an answer comes from, as it stood when answered.
type Citation struct {
	ArticleID string `json:"article_id"`
	Version   int    `json:"version,omitempty"`
	Title     string `json:"title"`
	Source    string `json:"source,omitempty"`
	Date      string `json:"date,omitempty"` // yyyy-mm-dd
}

// Content is what a message says. For events Event names it and Text may hold
// its key.
type Content struct {
	Kind        MessageKind  `json:"kind"`
	Text        string       `json:"text,omitempty"`
	Event       string       `json:"event,omitempty"`
	Location    *Location    `json:"location,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Options     []Option     `json:"options,omitempty"`
	Citations   []Citation   `json:"citations,omitempty"`
	Generated   bool         `json:"generated,omitempty"` // phrased by a model: must be labelled as such
}

// Message is one utterance or event of a conversation. Outbound messages are at
// the same time the outbox: Delivery works off those that are queued.
type Message struct {
	ID             string
	ConversationID string
	Seq            int64 // 1, 2, 3 … within the conversation, given by the store
	Direction      Direction
	Author         Author
	Channel        string
	ExternalID     string // the provider's id, unchanged; unique with Channel; "" for outbound until sent
	Content        Content
	TurnID         string // the turn that took an inbound message in or made an outbound one
	CreatedAt      time.Time
	Delivery       Delivery // outbound only
}

// Received is an inbound message as an adapter hands it to the gateway.
type Received struct {
	Channel     string
	ChannelKind ChannelKind
	ExternalID  string
	Address     Address
	Audience    Audience // of the channel
	Region      string   // of the channel or installation, a first guess
	Lang        Lang
	Content     Content
	At          time.Time // as the provider says, never trusted for order
	// RepeatWithin limits how long the same ExternalID counts as a repeat; zero
	// means for ever. (SMPP makes its own ids, which may come round again; such an id
	// is stored as a keyed hash, because it is made of who wrote what.)
	RepeatWithin time.Duration
}

// Turn is one step of the engine, kept so that it can be replayed and explained.
type Turn struct {
	ID             string
	ConversationID string
	Inbox          []string        // ids of the messages it took in
	StateBefore    json.RawMessage // engine state the step started from
	Facts          json.RawMessage // the answers to its needs, masked
	Outcome        json.RawMessage
	CreatedAt      time.Time
}

// TurnInput is a conversation as a turn meets it.
type TurnInput struct {
	Conversation Conversation
	Contact      Contact
	Addresses    []Address // all proven addresses of the contact
	Inbox        []Message // inbound, in order, taken in by no turn yet
	First        bool      // nothing was said in this conversation yet
}
