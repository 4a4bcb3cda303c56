package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"jiban"
)

// sealEdition counts up when columns of older tables become sealed: then the pass
// over old rows is made again.
const sealEdition = 2 // since then the tasks of tickets too

// sealedSetting names the setting that tells how far the pass is: the edition when
// it is through, with a mark where free text stayed in the clear.
const sealedSetting = "store.sealed"

// sealAtOnce is how many rows one transaction of the pass seals: few, so that
// another node waits for none of them.
const sealAtOnce = 200

// sealedTable is a table with secrets, whose rows an older program may have written
// in the clear.
type sealedTable struct {
	name, key string
	order     []string // unique, and indexed
	owner     string   // SQL for the contact whose key seals
	columns   []sealedColumn
	address   string // column that held an address and will hold its hash, "" for none
	text      string // column for its sealed text
}

type sealedColumn struct {
	name string
	free bool
}

// sealedTables lists all that hold secrets, contacts first: with them their keys are
// made.
func sealedTables() []sealedTable {
	const ofConversation = "COALESCE((SELECT c.contact_id FROM conversations c WHERE c.id = t.conversation_id), '')"
	const ofTicket = "COALESCE((SELECT c.contact_id FROM tickets c WHERE c.number = t.number), '')"
	return []sealedTable{
		sealedRows(&contacts, "t.id", "id"),
		sealedRows(&addresses, "t.contact_id", "address"),
		sealedRows(&joins, "t.kept_id", "id"),
		sealedRows(&conversations, "t.contact_id", "id"),
		sealedRows(&messages, ofConversation, "id"),
		sealedRows(&turns, ofConversation, "id"),
		sealedRows(&alerts, ofConversation, "id"),
		sealedRows(&tickets, "t.contact_id", "number"),
		sealedRows(&ticketEvents, ofTicket, "number", "seq"),
		sealedRows(&intakes, "t.contact_id", "id"),
		sealedRows(&handoffs, "t.contact_id", "id"),
		sealedRows(&ticketTasks, ofTicket, "id"),
		sealedRows(&requests, "t.contact_id", "id"),
	}
}

// sealedRows finds the sealed columns of a table.
func sealedRows[T any](t *table[T], owner string, order ...string) sealedTable {
	o := sealedTable{name: t.name, key: t.names[0], owner: owner, order: order}
	for i, f := range t.fields(new(T)) {
		switch f := f.(type) {
		case hashed:
			o.address = t.names[i]
		case secret:
			if _, ok := f.field.(addressText); ok {
				o.text = t.names[i]
			} else {
				o.columns = append(o.columns, sealedColumn{t.names[i], f.free})
			}
		}
	}
	return o
}

// SealOld seals what an older program left in the clear: in small transactions,
// beside the running house, once. An interrupted pass is carried on. It returns
// how many rows it sealed.
func (s *Store) SealOld(ctx context.Context) (int, error) {
	const op = "store.SealOld"
	if s.keys == nil {
		return 0, errNoKeys("the database")
	}
	done, err := s.sealedBefore(ctx)
	if done || err != nil {
		return 0, err
	}
	total := 0
	for _, t := range sealedTables() {
		n, err := s.sealTable(ctx, t)
		total += n
		if err != nil {
			return total, fault(op, err)
		}
		if n > 0 {
			s.log.InfoContext(ctx, "rows of an older version were sealed", "table", t.name, "rows", n)
		}
	}
	n, err := s.sealJoined(ctx)
	if err != nil {
		return total, fault(op, err)
	}
	if total += n; total > 0 {
		err = s.scrub(ctx)
	}
	if err == nil {
		err = s.SetSetting(ctx, sealedSetting, s.sealedMark())
	}
	return total, err
}

func (s *Store) sealedMark() string {
	if s.plainText {
		return strconv.Itoa(sealEdition) + " but free text"
	}
	return strconv.Itoa(sealEdition)
}

// sealedBefore reports whether the pass was made, for all that is sealed now.
func (s *Store) sealedBefore(ctx context.Context) (bool, error) {
	mark, err := s.Setting(ctx, sealedSetting)
	if jiban.CodeOf(err) == jiban.CodeNotFound {
		return false, nil
	}
	return mark == s.sealedMark() || mark == strconv.Itoa(sealEdition), err
}

// oldRow is a row in which something may stand in the clear.
type oldRow struct {
	at     []any // its place in the order
	key    string
	owner  string
	values []string // of the columns, then of the address and its text
}

// sealTable pages through a table.
func (s *Store) sealTable(ctx context.Context, t sealedTable) (int, error) {
	total := 0
	var after []any
	for {
		rows, err := s.oldPage(ctx, t, after)
		if err != nil || len(rows) == 0 {
			return total, err
		}
		after = rows[len(rows)-1].at
		n, err := s.sealRows(ctx, t, rows)
		total += n
		if err != nil {
			return total, err
		}
	}
}

func (t sealedTable) names() []string {
	var names []string
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	if t.address != "" {
		names = append(names, t.address)
	}
	if t.text != "" {
		names = append(names, t.text)
	}
	return names
}

// oldPage reads the next rows of a table, sealed or not.
func (s *Store) oldPage(ctx context.Context, t sealedTable, after []any) ([]oldRow, error) {
	order := "t." + strings.Join(t.order, ", t.")
	query := "SELECT " + order + ", t." + t.key + ", " + t.owner + ", t." + strings.Join(t.names(), ", t.") + " FROM " + t.name + " t"
	if after != nil {
		marks := make([]string, len(after))
		for i := range after {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		query += " WHERE (" + order + ") > (" + strings.Join(marks, ", ") + ")"
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", order, sealAtOnce)
	rows, err := s.read.query(ctx, query, after...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []oldRow
	for rows.Next() {
		r := oldRow{at: make([]any, len(t.order)), values: make([]string, len(t.names()))}
		dest := make([]any, 0, len(t.order)+2+len(r.values))
		for i := range r.at {
			dest = append(dest, &r.at[i])
		}
		dest = append(dest, &r.key, &r.owner)
		for i := range r.values {
			dest = append(dest, &r.values[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, fmt.Errorf("read a row of %s: %w", t.name, err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// sealRows seals those of the rows that need it, in one transaction.
func (s *Store) sealRows(ctx context.Context, t sealedTable, rows []oldRow) (int, error) {
	total := 0
	open := make([]oldRow, 0, len(rows))
	for _, r := range rows {
		if s.inTheClear(t, r) {
			open = append(open, r)
		}
	}
	if len(open) == 0 {
		return 0, nil
	}
	err := s.write(ctx, "store.SealOld", func(ctx context.Context, q querier) error {
		total = 0
		return s.overwriting(ctx, q, func() error {
			for _, r := range open {
				n, err := s.sealRow(ctx, q, t, r)
				if err != nil {
					return err
				}
				total += int(n)
			}
			return nil
		})
	})
	return total, err
}

// inTheClear reports whether a row holds anything that is to be sealed. A contact
// gets its key in any case.
func (s *Store) inTheClear(t sealedTable, r oldRow) bool {
	for i, c := range t.columns {
		if s.toSeal(c, r.values[i]) {
			return true
		}
	}
	if t.name == addresses.name {
		return r.values[0] == "" // the only other column: the sealed text
	}
	return t.address != "" && r.oldAddress(t) != ""
}

func (s *Store) toSeal(c sealedColumn, value string) bool {
	return says(value) != "" && !s.keys.Sealed(value) && (!c.free || !s.plainText)
}

// oldAddress is the address that a row holds in the clear, "" for none.
func (r oldRow) oldAddress(t sealedTable) jiban.Address {
	a, text := jiban.Address(r.values[len(t.columns)]), r.values[len(t.columns)+1]
	if isMark(a) || text != "" {
		return ""
	}
	return a
}

// sealRow seals one row, if it still is what was read: whoever changed it since
// has sealed it.
func (s *Store) sealRow(ctx context.Context, q querier, t sealedTable, r oldRow) (int64, error) {
	gone, err := s.ensureKey(ctx, q, r.owner)
	if err != nil {
		return 0, err
	}
	if t.name == addresses.name {
		return s.sealAddress(ctx, q, r)
	}
	var u update
	put := func(column, was, text string) {
		sealed := ""
		if err == nil && !gone {
			sealed, err = seal(q, &r.owner, place(t.name, column, r.key), sealedText(text))
		}
		u.set(column, was, sealed)
	}
	for i, c := range t.columns {
		if s.toSeal(c, r.values[i]) {
			put(c.name, r.values[i], r.values[i])
		}
	}
	if t.address != "" {
		if a := r.oldAddress(t); a != "" {
			u.set(t.address, string(a), s.keys.Hash(addressDomain, string(a)))
			put(t.text, "", string(a))
		}
	}
	if err != nil {
		return 0, err
	}
	return u.run(ctx, q, t, r.at)
}

// sealedText is a text that is sealed whatever it is.
func sealedText(text string) secret { return sealed(words{&text}) }

// ensureKey makes a contact's key inside the transaction where it has none, and
// reports whether it was destroyed: then nothing of the contact is kept.
func (s *Store) ensureKey(ctx context.Context, q querier, contactID string) (gone bool, err error) {
	k := q.(keyed) //nolint:errcheck // a store with keys hands out nothing else
	if contactID == "" || k.tx.minted[contactID] != nil {
		return false, nil
	}
	var destroyed int64
	found, err := scanOne(ctx, q, "SELECT destroyed_at FROM keys WHERE owner = $1 ORDER BY serial DESC LIMIT 1", []any{holderOf(contactID)}, &destroyed)
	if found || err != nil {
		return destroyed != 0, err
	}
	wrapped, mint, err := k.keys.Mint(contactID)
	if err == nil {
		err = s.addKey(ctx, q, &wrapped)
	}
	k.tx.minted[contactID] = mint
	return false, err
}

// update is an UPDATE that is put together.
type update struct {
	sets, wheres []string
	args         []any
}

func (u *update) set(column, was, now string) {
	u.args = append(u.args, now, was)
	u.sets = append(u.sets, fmt.Sprintf("%s = $%d", column, len(u.args)-1))
	u.wheres = append(u.wheres, fmt.Sprintf("%s = $%d", column, len(u.args)))
}

func (u *update) run(ctx context.Context, q querier, t sealedTable, at []any) (int64, error) {
	if len(u.sets) == 0 {
		return 0, nil
	}
	for i, column := range t.order {
		u.args = append(u.args, at[i])
		u.wheres = append(u.wheres, fmt.Sprintf("%s = $%d", column, len(u.args)))
	}
	return q.exec(ctx, "UPDATE "+t.name+" SET "+strings.Join(u.sets, ", ")+" WHERE "+strings.Join(u.wheres, " AND "), u.args...)
}

// sealAddress puts an address under its hash. Its proof points to it, so that the
// new row comes first and the old one goes last.
func (s *Store) sealAddress(ctx context.Context, q querier, r oldRow) (int64, error) {
	row := addressRow{address: jiban.Address(r.key), contactID: r.owner, hash: s.keys.Hash(addressDomain, r.key)}
	if _, err := scanOne(ctx, q, "SELECT created_at FROM addresses WHERE address = $1", []any{r.key}, stamp{&row.createdAt}); err != nil {
		return 0, err
	}
	if _, err := addresses.insertOr(ctx, q, &row, " ON CONFLICT (address) DO NOTHING"); err != nil {
		return 0, err
	}
	if _, err := q.exec(ctx, "UPDATE proofs SET address = $2 WHERE address = $1", r.key, row.hash); err != nil {
		return 0, err
	}
	return q.exec(ctx, "DELETE FROM addresses WHERE address = $1", r.key)
}

// movedAddress is an address in the list of what moved with a join.
type movedAddress struct{ join, what, ref string }

// sealJoined puts hashes in the place of addresses in the lists of what moved.
func (s *Store) sealJoined(ctx context.Context) (int, error) {
	for total := 0; ; {
		found, err := s.movedInTheClear(ctx)
		if err != nil || len(found) == 0 {
			return total, err
		}
		err = s.write(ctx, "store.SealOld", func(ctx context.Context, q querier) error {
			return s.overwriting(ctx, q, func() error { return s.hashMoved(ctx, q, found) })
		})
		if err != nil {
			return total, err
		}
		total += len(found)
	}
}

func (s *Store) movedInTheClear(ctx context.Context) ([]movedAddress, error) {
	const query = "SELECT join_id, what, ref FROM joined WHERE what IN ('address', 'proof') AND ref LIKE '%:%' LIMIT 200"
	rows, err := s.read.query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []movedAddress
	for rows.Next() {
		var m movedAddress
		if err := rows.Scan(&m.join, &m.what, &m.ref); err != nil {
			return nil, fmt.Errorf("read a row of joined: %w", err)
		}
		found = append(found, m)
	}
	return found, rows.Err()
}

func (s *Store) hashMoved(ctx context.Context, q querier, found []movedAddress) error {
	const query = "UPDATE joined SET ref = $4 WHERE join_id = $1 AND what = $2 AND ref = $3"
	for _, m := range found {
		if _, err := q.exec(ctx, query, m.join, m.what, m.ref, s.keys.Hash(addressDomain, m.ref)); err != nil {
			return err
		}
	}
	return nil
}
