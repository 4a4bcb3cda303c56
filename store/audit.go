package store

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"jiban"
)

var auditEntries = newTable("audit", func(e *jiban.AuditEntry) []any {
	return []any{&e.ID, &e.Actor, &e.Action, words{&e.Object}, words{&e.Result}, stamp{&e.At}}
}, "id", "actor", "action", "object", "result", "at")

// chained reads entries with their places in the chain; entries older than the
// chain, which have none, read as place 0.
var chained = newTable("audit", func(e *jiban.ChainedEntry) []any {
	return []any{&e.ID, &e.Actor, &e.Action, words{&e.Object}, words{&e.Result}, stamp{&e.At}, ordinal{&e.Seq}, &e.Hash}
}, "id", "actor", "action", "object", "result", "at", "seq", "hash")

// The sizes of what is read and written of the record at once.
const (
	auditPage  = 1000
	auditChunk = 32 // rows of one statement; more have to wait for the server anyway
)

// auditMany inserts a full chunk by one statement.
var auditMany = manyRows("INSERT INTO audit ("+chained.columns+") VALUES ", chained.width, auditChunk)

func manyRows(head string, width, rows int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range rows * width {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%width == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteString(")")
	return b.String()
}

// AppendAudit adds entries to the end of the audit record. Without entries it
// only gives those that are older than the chain their places.
func (s *Store) AppendAudit(ctx context.Context, es []jiban.AuditEntry) error {
	return s.write(ctx, "store.AppendAudit", func(ctx context.Context, q querier) error {
		return s.addAudit(ctx, q, es)
	})
}

// addAudit adds entries inside a transaction; one without an id gets one. Whoever
// appends at the same time waits for the end of the chain until this transaction
// is through, so that it should come last in it.
func (s *Store) addAudit(ctx context.Context, q querier, es []jiban.AuditEntry) error {
	seq, hash, err := s.takeHead(ctx, q)
	if err != nil {
		return err
	}
	if seq == 0 {
		if seq, hash, err = chainOld(ctx, q); err != nil {
			return err
		}
	}
	if len(es) == 0 && seq == 0 {
		return nil
	}
	links := make([]jiban.ChainedEntry, 0, len(es))
	for _, e := range es {
		if e.ID == "" {
			e.ID = s.ids.NewID()
		}
		if e.At.IsZero() {
			e.At = s.now()
		}
		seq++
		hash = link(hash, seq, &e)
		links = append(links, jiban.ChainedEntry{AuditEntry: e, Seq: seq, Hash: hash})
	}
	if err := insertLinks(ctx, q, links); err != nil {
		return err
	}
	_, err = q.exec(ctx, "UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1", seq, hash)
	return err
}

// takeHead reads the end of the chain and keeps it from others until the
// transaction ends; on SQLite only one transaction writes at a time anyway.
func (s *Store) takeHead(ctx context.Context, q querier) (seq int64, hash string, err error) {
	query := "SELECT seq, hash FROM audit_head WHERE id = 1"
	if s.writer == nil {
		query += " FOR UPDATE"
	}
	found, err := scanOne(ctx, q, query, nil, &seq, &hash)
	if err == nil && !found {
		err = jiban.Errorf(jiban.CodeInternal, "store.AppendAudit", "the end of the audit chain is missing: run audit verify and restore a backup")
	}
	return seq, hash, err
}

// insertLinks writes entries in their places, a chunk by one statement.
func insertLinks(ctx context.Context, q querier, links []jiban.ChainedEntry) error {
	for len(links) >= auditChunk {
		args := make([]any, 0, auditChunk*chained.width)
		for i := range links[:auditChunk] {
			args = append(args, chained.fields(&links[i])...)
		}
		if _, err := q.exec(ctx, auditMany, args...); err != nil {
			return err
		}
		links = links[auditChunk:]
	}
	for i := range links {
		if err := chained.add(ctx, q, &links[i]); err != nil {
			return err
		}
	}
	return nil
}

// chainOld gives the entries that an older version left their places, in the
// order in which they were made, and returns the end of the chain.
func chainOld(ctx context.Context, q querier) (seq int64, hash string, err error) {
	for {
		old, err := auditEntries.many(ctx, q, "WHERE seq IS NULL ORDER BY id LIMIT $1", auditPage)
		if err != nil || len(old) == 0 {
			return seq, hash, err
		}
		for i := range old {
			seq++
			hash = link(hash, seq, &old[i])
			if _, err := q.exec(ctx, "UPDATE audit SET seq = $2, hash = $3 WHERE id = $1", old[i].ID, seq, hash); err != nil {
				return 0, "", err
			}
		}
	}
}

// link is the hash of an entry in its place: SHA-256 over the hash before, the
// place, and the stored form of every field behind its length.
func link(before string, seq int64, e *jiban.AuditEntry) string {
	b := make([]byte, 0, 256)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	b = binary.BigEndian.AppendUint64(b, uint64(micros(e.At)))
	for _, s := range []string{before, e.ID, e.Actor, e.Action, cleaned(e.Object), cleaned(e.Result)} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Audit lists entries after an id, oldest first ("" from the beginning).
func (s *Store) Audit(ctx context.Context, afterID string, limit int) ([]jiban.AuditEntry, error) {
	found, err := auditEntries.many(ctx, s.read, "WHERE id > $1 ORDER BY id LIMIT $2", afterID, page(limit, 100))
	return found, fault("store.Audit", err)
}

// SearchAudit lists the entries that a filter selects, 1,000 at most.
func (s *Store) SearchAudit(ctx context.Context, f jiban.AuditFilter) ([]jiban.ChainedEntry, error) {
	q := s.lists.NewSelect().Where("seq IS NOT NULL").Limit(page(f.Limit, 100))
	for _, c := range []struct{ column, value string }{{"actor", f.Actor}, {"action", f.Action}, {"object", f.Object}} {
		wherePattern(q, c.column, c.value)
	}
	if !f.Since.IsZero() {
		q.Where("at >= ?", micros(f.Since))
	}
	if !f.Until.IsZero() {
		q.Where("at < ?", micros(f.Until))
	}
	if f.After > 0 {
		q.Where("seq > ?", f.After)
	}
	if f.Before > 0 {
		q.Where("seq < ?", f.Before)
	}
	order := "seq DESC"
	if f.Forward {
		order = "seq"
	}
	found, err := chained.list(ctx, s.read, q.OrderExpr(order))
	return found, fault("store.SearchAudit", err)
}

// wherePattern asks for a value, or for what begins with it where it ends in a
// star.
func wherePattern(q *bun.SelectQuery, column, value string) {
	if value == "" {
		return
	}
	beginning, open := strings.CutSuffix(value, "*")
	if !open {
		q.Where("? = ?", bun.Ident(column), value)
		return
	}
	q.Where(`? LIKE ? ESCAPE '!'`, bun.Ident(column), strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(beginning)+"%")
}

// AuditHead returns the place and the hash of the last entry, 0 without any.
func (s *Store) AuditHead(ctx context.Context) (seq int64, hash string, err error) {
	_, err = scanOne(ctx, s.read, "SELECT seq, hash FROM audit_head WHERE id = 1", nil, &seq, &hash)
	return seq, hash, fault("store.AuditHead", err)
}

// VerifyAudit follows the chain from its beginning, or the place where it was last
// cut by the rules of retention, to the end that it had when the call began, and returns how many entries are in order. An entry that was
// changed, removed or put in between is an error of CodeConflict that names the
// place.
func (s *Store) VerifyAudit(ctx context.Context) (int, error) {
	const op = "store.VerifyAudit"
	var end int64
	var last string
	found, err := scanOne(ctx, s.read, "SELECT seq, hash FROM audit_head WHERE id = 1", nil, &end, &last)
	if err != nil {
		return 0, fault(op, err)
	}
	if !found {
		return 0, broken(0, "the end of the chain is missing")
	}
	begin, err := readAnchor(ctx, s.read)
	if err == nil {
		err = begin.attested(ctx, s.read)
	}
	if err != nil {
		return 0, fault(op, err)
	}
	n, hash, err := s.follow(ctx, begin, end)
	if err != nil {
		return n, fault(op, err)
	}
	if begin.seq+int64(n) != end || hash != last {
		return n, broken(begin.seq+int64(n), "the chain ends elsewhere than it was left: entries at the end were changed or removed")
	}
	loose, err := column[int64](ctx, s.read, "SELECT COUNT(*) FROM audit WHERE seq IS NULL OR seq < 1")
	if err == nil && loose[0] > 0 {
		err = broken(int64(n), fmt.Sprintf("%d entries are outside of the chain", loose[0]))
	}
	return n, fault(op, err)
}

// follow recomputes the chain from an anchor up to the place end.
func (s *Store) follow(ctx context.Context, from anchor, end int64) (n int, hash string, err error) {
	hash = from.hash
	for seq := from.seq; seq < end; {
		es, err := chained.many(ctx, s.read, "WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", seq, end, auditPage)
		if err != nil {
			return n, hash, err
		}
		if len(es) == 0 {
			return n, hash, broken(seq, "entries at the end were removed")
		}
		for i := range es {
			e := &es[i]
			if e.Seq != seq+1 {
				return n, hash, broken(seq+1, "an entry was removed")
			}
			if hash = link(hash, e.Seq, &e.AuditEntry); hash != e.Hash {
				return n, hash, broken(e.Seq, "an entry was changed or put in between")
			}
			seq, n = e.Seq, n+1
		}
	}
	return n, hash, nil
}

func broken(seq int64, what string) error {
	return jiban.Errorf(jiban.CodeConflict, "store.VerifyAudit", "the audit chain is broken at entry %d: %s", seq, what)
}

// ordinal is a number whose absence (NULL) reads as 0.
type ordinal struct{ n *int64 }

func (o ordinal) Value() (driver.Value, error) { return *o.n, nil }

func (o ordinal) Scan(src any) error {
	n, _ := src.(int64)
	*o.n = n
	return nil
}
