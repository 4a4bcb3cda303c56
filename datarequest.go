package jiban

import "time"

// DataRequestKind is what a person wants done with what is held about them.
type DataRequestKind string

// The kinds of request (PIPL 44 to 47).
const (
	DataSee     DataRequestKind = "see"
	DataCopy    DataRequestKind = "copy"
	DataCorrect DataRequestKind = "correct"
	DataDelete  DataRequestKind = "delete"
)

// Twofold reports whether a second person must approve: what leaves the house or
// cannot be undone is never in one person's hand.
func (k DataRequestKind) Twofold() bool { return k == DataCopy || k == DataDelete }

// Valid reports whether there is such a kind.
func (k DataRequestKind) Valid() bool {
	return k == DataSee || k == DataCopy || k == DataCorrect || k == DataDelete
}

// DataRequestStatus is where a request stands.
type DataRequestStatus string

// The states of a request. It is being carried out while DataDoing: whoever
// comes second finds it so and leaves it alone.
const (
	DataOpen     DataRequestStatus = "open"
	DataChecked  DataRequestStatus = "checked"  // it is known who asks
	DataApproved DataRequestStatus = "approved" // by somebody else than who checked
	DataDoing    DataRequestStatus = "doing"
	DataDone     DataRequestStatus = "done"
	DataRefused  DataRequestStatus = "refused"
)

// Ended reports whether nothing more will come of the request.
func (s DataRequestStatus) Ended() bool { return s == DataDone || s == DataRefused }

// DataRequest is a person's request about the data that are held about them, as
// a task of the staff. Note and Reason are personal data.
type DataRequest struct {
	ID         string
	ContactID  string
	Kind       DataRequestKind
	Channel    string // name of the channel it came by, or "staff"
	Note       string // what is to be corrected, in the person's words
	Status     DataRequestStatus
	CreatedAt  time.Time
	DueAt      time.Time
	Proof      string // how it was shown who asks: "code" or "staff"
	CheckedBy  string
	CheckedAt  time.Time
	ApprovedBy string
	ApprovedAt time.Time
	EndedBy    string
	EndedAt    time.Time
	Reason     string    // why it was refused; the person reads it
	LinkHash   string    // SHA-256, in hex, of the way to the copy, "" for none
	LinkBy     string    // who may use it
	LinkUntil  time.Time // and until when
	DoingUntil time.Time // after that a run that died may be begun again
	Version    int64     // rises by one with each change; compared when it is saved
}

// DataRequestChange is a request in its new state with all that is written
// together with it. The request's version is the one that was read.
type DataRequestChange struct {
	Request DataRequest
	Audit   []AuditEntry
	Notice  *Notice // left out where the contact has no conversation to be told in
	Name    string  // the contact's name, corrected; "" leaves it
}

// DataRequestFilter selects requests, oldest due time first. Zero fields select
// all.
type DataRequestFilter struct {
	ContactID string
	Open      bool // only those that have not ended
	Ended     bool // only those that have, newest first
	Limit     int
}

// Proof is what shows that an address is a contact's.
type Proof struct {
	Address Address
	How     string // "code", "staff", "oauth" …
	By      string // "contact" or a staff id
	At      time.Time
}
