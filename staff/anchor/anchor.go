// Package anchor keeps the ends of the audit chain where whoever writes to the
// database does not reach. The chain alone proves only that nobody changed it
// without recomputing what follows; who can write to the database can do just
// that. An anchor is the end of the chain at a moment, signed with a key that is
// not in the database and handed to a file or a log server: a chain that was
// rewritten behind it no longer passes through it (domain D1: protect the audit
// process).
//
// It must not know accounts, what the entries say, or how the chain is stored.
package anchor

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"jiban"
)

// Chain is the audit record. Its end is entry seq, 0 for none.
type Chain interface {
	AuditHead(ctx context.Context) (seq int64, hash string, err error)
	SearchAudit(ctx context.Context, f jiban.AuditFilter) ([]jiban.ChainedEntry, error)
}

// Signer makes keyed hashes (package keys).
type Signer interface {
	Hash(domain, value string) string
}

// Sink takes an anchor, one line of text without the line break, and returns when
// it is out of our hands.
type Sink interface {
	Put(ctx context.Context, at time.Time, line string) error
}

// marked is how an anchor is recognised within the line of a log server.
const marked = `{"jiban_audit":`

// Anchor is the end of the chain at a moment.
type Anchor struct {
	Version int    `json:"jiban_audit"` // 1
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
	At      string `json:"at"` // RFC 3339, UTC
	MAC     string `json:"mac"`
}

// sign is the keyed hash over everything that the anchor says.
func (a *Anchor) sign(s Signer) string {
	return s.Hash("staff.anchor", strconv.FormatInt(a.Seq, 10)+"|"+a.Hash+"|"+a.At)
}

func (a *Anchor) genuine(s Signer) bool {
	return a.Version == 1 && subtle.ConstantTimeCompare([]byte(a.sign(s)), []byte(a.MAC)) == 1
}

// parse finds the anchor in a line of a file or of a log server; false where there
// is none.
func parse(line string) (Anchor, bool) {
	i := strings.Index(line, marked)
	if i < 0 {
		return Anchor{}, false
	}
	var a Anchor
	err := json.NewDecoder(strings.NewReader(line[i:])).Decode(&a)
	return a, err == nil
}

// Deps is what a keeper is handed.
type Deps struct {
	Chain  Chain
	Signer Signer
	Sink   Sink
	Clock  jiban.Clock
	Log    *slog.Logger
}

// Keeper hands anchors over. It may be used by several goroutines.
type Keeper struct {
	d Deps

	mu   sync.Mutex
	last int64 // the entry of the last anchor that was handed over
}

// NewKeeper returns a keeper; nothing is handed over before Once.
func NewKeeper(d Deps) *Keeper { return &Keeper{d: d, last: -1} }

// Once hands the end of the chain over, unless it is where it was. What fails is
// logged, and done with the next end.
func (k *Keeper) Once(ctx context.Context) {
	if err := k.once(ctx); err != nil && ctx.Err() == nil {
		k.d.Log.ErrorContext(ctx, "the end of the audit record could not be anchored, it is tried again", "error", err)
	}
}

func (k *Keeper) once(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	seq, hash, err := k.d.Chain.AuditHead(ctx)
	if err != nil || seq == k.last {
		return err
	}
	now := k.d.Clock.Now()
	a := Anchor{Version: 1, Seq: seq, Hash: hash, At: now.UTC().Format(time.RFC3339Nano)}
	a.MAC = a.sign(k.d.Signer)
	line, err := json.Marshal(a)
	if err != nil {
		return jiban.Errorf(jiban.CodeInternal, "anchor.put", "write an anchor: %w", err)
	}
	if err := k.d.Sink.Put(ctx, now, string(line)); err != nil {
		return err
	}
	k.last = seq
	return nil
}
