package store

import (
	"context"
	"fmt"
)

// linked is the condition that something is held about a contact.
const linked = `(EXISTS (SELECT 1 FROM tickets t WHERE t.contact_id = %[1]s)
	OR EXISTS (SELECT 1 FROM intakes i WHERE i.contact_id = %[1]s)
	OR EXISTS (SELECT 1 FROM handoffs h WHERE h.contact_id = %[1]s)
	OR EXISTS (SELECT 1 FROM requests q WHERE q.contact_id = %[1]s)
	OR EXISTS (SELECT 1 FROM files f WHERE f.contact_id = %[1]s AND f.deleted_at = 0)
	OR EXISTS (SELECT 1 FROM conversations c WHERE c.contact_id = %[1]s AND (
		EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id)
		OR EXISTS (SELECT 1 FROM turns u WHERE u.conversation_id = c.id)
		OR EXISTS (SELECT 1 FROM alerts a WHERE a.conversation_id = c.id))))`

// heard is the condition that a contact gave a sign since $1.
const heard = `(EXISTS (SELECT 1 FROM conversations c WHERE c.contact_id = %[1]s AND (c.last_in_at >= $1 OR c.updated_at >= $1))
	OR EXISTS (SELECT 1 FROM addresses a WHERE a.contact_id = %[1]s AND a.created_at >= $1)
	OR EXISTS (SELECT 1 FROM consents n WHERE n.contact_id = %[1]s AND n.at >= $1))`

// contactExpiry finds contacts that are silent and of whom nothing is held any
// more. One that was joined to another goes with that one.
func contactExpiry() expiry {
	return expiry{table: "contacts", key: "id", age: "r.created_at", free: "TRUE",
		over: "r.created_at < $1 AND NOT EXISTS (SELECT 1 FROM joins j WHERE j.gone_id = r.id AND j.separated_at = 0) AND NOT " +
			fmt.Sprintf(heard, "r.id") + " AND NOT " + fmt.Sprintf(linked, "r.id")}
}

// vanishing deletes what is left of a forgotten contact.
var vanishing = []string{
	"DELETE FROM joined WHERE join_id IN (SELECT id FROM joins WHERE kept_id = $1 OR gone_id = $1)",
	"DELETE FROM joins WHERE kept_id = $1 OR gone_id = $1",
	"UPDATE files SET contact_id = '', conversation_id = '' WHERE contact_id = $1",
	"DELETE FROM conversations WHERE contact_id = $1",
	"DELETE FROM contacts WHERE id = $1",
}

// vanish forgets contacts, as on their own request, and deletes what is left of
// them. One that was joined with a contact of whom something is held stays. It
// returns how many of those asked for went, and all whose keys were destroyed.
func (s *Store) vanish(ctx context.Context, q querier, ids []string) (n int, gone []string, err error) {
	for _, id := range ids {
		group, err := s.allOf(ctx, q, id)
		if err != nil {
			return 0, nil, err
		}
		held, err := anyLinked(ctx, q, group)
		if err != nil {
			return 0, nil, err
		}
		if held {
			continue
		}
		for _, one := range group {
			if err := s.forgetOne(ctx, q, one); err != nil {
				return 0, nil, err
			}
		}
		for _, one := range group {
			for _, query := range vanishing {
				if _, err := q.exec(ctx, query, one); err != nil {
					return 0, nil, err
				}
			}
		}
		n, gone = n+1, append(gone, group...)
	}
	return n, gone, nil
}

func anyLinked(ctx context.Context, q querier, ids []string) (bool, error) {
	query := "SELECT 1 WHERE " + fmt.Sprintf(linked, "$1")
	for _, id := range ids {
		var one int
		if found, err := scanOne(ctx, q, query, []any{id}, &one); found || err != nil {
			return found, err
		}
	}
	return false, nil
}
