package store

import (
	"context"
	"database/sql"
	"time"

	"jiban"
)

var rosters = newTable("rosters", func(r *jiban.Roster) []any {
	return []any{&r.ID, packed{&r.Kinds}, &r.Rows, &r.Phones, &r.By, stamp{&r.CreatedAt}, &r.InUse}
}, "id", "kinds", "file_rows", "phones", "made_by", "created_at", "in_use")

// ActiveRoster returns the roster in use; CodeNotFound when there is none.
func (s *Store) ActiveRoster(ctx context.Context) (jiban.Roster, error) {
	r, err := rosters.one(ctx, s.read, "WHERE in_use")
	return r, fault("store.ActiveRoster", err)
}

// RosterBlock returns one bucket of the roster in use and the kinds its entries
// name; no data where the bucket is empty or no roster is in use.
func (s *Store) RosterBlock(ctx context.Context, bucket int) ([]byte, []string, error) {
	// Sub-queries, not a join: the planner must not begin with the buckets.
	const query = `SELECT data, (SELECT kinds FROM rosters WHERE in_use) FROM roster_blocks
		WHERE roster_id = (SELECT id FROM rosters WHERE in_use) AND bucket = $1`
	var data []byte
	var kinds []string
	_, err := scanOne(ctx, s.read, query, []any{bucket}, &data, packed{&kinds})
	return data, kinds, fault("store.RosterBlock", err)
}

// RosterBlocks lists buckets of a roster in order, after one (-1 from the start).
func (s *Store) RosterBlocks(ctx context.Context, id string, after, limit int) ([]jiban.RosterBlock, error) {
	const query = "SELECT bucket, data FROM roster_blocks WHERE roster_id = $1 AND bucket > $2 ORDER BY bucket LIMIT $3"
	const op = "store.RosterBlocks"
	rows, err := s.read.query(ctx, query, id, after, page(limit, 500))
	if err != nil {
		return nil, fault(op, err)
	}
	defer rows.Close()
	var all []jiban.RosterBlock
	for rows.Next() {
		var b jiban.RosterBlock
		if err := rows.Scan(&b.Bucket, &b.Data); err != nil {
			return nil, fault(op, err)
		}
		all = append(all, b)
	}
	return all, fault(op, rows.Err())
}

// AddRoster begins a roster that nobody looks into yet.
func (s *Store) AddRoster(ctx context.Context, r jiban.Roster) error {
	r.InUse = false
	return s.write(ctx, "store.AddRoster", func(ctx context.Context, q querier) error { return rosters.add(ctx, q, &r) })
}

// AddRosterBlocks adds buckets to a roster that is being made. Each call is one
// short transaction, so that messages are taken in meanwhile.
func (s *Store) AddRosterBlocks(ctx context.Context, id string, blocks []jiban.RosterBlock) error {
	const query = "INSERT INTO roster_blocks (roster_id, bucket, data) VALUES ($1, $2, $3)"
	return s.write(ctx, "store.AddRosterBlocks", func(ctx context.Context, q querier) error {
		for _, b := range blocks {
			if _, err := q.exec(ctx, query, id, b.Bucket, b.Data); err != nil {
				return err
			}
		}
		return nil
	})
}

// UseRoster puts a roster in the place of the one in use, in one transaction with
// the entry in the audit record: whoever looks sees the old one whole or the new
// one whole. was is the id of the one it was made from, "" for none; CodeConflict
// when another is in use by now.
func (s *Store) UseRoster(ctx context.Context, r jiban.Roster, was string, audit []jiban.AuditEntry) error {
	const op = "store.UseRoster"
	return s.write(ctx, op, func(ctx context.Context, q querier) error {
		var id string
		found, err := scanOne(ctx, q, "SELECT id FROM rosters WHERE in_use", nil, &id)
		if err != nil {
			return err
		}
		if found != (was != "") || id != was {
			return jiban.Errorf(jiban.CodeConflict, op, "another roster was imported meanwhile: import again")
		}
		if _, err := q.exec(ctx, "UPDATE rosters SET in_use = FALSE WHERE in_use AND id = $1", was); err != nil {
			return err
		}
		r.InUse = true
		if err := rosters.put(ctx, q, &r); err != nil {
			return err
		}
		return s.addAudit(ctx, q, audit)
	})
}

// rosterSweep is how many buckets one transaction deletes.
const rosterSweep = 1000

// SweepRosters deletes the entries of rosters that are not in use and were begun
// before the given time, which interrupted imports left, and of the one that was
// replaced. The record of which rosters there were stays.
func (s *Store) SweepRosters(ctx context.Context, before time.Time, replaced string) error {
	const op = "store.SweepRosters"
	const idle = `SELECT id FROM rosters WHERE NOT in_use AND (created_at < $1 OR id = $2)
		AND EXISTS (SELECT 1 FROM roster_blocks WHERE roster_id = rosters.id) ORDER BY created_at`
	const some = `DELETE FROM roster_blocks WHERE roster_id = $1 AND bucket IN
		(SELECT bucket FROM roster_blocks WHERE roster_id = $1 ORDER BY bucket LIMIT $2)`
	ids, err := column[string](ctx, s.read, idle, micros(before), replaced)
	if err != nil {
		return fault(op, err)
	}
	for _, id := range ids {
		for n := int64(rosterSweep); n == rosterSweep; {
			err := s.write(ctx, op, func(ctx context.Context, q querier) error {
				var err error
				n, err = q.exec(ctx, some, id, rosterSweep)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// DropRoster deletes one that was given up before it was used.
func (s *Store) DropRoster(ctx context.Context, id string) error {
	const op = "store.DropRoster"
	return s.write(ctx, op, func(ctx context.Context, q querier) error {
		var used bool
		found, err := scanOne(ctx, q, "SELECT in_use FROM rosters WHERE id = $1", []any{id}, &used)
		if err == nil && !found {
			err = sql.ErrNoRows
		}
		if err != nil {
			return err
		}
		if used {
			return jiban.Errorf(jiban.CodeConflict, op, "roster %s is in use", id)
		}
		if _, err := q.exec(ctx, "DELETE FROM roster_blocks WHERE roster_id = $1", id); err != nil {
			return err
		}
		_, err = q.exec(ctx, "DELETE FROM rosters WHERE id = $1", id)
		return err
	})
}
