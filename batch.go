package jiban

// Batch is everything that one decision writes. The store applies it in one
// transaction: all of it, or, where a version that was read is no longer the
// one stored, nothing, with an error of CodeConflict.
//
// Rooms decide and return the parts; whoever drives them puts the parts together.
// There is no other way to write what belongs together.
type Batch struct {
	// Conversation is saved in its new state. Version is the one that was read.
	// A batch that leaves the holder or state alone leaves it nil.
	Conversation *Conversation
	// Contact, when set, is saved: language, opt-out, roster.
	Contact *Contact
	// Inbox lists the inbound messages that this turn takes in. One that another
	// turn took already is a conflict.
	Inbox    []string
	Turn     *Turn
	Notices  []Notice // become outbound messages, in this order
	Tickets  []TicketChange
	Files    []File // attached to tickets of the batch by staff; their bytes are kept already
	Intakes  []Intake
	Handoffs []Handoff // Version as in TicketChange
	Alerts   []Alert
	Wishes   []WishChange
	Consents []Consent
	Audit    []AuditEntry
}

// Applied tells what a batch became: the outbound messages made of its notices,
// with their sequence in the conversation. A notice dropped because its DedupeKey
// was known is not among them.
type Applied struct {
	Messages []Message
}
