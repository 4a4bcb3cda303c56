package jiban

import "time"

// WrappedKey is a data key as the store keeps it: encrypted under a root key
// that the store never sees. It belongs to the house or to one contact.
type WrappedKey struct {
	ID     string
	Owner  string // who it was made for; bound into everything sealed under it
	Holder string // whom it serves now: the owner, or the contact it was joined to
	Serial int64  // 1, 2, 3 … within the owner; the highest seals
	Root   string // id of the root key that wraps it
	// Wrapped is the encrypted key, "" once it was destroyed: then nothing sealed
	// under it can be read again, by anybody.
	Wrapped     string
	CreatedAt   time.Time
	DestroyedAt time.Time
}

// KeyChange is a key wrapped anew: under another root, or put beside the ones
// there are.
type KeyChange struct {
	ID      string
	From    string // root id under which it was read
	Root    string
	Wrapped string
}

// VerificationCode is a code on its way to a telephone, which proves that who
// asked for it holds the telephone. Neither code nor number is kept in clear.
type VerificationCode struct {
	ID        string
	ContactID string  // who asks
	Phone     Address // "tel:+86…"; only its hash is stored with the code
	PhoneHash string
	AskerHash string // the address that asks (a visitor, an IP), "" for none
	Hash      string // keyed hash of the code
	Tries     int
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time
	MessageID string // the outbound message that carries it, wiped when the code is over
}

// CodeRate allows so many codes in a span of time.
type CodeRate struct {
	Within time.Duration
	Most   int
}

// CodeRates are the limits on codes: for one telephone, for one asking address,
// for the whole house (domain B6).
type CodeRates struct {
	Phone []CodeRate
	Asker []CodeRate
	House []CodeRate
}

// CodeIssue is a code with all that is written together with it. The code goes
// out on the SMS channel, never where it was asked for.
type CodeIssue struct {
	Code    VerificationCode
	Rates   CodeRates
	Channel string // name of the SMS channel
	Region  string
	Lang    Lang
	Notice  Notice // its conversation is found or made by the telephone
}

// AddressProof says that a contact was shown to hold an address.
type AddressProof struct {
	ContactID string
	Address   Address
	How       string // "code", "staff", "oauth" …
	CodeID    string // spent with the proof; "" for other ways
	By        string // "contact" or a staff id
	Roster    bool   // the address is on the special-service list
	// RosterAsked says that the list was looked up for the proof, which is recorded.
	RosterAsked bool
}

// Join records that two contacts were found to be one person. What moved is
// remembered row by row, so that it can be separated again.
type Join struct {
	ID          string
	KeptID      string
	GoneID      string // its row stays, empty of all that moved
	Address     Address
	How         string
	By          string
	At          time.Time
	SeparatedAt time.Time
	SeparatedBy string
}

// Consent is one statement of a contact about the use of data: given, or taken
// back, to a wording that can be looked up by its version.
type Consent struct {
	ID        string
	ContactID string
	Purpose   string // what the data are for
	Wording   string // version of the text that was shown
	Given     bool
	Channel   string
	At        time.Time
}

// ConsentBind is the purpose for which a telephone number is proven: to find what
// was filed with it, and to tell its holder how it stands.
const ConsentBind = "bind"

// NoticeGroup is what a person can opt out of together.
type NoticeGroup string

// The groups of notices.
const (
	GroupAnswer   NoticeGroup = "answer"   // replies and results: always told
	GroupSafety   NoticeGroup = "safety"   // emergency lines and codes: always told, at any hour
	GroupProgress NoticeGroup = "progress" // where a ticket stands
	GroupSurvey   NoticeGroup = "survey"
)

// Group returns the group of a kind of notice.
func (k NoticeKind) Group() NoticeGroup {
	switch k {
	case NoticeSafety, NoticeCode:
		return GroupSafety
	case NoticeTicketSurvey:
		return GroupSurvey
	case NoticeTicketDispatched, NoticeTicketSigned, NoticeTicketReturned, NoticeTicketExtended,
		NoticeTicketDelayed, NoticeTicketReopened, NoticeTicketMerged, NoticeFormReminder:
		return GroupProgress
	default:
		return GroupAnswer
	}
}

// OptOut says that a contact wants no notices of a group any more.
type OptOut struct {
	ContactID string
	Group     NoticeGroup
	At        time.Time
}

// Wish says whether and when a contact wants to be told something.
type Wish struct {
	Unwanted  bool
	NotBefore time.Time // the end of the quiet hours, zero when it may be told now
}

// WishChange makes a contact want no notices of a group any more, or want them
// again.
type WishChange struct {
	OptOut
	Out bool
}

// Roster is one version of the special-service list. One is in use at a time.
type Roster struct {
	ID        string
	Kinds     []string // entries name a kind by its place in this list
	Rows      int      // of the files it was made from
	Phones    int
	By        string
	CreatedAt time.Time
	InUse     bool
}

// RosterBlock holds the entries of one bucket of a roster, packed and sorted by
// the room people.
type RosterBlock struct {
	Bucket int
	Data   []byte
}

// Held is one record that is held about a person, as it is given out on request.
type Held struct {
	Kind   string `json:"kind"` // contact, address, conversation, message, …
	Record any    `json:"record"`
}
