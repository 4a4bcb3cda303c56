package people

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"sort"
	"strings"
	"time"

	"jiban"
)

// Hasher makes keyed hashes (package keys).
type Hasher interface {
	Digest(domain, value string) [32]byte
}

// RosterReader is what a look-up needs of the store.
type RosterReader interface {
	ActiveRoster(ctx context.Context) (jiban.Roster, error)
	// RosterBlock returns a bucket of the roster in use and the kinds its entries
	// name; nothing where there is none.
	RosterBlock(ctx context.Context, bucket int) ([]byte, []string, error)
}

// RosterWriter is what an import needs of the store.
type RosterWriter interface {
	RosterBlocks(ctx context.Context, id string, after, limit int) ([]jiban.RosterBlock, error)
	AddRoster(ctx context.Context, r jiban.Roster) error
	AddRosterBlocks(ctx context.Context, id string, blocks []jiban.RosterBlock) error
	UseRoster(ctx context.Context, r jiban.Roster, was string, audit []jiban.AuditEntry) error
	// SweepRosters deletes what is left of rosters begun before a time, and of the
	// one that was replaced.
	SweepRosters(ctx context.Context, before time.Time, replaced string) error
}

// RosterStore is all that the roster needs of the store.
type RosterStore interface {
	RosterReader
	RosterWriter
	DropRoster(ctx context.Context, id string) error
}

// RosterDeps is what the roster is handed.
type RosterDeps struct {
	Store RosterStore
	Hash  Hasher
	Clock jiban.Clock
	IDs   jiban.IDs
	// Looked, when set, hears of every look-up, that of a failed one too. It is never
	// told the number.
	Looked func(ctx context.Context, r RosterResult)
}

// RosterResult is what came of a look-up, as the figures have it.
type RosterResult string

// The results.
const (
	RosterListed    RosterResult = "listed"
	RosterNotListed RosterResult = "not_listed"
	RosterFailed    RosterResult = "failed" // whoever is on the list was not recognised
)

// Roster is the special-service list (特服名单): telephone numbers of people who
// are offered a human at once. It keeps no number, only keyed hashes, packed into
// buckets by their first bits; one look-up reads one bucket.
type Roster struct{ d RosterDeps }

// NewRoster returns the roster.
func NewRoster(d RosterDeps) *Roster { return &Roster{d: d} }

const (
	rosterDomain = "roster"
	bucketBits   = 14 // 16,384 buckets: about 90 entries each for 1.41 million people
	bucketCount  = 1 << bucketBits
	digestSize   = 16 // bytes of the hash that are kept: no two numbers share them
	entrySize    = digestSize + 3
	removed      = 0xff // the kind of an entry that takes one away
	maxKinds     = 0xff
)

// entry is one number as it is stored: digest, kind, last year (0 for no end).
type entry [entrySize]byte

func newEntry(digest [32]byte, kind byte, until uint16) entry {
	var e entry
	copy(e[:], digest[:digestSize])
	e[digestSize] = kind
	binary.BigEndian.PutUint16(e[digestSize+1:], until)
	return e
}

func (e *entry) kind() byte  { return e[digestSize] }
func (e *entry) year() int   { return int(binary.BigEndian.Uint16(e[digestSize+1:])) }
func (e *entry) bucket() int { return int(binary.BigEndian.Uint16(e[:2]) >> (16 - bucketBits)) }

// OnRoster reports whether a telephone number, in any usual spelling or as an
// address "tel:…", is on the list this year (Beijing time), and under which kind.
// What is no telephone number is on no list.
func (r *Roster) OnRoster(ctx context.Context, phone string) (kind string, ok bool, err error) {
	number, valid := Phone(strings.TrimPrefix(phone, "tel:"))
	if !valid {
		return "", false, nil
	}
	want := newEntry(r.d.Hash.Digest(rosterDomain, number), 0, 0)
	data, kinds, err := r.d.Store.RosterBlock(ctx, want.bucket())
	result := RosterFailed
	if err == nil {
		result = RosterNotListed
		if kind, ok = find(data, kinds, &want, r.d.Clock.Now().In(jiban.Beijing).Year()); ok {
			result = RosterListed
		}
	}
	if r.d.Looked != nil {
		r.d.Looked(ctx, result)
	}
	return kind, ok, err
}

// find looks for a digest in a packed bucket.
func find(data []byte, kinds []string, want *entry, year int) (string, bool) {
	n := len(data) / entrySize
	at := sort.Search(n, func(i int) bool {
		return bytes.Compare(data[i*entrySize:i*entrySize+digestSize], want[:digestSize]) >= 0
	})
	if at == n {
		return "", false
	}
	e := entry(data[at*entrySize : (at+1)*entrySize])
	if !bytes.Equal(e[:digestSize], want[:digestSize]) || int(e.kind()) >= len(kinds) || e.year() != 0 && e.year() < year {
		return "", false
	}
	return kinds[e.kind()], true
}

// buckets are the entries of a roster being made, by bucket.
type buckets [][]entry

func newBuckets() buckets { return make(buckets, bucketCount) }

func (b buckets) add(e entry) {
	at := e.bucket()
	b[at] = append(b[at], e)
}

// settle sorts a bucket; of several entries for one number the last counts, and
// entries that take away go with what they take.
func settle(all []entry) []entry {
	slices.SortStableFunc(all, func(a, b entry) int { return bytes.Compare(a[:digestSize], b[:digestSize]) })
	out := all[:0]
	for i := range all {
		if i+1 < len(all) && bytes.Equal(all[i][:digestSize], all[i+1][:digestSize]) {
			continue
		}
		if all[i].kind() != removed {
			out = append(out, all[i])
		}
	}
	return out
}

func packEntries(all []entry) []byte {
	out := make([]byte, 0, len(all)*entrySize)
	for i := range all {
		out = append(out, all[i][:]...)
	}
	return out
}

func unpackEntries(data []byte) []entry {
	out := make([]entry, 0, len(data)/entrySize)
	for ; len(data) >= entrySize; data = data[entrySize:] {
		out = append(out, entry(data[:entrySize]))
	}
	return out
}

// kindList numbers the kinds in the order in which they come.
type kindList struct {
	names []string
	index map[string]byte
}

func newKindList(names []string) *kindList {
	k := &kindList{index: map[string]byte{}}
	for _, n := range names {
		k.number(n)
	}
	return k
}

// number returns the place of a kind; false when there are too many.
func (k *kindList) number(name string) (byte, bool) {
	if n, ok := k.index[name]; ok {
		return n, true
	}
	if len(k.names) >= maxKinds {
		return 0, false
	}
	n := byte(len(k.names))
	k.names, k.index[name] = append(k.names, name), n
	return n, true
}
