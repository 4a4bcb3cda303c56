package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"jiban"
)

var joins = newTable("joins", func(j *joinRow) []any {
	return []any{&j.ID, &j.KeptID, &j.GoneID, hashed{&j.Address}, sealed(addressText{&j.Address}), &j.How, &j.By, stamp{&j.At}, stamp{&j.SeparatedAt}, &j.SeparatedBy,
		&j.wasRoster, &j.wasOpted, &j.tookName}
}, "id", "kept_id", "gone_id", "address", "sealed", "how", "joined_by", "at", "separated_at", "separated_by",
	"was_roster", "was_opted", "took_name").of(func(j *joinRow) *string { return &j.KeptID })

// joinRow is a join with what the kept contact was before.
type joinRow struct {
	jiban.Join
	wasRoster, wasOpted, tookName bool
}

var consents = newTable("consents", func(c *jiban.Consent) []any {
	return []any{&c.ID, &c.ContactID, &c.Purpose, &c.Wording, &c.Given, &c.Channel, stamp{&c.At}}
}, "id", "contact_id", "purpose", "wording", "given", "channel", "at")

var optOuts = newTable("opt_outs", func(o *jiban.OptOut) []any {
	return []any{&o.ContactID, &o.Group, stamp{&o.At}}
}, "contact_id", "kind", "at")

// moving lists what belongs to a contact and moves with it: its rows are named
// by key. Where a version is compared at commit it rises, so that nobody writes
// the former contact back.
var moving = []struct{ what, table, key, also string }{
	{"conversation", "conversations", "id", ", version = version + 1"},
	{"ticket", "tickets", "number", ", version = version + 1"},
	{"handoff", "handoffs", "id", ", version = version + 1"},
	{"intake", "intakes", "id", ""},
	{"file", "files", "id", ""},
	{"consent", "consents", "id", ""},
	{"request", "requests", "id", ", version = version + 1"},
	{"address", "addresses", "address", ""},
	{"proof", "proofs", "address", ""},
}

// ProveAddress records that a contact holds an address, spends the code that
// showed it, and makes one of two contacts where the address was known as
// another's; the older of the two stays. An owner who gave no sign from the
// address since joinSince is taken for a former holder of the number: then only
// the address changes hands, and nothing of the other's history. It returns the
// contact that holds the address now, and the join where one was made.
func (s *Store) ProveAddress(ctx context.Context, p jiban.AddressProof, joinSince time.Time) (jiban.Contact, *jiban.Join, error) {
	const op = "store.ProveAddress"
	var c jiban.Contact
	var j *jiban.Join
	if err := checkText(op, "address", string(p.Address)); err != nil {
		return c, nil, err
	}
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		var err error
		j = nil
		if err := s.spendCode(ctx, q, p); err != nil {
			return err
		}
		if c, j, err = s.settle(ctx, q, p, joinSince); err != nil {
			return err
		}
		return s.noteProof(ctx, q, p, &c)
	})
	return c, j, err
}

// settle gives the address to the contact.
func (s *Store) settle(ctx context.Context, q querier, p jiban.AddressProof, joinSince time.Time) (jiban.Contact, *jiban.Join, error) {
	id, err := s.keptOf(ctx, q, p.ContactID)
	if err != nil {
		return jiban.Contact{}, nil, err
	}
	c, err := contacts.one(ctx, q, "WHERE id = $1", id)
	if err != nil {
		return c, nil, err
	}
	ownerID, err := s.ensureContact(ctx, q, p.Address, c.Lang)
	if err != nil || ownerID == c.ID {
		return c, nil, err
	}
	owner, err := contacts.one(ctx, q, "WHERE id = $1", ownerID)
	if err != nil {
		return c, nil, err
	}
	fresh, err := s.heardFrom(ctx, q, p.Address, joinSince)
	if err != nil {
		return c, nil, err
	}
	if !fresh {
		return c, nil, s.handOver(ctx, q, p.Address, c.ID)
	}
	return s.joinTwo(ctx, q, c, owner, p)
}

// keptOf follows the joins from a contact to the one that stayed.
func (s *Store) keptOf(ctx context.Context, q querier, id string) (string, error) {
	const query = "SELECT kept_id FROM joins WHERE gone_id = $1 AND separated_at = 0 ORDER BY at DESC LIMIT 1"
	for range 32 {
		found, err := scanOne(ctx, q, query, []any{id}, &id)
		if err != nil || !found {
			return id, err
		}
	}
	return id, jiban.Errorf(jiban.CodeInternal, "store.joins", "the joins of contact %s lead in a circle", id)
}

// heardFrom reports whether the owner of an address gave a sign from it since.
func (s *Store) heardFrom(ctx context.Context, q querier, a jiban.Address, since time.Time) (bool, error) {
	const query = `SELECT 1 FROM addresses WHERE address = $1 AND (created_at >= $2
		OR EXISTS (SELECT 1 FROM proofs WHERE address = $1 AND at >= $2)
		OR EXISTS (SELECT 1 FROM conversations WHERE address = $1 AND last_in_at >= $2))`
	hash, err := s.hash(a)
	if err != nil {
		return false, err
	}
	var one int
	return scanOne(ctx, q, query, []any{hash, micros(since)}, &one)
}

// handOver gives an address alone to another contact. The conversations the
// former holder had from it keep their owner and lose the address, so that
// nobody is told anything of them there.
func (s *Store) handOver(ctx context.Context, q querier, a jiban.Address, to string) error {
	const former = "UPDATE conversations SET address = 'former:' || id, sealed_address = '', version = version + 1 WHERE address = $1"
	hash, err := s.hash(a)
	if err != nil {
		return err
	}
	if _, err := q.exec(ctx, former, hash); err != nil {
		return err
	}
	return addresses.put(ctx, q, &addressRow{hash: hash, address: a, contactID: to, createdAt: s.now()})
}

// joinTwo makes one of two contacts and returns the one that stays.
func (s *Store) joinTwo(ctx context.Context, q querier, a, b jiban.Contact, p jiban.AddressProof) (jiban.Contact, *jiban.Join, error) {
	keep, gone := a, b
	if b.CreatedAt.Before(a.CreatedAt) || b.CreatedAt.Equal(a.CreatedAt) && b.ID < a.ID {
		keep, gone = b, a
	}
	// Two joins of the same contacts take their rows in the same order.
	ids := []string{keep.ID, gone.ID}
	slices.Sort(ids)
	for _, id := range ids {
		if _, err := q.exec(ctx, "UPDATE contacts SET roster = roster WHERE id = $1", id); err != nil {
			return keep, nil, err
		}
	}
	j := joinRow{Join: jiban.Join{ID: s.ids.NewID(), KeptID: keep.ID, GoneID: gone.ID, Address: p.Address, How: p.How,
		By: p.By, At: s.now()}, wasRoster: keep.Roster, wasOpted: keep.OptedOut, tookName: keep.Name == "" && gone.Name != ""}
	if j.tookName {
		keep.Name = gone.Name
	}
	keep.Roster, keep.OptedOut = keep.Roster || gone.Roster, keep.OptedOut || gone.OptedOut
	err := errors.Join(joins.add(ctx, q, &j), contacts.put(ctx, q, &keep))
	if err == nil {
		err = s.move(ctx, q, &j)
	}
	return keep, &j.Join, err
}

// move brings over all that belongs to the contact that goes, and notes it.
func (s *Store) move(ctx context.Context, q querier, j *joinRow) error {
	for _, m := range moving {
		note := "INSERT INTO joined (join_id, what, ref) SELECT $1, '" + m.what + "', " + m.key + " FROM " + m.table + " WHERE contact_id = $2"
		take := "UPDATE " + m.table + " SET contact_id = $1" + m.also + " WHERE contact_id = $2"
		if _, err := q.exec(ctx, note, j.ID, j.GoneID); err != nil {
			return err
		}
		if _, err := q.exec(ctx, take, j.KeptID, j.GoneID); err != nil {
			return err
		}
	}
	for _, st := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO joined (join_id, what, ref) SELECT $1, 'opt_out', kind FROM opt_outs WHERE contact_id = $2
			AND kind NOT IN (SELECT kind FROM opt_outs WHERE contact_id = $3)`, []any{j.ID, j.GoneID, j.KeptID}},
		{`INSERT INTO opt_outs (contact_id, kind, at) SELECT $1, kind, at FROM opt_outs WHERE contact_id = $2
			ON CONFLICT (contact_id, kind) DO NOTHING`, []any{j.KeptID, j.GoneID}},
		{"INSERT INTO joined (join_id, what, ref) SELECT $1, 'key', id FROM keys WHERE holder = $2", []any{j.ID, holderOf(j.GoneID)}},
		{"UPDATE keys SET holder = $1 WHERE holder = $2", []any{holderOf(j.KeptID), holderOf(j.GoneID)}},
	} {
		if _, err := q.exec(ctx, st.query, st.args...); err != nil {
			return err
		}
	}
	return nil
}

// holderOf is the name under which a contact's keys are kept.
func holderOf(contactID string) string { return "contact:" + contactID }

func (s *Store) noteProof(ctx context.Context, q querier, p jiban.AddressProof, c *jiban.Contact) error {
	const proof = `INSERT INTO proofs (address, contact_id, how, proved_by, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (address) DO UPDATE SET contact_id = excluded.contact_id, how = excluded.how,
		proved_by = excluded.proved_by, at = excluded.at`
	hash, err := s.hash(p.Address)
	if err != nil {
		return err
	}
	if _, err := q.exec(ctx, proof, hash, c.ID, p.How, p.By, micros(s.now())); err != nil {
		return err
	}
	if p.Roster && !c.Roster {
		c.Roster = true
		if err := contacts.put(ctx, q, c); err != nil {
			return err
		}
	}
	audit := []jiban.AuditEntry{{Actor: p.By, Action: "address.proven", Object: "contact:" + c.ID, Result: p.How}}
	if p.RosterAsked {
		audit = append(audit, jiban.AuditEntry{Actor: p.By, Action: "roster.looked", Object: "contact:" + c.ID, Result: listedWord(p.Roster)})
	}
	return s.addAudit(ctx, q, audit)
}

func listedWord(listed bool) string {
	if listed {
		return "listed"
	}
	return "not listed"
}

// Proven reports whether an address was shown to belong to the contact, and how.
func (s *Store) Proven(ctx context.Context, contactID string, a jiban.Address) (bool, error) {
	hash, err := s.hash(a)
	if err != nil {
		return false, err
	}
	var one int
	found, err := scanOne(ctx, s.read, "SELECT 1 FROM proofs WHERE address = $1 AND contact_id = $2", []any{hash, contactID}, &one)
	return found, fault("store.Proven", err)
}

// Kept returns the contact that a contact was joined to, itself when to none.
func (s *Store) Kept(ctx context.Context, contactID string) (string, error) {
	id, err := s.keptOf(ctx, s.read, contactID)
	return id, fault("store.Kept", err)
}

// Joins lists the joins of a contact, newest first.
func (s *Store) Joins(ctx context.Context, contactID string) ([]jiban.Join, error) {
	found, err := joins.many(ctx, s.read, "WHERE kept_id = $1 OR gone_id = $1 ORDER BY at DESC, id DESC LIMIT 1000", contactID)
	out := make([]jiban.Join, len(found))
	for i := range found {
		out[i] = found[i].Join
	}
	return out, fault("store.Joins", err)
}

// Separate undoes a join: what moved goes back, and with its conversations what
// was added to them since. CodeConflict when it was separated before.
func (s *Store) Separate(ctx context.Context, joinID, by string) (jiban.Join, error) {
	const op = "store.Separate"
	var j joinRow
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		const over = "UPDATE joins SET separated_at = $2, separated_by = $3 WHERE id = $1 AND separated_at = 0"
		n, err := q.exec(ctx, over, joinID, micros(s.now()), by)
		if err != nil {
			return err
		}
		if j, err = joins.one(ctx, q, "WHERE id = $1", joinID); err != nil {
			return err
		}
		if n == 0 {
			return jiban.Errorf(jiban.CodeConflict, op, "join %s was separated before", joinID)
		}
		if err := s.giveBack(ctx, q, &j); err != nil {
			return err
		}
		return s.addAudit(ctx, q, []jiban.AuditEntry{{Actor: by, Action: "contact.separated", Object: "contact:" + j.KeptID, Result: j.ID}})
	})
	return j.Join, err
}

func (s *Store) giveBack(ctx context.Context, q querier, j *joinRow) error {
	const mine = "(SELECT ref FROM joined WHERE join_id = $1 AND what = "
	const since = " WHERE conversation_id IN " + mine + "'conversation')"
	steps := []string{
		"UPDATE tickets SET contact_id = $2, version = version + 1" + since,
		"UPDATE handoffs SET contact_id = $2, version = version + 1" + since,
		"UPDATE intakes SET contact_id = $2" + since,
		"UPDATE keys SET holder = 'contact:' || $2 WHERE id IN " + mine + "'key')",
	}
	for _, m := range moving {
		steps = append(steps, "UPDATE "+m.table+" SET contact_id = $2"+m.also+" WHERE "+m.key+" IN "+mine+"'"+m.what+"')")
	}
	for _, step := range steps {
		if _, err := q.exec(ctx, step, j.ID, j.GoneID); err != nil {
			return err
		}
	}
	return s.restore(ctx, q, j)
}

// restore makes the kept contact what it was, and takes what went back out of the
// lists of later joins, which would move it again.
func (s *Store) restore(ctx context.Context, q querier, j *joinRow) error {
	keep, err := s.keptOf(ctx, q, j.KeptID)
	if err != nil {
		return err
	}
	const flags = `UPDATE contacts SET roster = $2, opted_out = $3, name = CASE WHEN $4 THEN '' ELSE name END WHERE id = $1`
	for _, st := range []struct {
		query string
		args  []any
	}{
		{flags, []any{j.KeptID, j.wasRoster, j.wasOpted, j.tookName}},
		{"DELETE FROM opt_outs WHERE contact_id = $2 AND kind IN (SELECT ref FROM joined WHERE join_id = $1 AND what = 'opt_out')", []any{j.ID, keep}},
		{"DELETE FROM proofs WHERE address = (SELECT address FROM joins WHERE id = $1)", []any{j.ID}},
		{`DELETE FROM joined WHERE join_id IN (SELECT id FROM joins WHERE at >= $2 AND id <> $1 AND separated_at = 0)
			AND (what, ref) IN (SELECT what, ref FROM joined WHERE join_id = $1)`, []any{j.ID, micros(j.At)}},
	} {
		if _, err := q.exec(ctx, st.query, st.args...); err != nil {
			return err
		}
	}
	return nil
}

// SaveConsent adds a statement of consent; earlier ones stay.
func (s *Store) SaveConsent(ctx context.Context, c jiban.Consent) error {
	if c.ID == "" {
		c.ID = s.ids.NewID()
	}
	return s.write(ctx, "store.SaveConsent", func(ctx context.Context, q querier) error { return consents.add(ctx, q, &c) })
}

// Consents lists a contact's statements, newest first.
func (s *Store) Consents(ctx context.Context, contactID string) ([]jiban.Consent, error) {
	found, err := consents.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY at DESC, id DESC LIMIT 1000", contactID)
	return found, fault("store.Consents", err)
}

// SetOptOut makes a contact want no notices of a group, or want them again.
func (s *Store) SetOptOut(ctx context.Context, o jiban.OptOut, out bool) error {
	return s.write(ctx, "store.SetOptOut", func(ctx context.Context, q querier) error { return setOptOut(ctx, q, o, out) })
}

// OptOuts lists the groups that a contact does not want.
func (s *Store) OptOuts(ctx context.Context, contactID string) ([]jiban.OptOut, error) {
	found, err := optOuts.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY kind", contactID)
	return found, fault("store.OptOuts", err)
}

// OptedOut reports whether a contact wants no notices of a group: neither of it,
// nor of any.
func (s *Store) OptedOut(ctx context.Context, contactID string, g jiban.NoticeGroup) (bool, error) {
	const query = `SELECT opted_out OR EXISTS (SELECT 1 FROM opt_outs WHERE contact_id = $1 AND kind = $2)
		FROM contacts WHERE id = $1`
	var out bool
	found, err := scanOne(ctx, s.read, query, []any{contactID, g}, &out)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return out, fault("store.OptedOut", err)
}
