package dialog

import (
	"encoding/json"
	"time"

	"jiban"
)

// stateVersion rises when an older state can no longer be read rightly.
const stateVersion = 1

// patience is how long an unfinished form waits for its person; after longAway
// they are reminded of it.
const (
	patience = 72 * time.Hour
	longAway = 12 * time.Hour
	// remindAfter lies within the 48 hours in which WeChat lets us write (domain A7).
	remindAfter = 24 * time.Hour
)

// state is what the engine remembers of a conversation between turns. It is
// opaque to everybody else.
type state struct {
	V       int       `json:"v"`
	At      time.Time `json:"at"`
	Request *request  `json:"request,omitempty"`
	Pending *pending  `json:"pending,omitempty"`
	Next    []string  `json:"next,omitempty"` // further requests, in the person's words

	Place    string          `json:"place,omitempty"`    // told before the request it belongs to
	Topic    string          `json:"topic,omitempty"`    // the last question answered, for follow-ups
	Asked    string          `json:"asked,omitempty"`    // that question in the person's own words, folded
	Articles []string        `json:"articles,omitempty"` // last answered from or offered
	Open     bool            `json:"open,omitempty"`     // its record is not settled yet
	More     string          `json:"more,omitempty"`     // the rest of an answer that was too long
	Cited    *jiban.Citation `json:"cited,omitempty"`    // what that answer comes from
	Repeats  int             `json:"repeats,omitempty"`  // how often the same article was the answer again

	// Known are name and telephone as given, so that a second request does not ask
	// for them again.
	Known map[string]string `json:"known,omitempty"`

	Clarified  int       `json:"clarified,omitempty"` // choices offered in a row
	Failures   int       `json:"failures,omitempty"`  // not understood or not answered in a row
	Anger      int       `json:"anger,omitempty"`
	Roster     bool      `json:"roster,omitempty"`
	Away       bool      `json:"away,omitempty"`        // given to people, not yet come back
	Callback   string    `json:"callback,omitempty"`    // number of the call-back task already open
	CallbackBy time.Time `json:"callback_by,omitzero"`  // until when it is promised
	FailedWith string    `json:"failed_with,omitempty"` // key of the last sentence that could not help
}

// request is what a person wants, as far as it is understood.
type request struct {
	Text         string            `json:"text"`
	Type         jiban.RequestType `json:"type,omitempty"`
	Matter       string            `json:"matter,omitempty"`
	Region       string            `json:"region,omitempty"`
	Slots        map[string]string `json:"slots,omitempty"`
	Skipped      map[string]bool   `json:"skipped,omitempty"`
	Unnamed      bool              `json:"unnamed,omitempty"` // of what kind it is was not said yet
	Passed       map[string]int    `json:"passed,omitempty"`  // how often a field was asked with another and left out
	Confidential bool              `json:"confidential,omitempty"`
	Anonymous    bool              `json:"anonymous,omitempty"`
	Confirmed    bool              `json:"confirmed,omitempty"` // the summary was shown as it stands
	Recorded     bool              `json:"recorded,omitempty"`  // its intake is open
	Articles     []string          `json:"articles,omitempty"`
	Told         string            `json:"told,omitempty"`      // id of the incident that the person was told of
	Asked        bool              `json:"asked,omitempty"`     // only a question so far, answered by what was announced
	Reminded     bool              `json:"reminded,omitempty"`  // of the unfinished form
	Looked       string            `json:"looked,omitempty"`    // matter and region for which incidents were looked for
	Shortened    bool              `json:"shortened,omitempty"` // its description is a model's summary, the words themselves are in the slot original
}

// pendingKind says what the last turn asked for.
type pendingKind string

const (
	askedField      pendingKind = "field"
	askedConfirm    pendingKind = "confirm"
	askedEdit       pendingKind = "edit"
	askedClarify    pendingKind = "clarify"
	askedCity       pendingKind = "city"
	askedOffer      pendingKind = "offer"
	askedWish       pendingKind = "wish"
	askedSupplement pendingKind = "supplement"
	askedWithdraw   pendingKind = "withdraw"
	askedTicket     pendingKind = "ticket"
	askedCallback   pendingKind = "callback"
	askedHuman      pendingKind = "human"
	askedNext       pendingKind = "next"
	askedMenu       pendingKind = "menu"  // nothing was asked, choices stand beside what was said
	askedPhone      pendingKind = "phone" // to be proven by a code
	askedCode       pendingKind = "code"
	askedDelete     pendingKind = "delete"   // whether all data is really to be deleted
	askedIncident   pendingKind = "incident" // whether the person joins one that is known
)

// pending is the open question of the last turn.
type pending struct {
	Kind    pendingKind    `json:"kind"`
	Keys    []string       `json:"keys,omitempty"` // fields asked for, or the command a ticket is chosen for
	Choices []jiban.Option `json:"choices,omitempty"`
	Text    string         `json:"text,omitempty"` // the question or ticket it is about
	Tries   int            `json:"tries,omitempty"`
	Said    int            `json:"said,omitempty"` // how often it was repeated, so that the words change
	Back    *pending       `json:"back,omitempty"` // what stood open before
	Guess   *guess         `json:"guess,omitempty"`
}

// guess is what a model took a message for and the person is asked about.
type guess struct {
	Type   jiban.RequestType `json:"type"`
	Matter string            `json:"matter"`
}

func loadState(raw json.RawMessage) *state {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil || s.V != stateVersion {
		return &state{V: stateVersion}
	}
	return &s
}

// backFromPeople forgets what was pending when a person took over: they dealt
// with it. What is known of the contact stays.
func (s *state) backFromPeople() {
	if s.Away {
		s.Away, s.Request, s.Pending, s.Next = false, nil, nil, nil
		s.calm()
	}
}

// forget drops what nobody came back to.
func (s *state) forget() {
	s.Request, s.Pending, s.Next, s.More, s.Topic, s.Asked, s.Place = nil, nil, nil, "", "", "", ""
	s.Callback = ""
	s.calm()
}

// calm counts failures from the beginning: something went well.
func (s *state) calm() { s.Clarified, s.Failures, s.FailedWith = 0, 0, "" }

// know keeps what a later request need not ask again.
func (s *state) know(key, value string) {
	if key != "name" && key != "phone" || value == "" {
		return
	}
	if s.Known == nil {
		s.Known = map[string]string{}
	}
	s.Known[key] = value
}

func (r *request) set(key, value string) {
	if r.Slots == nil {
		r.Slots = map[string]string{}
	}
	r.Slots[key] = value
	r.Confirmed = false
	r.Shortened = r.Shortened && key != "description"
}

func (r *request) skip(key string) {
	if r.Skipped == nil {
		r.Skipped = map[string]bool{}
	}
	r.Skipped[key] = true
}

// pass notes that a field was asked for beside another and left unanswered, and
// returns how often that was.
func (r *request) pass(key string) int {
	if r.Passed == nil {
		r.Passed = map[string]int{}
	}
	r.Passed[key]++
	return r.Passed[key]
}
