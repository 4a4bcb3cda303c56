package people

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"jiban"
)

// ContactStore is what the room needs of the store for addresses and wishes.
type ContactStore interface {
	ProveAddress(ctx context.Context, p jiban.AddressProof, joinSince time.Time) (jiban.Contact, *jiban.Join, error)
	Separate(ctx context.Context, joinID, by string) (jiban.Join, error)
	Joins(ctx context.Context, contactID string) ([]jiban.Join, error)
	// Unprove takes addresses proven in a way from a contact, and says how many.
	Unprove(ctx context.Context, contactID, how, by string) (int, error)
}

// WishStore is what the room needs of the store for consent and opt-out.
type WishStore interface {
	SaveConsent(ctx context.Context, c jiban.Consent) error
	Consents(ctx context.Context, contactID string) ([]jiban.Consent, error)
	SetOptOut(ctx context.Context, o jiban.OptOut, out bool) error
	OptOuts(ctx context.Context, contactID string) ([]jiban.OptOut, error)
	OptedOut(ctx context.Context, contactID string, g jiban.NoticeGroup) (bool, error)
}

// DataStore is what the room needs of the store to give out or delete all that is
// held about a person.
type DataStore interface {
	EverythingOf(ctx context.Context, contactID string, visit func(jiban.Held) error) error
	Forget(ctx context.Context, contactID, by, reason string) ([]string, error)
	AppendAudit(ctx context.Context, es []jiban.AuditEntry) error
}

// Store is all of these.
type Store interface {
	ContactStore
	WishStore
	DataStore
}

// KeyDropper forgets keys in memory after they were destroyed or moved (package
// keys).
type KeyDropper interface{ Drop(contactID string) }

// Deps is what the room is handed.
type Deps struct {
	Store Store
	Keys  KeyDropper // may be nil
	Clock jiban.Clock
	IDs   jiban.IDs
	Quiet Quiet
}

// Service is the room people.
type Service struct{ d Deps }

// New returns the room.
func New(d Deps) *Service { return &Service{d: d} }

// Prove records that staff, or another way than a code, showed an address to be a
// contact's. joinSince is explained at the store's ProveAddress; the zero time
// joins whatever the age.
func (s *Service) Prove(ctx context.Context, p jiban.AddressProof, joinSince time.Time) (jiban.Contact, *jiban.Join, error) {
	c, j, err := s.d.Store.ProveAddress(ctx, p, joinSince)
	if j != nil {
		s.drop(j.KeptID, j.GoneID)
	}
	return c, j, err
}

// Separate undoes a join that was wrong.
func (s *Service) Separate(ctx context.Context, joinID, by string) (jiban.Join, error) {
	j, err := s.d.Store.Separate(ctx, joinID, by)
	s.drop(j.KeptID, j.GoneID)
	return j, err
}

// Joins lists the joins of a contact, newest first.
func (s *Service) Joins(ctx context.Context, contactID string) ([]jiban.Join, error) {
	return s.d.Store.Joins(ctx, contactID)
}

// Unbind takes back, on the person's own word, what codes proved: contacts that a
// code joined are two again, each with its own history, and numbers that a code
// gave are no more the contact's. It reports whether there was anything.
func (s *Service) Unbind(ctx context.Context, contactID string) (bool, error) {
	joins, err := s.d.Store.Joins(ctx, contactID)
	if err != nil {
		return false, err
	}
	some := false
	for _, j := range joins {
		if j.How != proofByCode || !j.SeparatedAt.IsZero() {
			continue
		}
		if _, err := s.Separate(ctx, j.ID, byContact); err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
			return some, err
		}
		some = true
	}
	n, err := s.d.Store.Unprove(ctx, contactID, proofByCode, byContact)
	return some || n > 0, err
}

func (s *Service) drop(ids ...string) {
	if s.d.Keys == nil {
		return
	}
	for _, id := range ids {
		s.d.Keys.Drop(id)
	}
}

// Consent records that a contact gave or took back consent to a purpose, in the
// wording of a version.
func (s *Service) Consent(ctx context.Context, c jiban.Consent) error {
	if c.ContactID == "" || c.Purpose == "" || c.Wording == "" {
		return jiban.Errorf(jiban.CodeInvalid, "people.Consent", "a consent needs contact, purpose and the version of the wording")
	}
	c.ID, c.At = s.d.IDs.NewID(), s.d.Clock.Now()
	return s.d.Store.SaveConsent(ctx, c)
}

// Consented reports whether the newest statement of a contact on a purpose gives
// consent, to this version of the wording.
func (s *Service) Consented(ctx context.Context, contactID, purpose, wording string) (bool, error) {
	all, err := s.d.Store.Consents(ctx, contactID)
	if err != nil {
		return false, err
	}
	for _, c := range all {
		if c.Purpose == purpose {
			return c.Given && c.Wording == wording, nil
		}
	}
	return false, nil
}

// Consents lists what a contact consented to and took back, newest first.
func (s *Service) Consents(ctx context.Context, contactID string) ([]jiban.Consent, error) {
	return s.d.Store.Consents(ctx, contactID)
}

// OptOuts lists the groups of notices that a contact refused one by one.
func (s *Service) OptOuts(ctx context.Context, contactID string) ([]jiban.OptOut, error) {
	return s.d.Store.OptOuts(ctx, contactID)
}

// OptOut makes a contact want no notices of a group, or want them again. What
// answers or protects a person cannot be refused.
func (s *Service) OptOut(ctx context.Context, contactID string, g jiban.NoticeGroup, out bool) error {
	if g != jiban.GroupProgress && g != jiban.GroupSurvey {
		return jiban.Errorf(jiban.CodeInvalid, "people.OptOut", "notices of the group %q cannot be refused: only progress and survey can", g)
	}
	return s.d.Store.SetOptOut(ctx, jiban.OptOut{ContactID: contactID, Group: g, At: s.d.Clock.Now()}, out)
}

// Wish answers Delivery, which asks before it tells.
func (s *Service) Wish(ctx context.Context, contactID string, k jiban.NoticeKind, now time.Time) (jiban.Wish, error) {
	group := k.Group()
	if group == jiban.GroupSafety {
		return jiban.Wish{}, nil
	}
	var w jiban.Wish
	if group == jiban.GroupProgress || group == jiban.GroupSurvey {
		out, err := s.d.Store.OptedOut(ctx, contactID, group)
		if err != nil || out {
			return jiban.Wish{Unwanted: out}, err
		}
	}
	if unasked(k) {
		w.NotBefore = s.d.Quiet.Until(now)
	}
	return w, nil
}

// unasked reports whether a notice reaches a person who is not in a dialogue.
// Whoever writes at night is answered at night.
func unasked(k jiban.NoticeKind) bool {
	switch k {
	case jiban.NoticeTicketDispatched, jiban.NoticeTicketSigned, jiban.NoticeTicketReturned, jiban.NoticeTicketExtended,
		jiban.NoticeTicketDelayed, jiban.NoticeTicketAnswered, jiban.NoticeTicketSurvey, jiban.NoticeTicketReopened,
		jiban.NoticeTicketMessage, jiban.NoticeTicketMerged,
		jiban.NoticeCallbackDone, jiban.NoticeRequestDone, jiban.NoticeRequestRefused, jiban.NoticeFormReminder:
		return true
	default:
		return false
	}
}

// Quiet are the hours of Beijing time in which nobody is told anything unasked:
// from one time of day to another, which may lie on the next day. Equal times
// mean none.
type Quiet struct{ From, To time.Duration }

// ParseQuiet reads "22:00-08:00"; "" means no quiet hours.
func ParseQuiet(s string) (Quiet, error) {
	if s == "" {
		return Quiet{}, nil
	}
	var h1, m1, h2, m2 int
	var rest string
	n, _ := fmt.Sscanf(s+" .", "%d:%d-%d:%d %s", &h1, &m1, &h2, &m2, &rest)
	valid := func(h, m int) bool { return h >= 0 && h <= 24 && m >= 0 && m < 60 && h*60+m <= 24*60 }
	if n != 5 || rest != "." || !valid(h1, m1) || !valid(h2, m2) {
		return Quiet{}, jiban.Errorf(jiban.CodeInvalid, "people.ParseQuiet", "quiet hours %q cannot be read: write them like 22:00-08:00", s)
	}
	day := func(h, m int) time.Duration {
		return (time.Duration(h)*time.Hour + time.Duration(m)*time.Minute) % (24 * time.Hour)
	}
	return Quiet{From: day(h1, m1), To: day(h2, m2)}, nil
}

// Until returns the end of the quiet hours in which now lies, or the zero time.
func (q Quiet) Until(now time.Time) time.Time {
	if q.From == q.To {
		return time.Time{}
	}
	local := now.In(jiban.Beijing)
	y, m, d := local.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, jiban.Beijing)
	at := local.Sub(midnight)
	switch {
	case q.From < q.To && at >= q.From && at < q.To, q.From > q.To && at < q.To:
		return midnight.Add(q.To).UTC()
	case q.From > q.To && at >= q.From:
		return midnight.Add(24*time.Hour + q.To).UTC()
	}
	return time.Time{}
}

// Export writes all that is held about a contact as JSON lines, one record each:
// {"kind":…, "record":…}. That it was given out is recorded first.
func (s *Service) Export(ctx context.Context, contactID, by string, w io.Writer) error {
	err := s.d.Store.AppendAudit(ctx, []jiban.AuditEntry{{Actor: by, Action: "contact.exported", Object: "contact:" + contactID,
		Result: "asked", At: s.d.Clock.Now()}})
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	return s.d.Store.EverythingOf(ctx, contactID, func(h jiban.Held) error {
		if err := out.Encode(h); err != nil {
			return jiban.Errorf(jiban.CodeUnavailable, "people.Export", "the record could not be written: %w", err)
		}
		return nil
	})
}

// Forget deletes a person: the keys of the contact are destroyed, the rows keep
// what figures need and nothing that tells who it was. CodeConflict while a
// ticket or handoff is open.
func (s *Service) Forget(ctx context.Context, contactID, by, reason string) error {
	ids, err := s.d.Store.Forget(ctx, contactID, by, reason)
	s.drop(ids...)
	return err
}
