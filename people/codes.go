package people

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/width"

	"jiban"
)

// CodeStore is what codes need of the store.
type CodeStore interface {
	// IssueCode writes a code with its notice, if the rates allow; else CodeLimited.
	IssueCode(ctx context.Context, i jiban.CodeIssue) (jiban.Applied, error)
	// TryCode counts a try and returns the code that waits; CodeNotFound when none
	// does or its tries are used up.
	TryCode(ctx context.Context, contactID, phoneHash string, now time.Time, most int) (jiban.VerificationCode, error)
	// ProveAddress spends the code and gives the address to the contact.
	ProveAddress(ctx context.Context, p jiban.AddressProof, joinSince time.Time) (jiban.Contact, *jiban.Join, error)
	// SweepCodes wipes codes that are over and deletes old ones.
	SweepCodes(ctx context.Context, now, keep time.Time) (int, error)
}

// Listed knows who is on the special-service list.
type Listed interface {
	OnRoster(ctx context.Context, phone string) (kind string, ok bool, err error)
}

// CodeConfig says how codes work; zero values mean the usual.
type CodeConfig struct {
	Channel string        // name of the SMS channel that carries codes
	Region  string        // of a conversation made for a code
	Life    time.Duration // 5 minutes
	Tries   int           // 5
	Rates   jiban.CodeRates
	// Quarantine is how long after the last sign of its holder a number is taken
	// for somebody else's: 180 days. (Numbers are given out again.)
	Quarantine time.Duration
}

// DefaultRates are what carriers allow for codes (domain B6), as much for one
// asking address, and a limit on what the whole house may be made to send.
func DefaultRates() jiban.CodeRates {
	one := []jiban.CodeRate{{Within: time.Minute, Most: 1}, {Within: time.Hour, Most: 5}, {Within: 24 * time.Hour, Most: 10}}
	many := []jiban.CodeRate{{Within: time.Minute, Most: 3}, {Within: time.Hour, Most: 10}, {Within: 24 * time.Hour, Most: 20}}
	return jiban.CodeRates{Phone: one, Asker: many, House: []jiban.CodeRate{{Within: 24 * time.Hour, Most: 50_000}}}
}

func (c CodeConfig) filled() CodeConfig {
	if c.Life <= 0 {
		c.Life = 5 * time.Minute
	}
	if c.Tries <= 0 {
		c.Tries = 5
	}
	if c.Quarantine <= 0 {
		c.Quarantine = 180 * 24 * time.Hour
	}
	if c.Rates.Phone == nil && c.Rates.Asker == nil && c.Rates.House == nil {
		c.Rates = DefaultRates()
	}
	return c
}

// CodeDeps is what codes are handed.
type CodeDeps struct {
	Store  CodeStore
	Hash   Hasher
	Roster Listed     // may be nil
	Keys   KeyDropper // may be nil
	Clock  jiban.Clock
	IDs    jiban.IDs
	Rand   io.Reader // crypto/rand when nil
	Log    *slog.Logger
}

// Codes sends verification codes and checks them.
type Codes struct {
	cfg CodeConfig
	d   CodeDeps
}

// NewCodes returns the codes.
func NewCodes(cfg CodeConfig, d CodeDeps) (*Codes, error) {
	if cfg.Channel == "" {
		return nil, jiban.Errorf(jiban.CodeInvalid, "people.NewCodes", "no SMS channel is named to carry codes")
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Codes{cfg: cfg.filled(), d: d}, nil
}

// Ask asks for a code to be sent to a telephone. From is the address it is asked
// from (a visitor, an IP), which is limited like the telephone.
type Ask struct {
	ContactID string
	Phone     string
	From      string
	Lang      jiban.Lang
}

// Sent says that a code is on its way.
type Sent struct {
	Phone     string // E.164
	ExpiresAt time.Time
}

// byContact is who does what a person does for themselves.
const byContact = "contact"

const (
	codeDigits = 6
	codeSpace  = 1_000_000
)

// Send makes a code and puts its notice into the outbox, in one transaction. The
// answer does not depend on whether the number is known. CodeInvalid: no mainland
// mobile number; CodeLimited: too many codes.
func (c *Codes) Send(ctx context.Context, a Ask) (Sent, error) {
	const op = "people.Send"
	number, ok := Phone(a.Phone)
	if !ok || !mobile.MatchString(strings.TrimPrefix(number, "+86")) {
		return Sent{}, jiban.Errorf(jiban.CodeInvalid, op, "a code can only be sent to a mobile telephone number: correct it")
	}
	digits, err := c.digits()
	if err != nil {
		return Sent{}, err
	}
	now := c.d.Clock.Now()
	code := jiban.VerificationCode{ID: c.d.IDs.NewID(), ContactID: a.ContactID, Phone: PhoneAddress(number),
		PhoneHash: c.hash("code.phone", number), CreatedAt: now, ExpiresAt: now.Add(c.cfg.Life)}
	code.Hash = c.secretHash(&code, digits)
	if a.From != "" {
		code.AskerHash = c.hash("code.asker", a.From)
	}
	minutes := strconv.Itoa(int(c.cfg.Life.Minutes()))
	notice := jiban.Notice{ID: c.d.IDs.NewID(), Kind: jiban.NoticeCode, Urgency: jiban.UrgencyHigh, Author: jiban.BySystem,
		Params: map[string]string{"code": digits, "minutes": minutes}, DedupeKey: "code:" + code.ID, NotAfter: code.ExpiresAt}
	_, err = c.d.Store.IssueCode(ctx, jiban.CodeIssue{Code: code, Rates: c.cfg.Rates, Channel: c.cfg.Channel,
		Region: c.cfg.Region, Lang: a.Lang, Notice: notice})
	if err != nil {
		return Sent{}, err
	}
	return Sent{Phone: number, ExpiresAt: code.ExpiresAt}, nil
}

// Proof is what a right code brought.
type Proof struct {
	Contact jiban.Contact // who holds the telephone now; the one that stays, after a join
	Join    *jiban.Join   // set when two contacts became one
	Kind    string        // on the special-service list, "" when not
}

// Check compares a code and, when it is right, gives the telephone to the
// contact. It works once. CodeInvalid: wrong, with tries left; CodeNotFound: no
// code waits, its time or tries are over, a new one is needed.
func (c *Codes) Check(ctx context.Context, contactID, phone, digits string) (Proof, error) {
	const op = "people.Check"
	number, ok := Phone(phone)
	digits = strings.TrimSpace(width.Fold.String(digits))
	if !ok || len(digits) != codeDigits {
		return Proof{}, jiban.Errorf(jiban.CodeInvalid, op, "the telephone number or the code has the wrong form: a code has %d digits", codeDigits)
	}
	code, err := c.d.Store.TryCode(ctx, contactID, c.hash("code.phone", number), c.d.Clock.Now(), c.cfg.Tries)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return Proof{}, jiban.Errorf(jiban.CodeNotFound, op, "no code waits for this telephone, or its time or tries are over: ask for a new one")
	}
	if err != nil {
		return Proof{}, err
	}
	if subtle.ConstantTimeCompare([]byte(code.Hash), []byte(c.secretHash(&code, digits))) != 1 {
		return Proof{}, jiban.Errorf(jiban.CodeInvalid, op, "the code is wrong, %d tries are left", max(0, c.cfg.Tries-code.Tries))
	}
	return c.prove(ctx, code, number)
}

func (c *Codes) prove(ctx context.Context, code jiban.VerificationCode, number string) (Proof, error) {
	var p Proof
	listed := false
	if c.d.Roster != nil {
		kind, found, err := c.d.Roster.OnRoster(ctx, number)
		if err != nil {
			// The proof is worth more than the list, which is asked again later.
			c.d.Log.Warn("the roster could not be asked for a proven telephone", "contact", code.ContactID, "error", err)
		}
		p.Kind, listed = kind, found
	}
	var err error
	p.Contact, p.Join, err = c.d.Store.ProveAddress(ctx, jiban.AddressProof{ContactID: code.ContactID, Address: PhoneAddress(number),
		How: proofByCode, CodeID: code.ID, By: byContact, RosterAsked: c.d.Roster != nil, Roster: listed}, c.d.Clock.Now().Add(-c.cfg.Quarantine))
	if p.Join != nil && c.d.Keys != nil {
		c.d.Keys.Drop(p.Join.KeptID)
		c.d.Keys.Drop(p.Join.GoneID)
	}
	return p, err
}

// Sweep wipes what is left of codes that are over: to be called every minute.
func (c *Codes) Sweep(ctx context.Context) error {
	now := c.d.Clock.Now()
	_, err := c.d.Store.SweepCodes(ctx, now, now.Add(-48*time.Hour))
	return err
}

func (c *Codes) digits() (string, error) {
	n, err := rand.Int(c.d.Rand, big.NewInt(codeSpace))
	if err != nil {
		return "", jiban.Errorf(jiban.CodeUnavailable, "people.Send", "the system gives no randomness: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n.Int64()), nil
}

func (c *Codes) hash(domain, value string) string {
	sum := c.d.Hash.Digest(domain, value)
	return hex.EncodeToString(sum[:])
}

// secretHash binds the digits to the code, so that equal digits of two codes do
// not have equal hashes.
func (c *Codes) secretHash(code *jiban.VerificationCode, digits string) string {
	return c.hash("code.digits", code.ID+" "+digits)
}
