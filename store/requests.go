package store

import (
	"context"

	"jiban"
)

var requests = newTable("requests", func(r *jiban.DataRequest) []any {
	return []any{&r.ID, &r.ContactID, &r.Kind, &r.Channel, sealed(words{&r.Note}), &r.Status, stamp{&r.CreatedAt}, stamp{&r.DueAt},
		&r.Proof, &r.CheckedBy, stamp{&r.CheckedAt}, &r.ApprovedBy, stamp{&r.ApprovedAt}, &r.EndedBy, stamp{&r.EndedAt},
		sealed(words{&r.Reason}), &r.LinkHash, &r.LinkBy, stamp{&r.LinkUntil}, stamp{&r.DoingUntil}, &r.Version}
}, "id", "contact_id", "kind", "channel", "note", "status", "created_at", "due_at", "proof", "checked_by", "checked_at",
	"approved_by", "approved_at", "ended_by", "ended_at", "reason", "link_hash", "link_by", "link_until", "doing_until", "version").
	of(func(r *jiban.DataRequest) *string { return &r.ContactID })

// AddDataRequest writes a new request of a person. While one of the same kind of
// the same person has not ended that one is returned, with CodeDuplicate: the
// contact's row is what two who ask at once compete for.
func (s *Store) AddDataRequest(ctx context.Context, r jiban.DataRequest, audit []jiban.AuditEntry) (jiban.DataRequest, error) {
	const op = "store.AddDataRequest"
	var same []jiban.DataRequest
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		kept, err := s.keptOf(ctx, q, r.ContactID)
		if err != nil {
			return err
		}
		r.ContactID, r.Version = kept, 1
		n, err := q.exec(ctx, "UPDATE contacts SET roster = roster WHERE id = $1", kept)
		if err == nil && n == 0 {
			err = jiban.Errorf(jiban.CodeNotFound, op, "there is no contact %s", kept)
		}
		if err != nil {
			return err
		}
		same, err = requests.many(ctx, q, "WHERE contact_id = $1 AND kind = $2 AND ended_at = 0 ORDER BY created_at LIMIT 1", kept, r.Kind)
		if err != nil || len(same) > 0 {
			return err
		}
		if err := requests.add(ctx, q, &r); err != nil {
			return err
		}
		return s.addAudit(ctx, q, audit)
	})
	if err == nil && len(same) > 0 {
		return same[0], jiban.Errorf(jiban.CodeDuplicate, op, "contact %s has request %s of the kind already, which has not ended", r.ContactID, same[0].ID)
	}
	return r, err
}

// SaveDataRequest writes a request in its new state, the contact's corrected name,
// what the person is told, and the audit record in one transaction. CodeConflict
// when the request was changed since it was read. A person without a conversation
// is told nothing here.
func (s *Store) SaveDataRequest(ctx context.Context, c jiban.DataRequestChange) (jiban.Applied, error) {
	var out jiban.Applied
	err := s.write(ctx, "store.SaveDataRequest", func(ctx context.Context, q querier) error {
		out = jiban.Applied{}
		r := c.Request
		r.Version++
		if err := requests.replace(ctx, q, &r, c.Request.Version, "request "+r.ID); err != nil {
			return err
		}
		if c.Name != "" {
			if err := s.correctName(ctx, q, r.ContactID, c.Name); err != nil {
				return err
			}
		}
		notices, err := tellable(ctx, q, c.Notice)
		if err != nil {
			return err
		}
		a := application{s: s, q: q, now: s.now(), batch: &jiban.Batch{Notices: notices, Audit: c.Audit}}
		if err := a.run(ctx); err != nil {
			return err
		}
		out.Messages = a.said
		return nil
	})
	return out, err
}

func (s *Store) correctName(ctx context.Context, q querier, contactID, name string) error {
	c, err := contacts.one(ctx, q, "WHERE id = $1", contactID)
	if err != nil {
		return err
	}
	c.Name = name
	return contacts.put(ctx, q, &c)
}

// tellable returns the notice where its contact has a conversation to be told in.
func tellable(ctx context.Context, q querier, n *jiban.Notice) ([]jiban.Notice, error) {
	if n == nil {
		return nil, nil
	}
	var one int
	found, err := scanOne(ctx, q, "SELECT 1 FROM conversations WHERE contact_id = $1 LIMIT 1", []any{n.ContactID}, &one)
	if err != nil || !found {
		return nil, err
	}
	return []jiban.Notice{*n}, nil
}

// DataRequest returns a request by its id.
func (s *Store) DataRequest(ctx context.Context, id string) (jiban.DataRequest, error) {
	r, err := requests.one(ctx, s.read, "WHERE id = $1", id)
	return r, fault("store.DataRequest", err)
}

// DataRequests lists requests: those that have not ended by their due time, those
// that have the newest first.
func (s *Store) DataRequests(ctx context.Context, f jiban.DataRequestFilter) ([]jiban.DataRequest, error) {
	q := s.lists.NewSelect().Limit(page(f.Limit, 100))
	switch {
	case f.Open:
		q = q.Where("ended_at = 0").OrderExpr("due_at, id")
	case f.Ended:
		q = q.Where("ended_at <> 0").OrderExpr("ended_at DESC, id DESC")
	default:
		q = q.OrderExpr("created_at DESC, id DESC")
	}
	if f.ContactID != "" {
		q = q.Where("contact_id = ?", f.ContactID)
	}
	found, err := requests.list(ctx, s.read, q)
	return found, fault("store.DataRequests", err)
}

// visitRequests leaves out what is about the staff and not about the person.
func (s *Store) visitRequests(ctx context.Context, contactID string, visit func(jiban.Held) error) error {
	found, err := requests.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY created_at", contactID)
	for _, r := range found {
		if err == nil {
			err = visit(jiban.Held{Kind: "request", Record: jiban.DataRequest{ID: r.ID, ContactID: r.ContactID, Kind: r.Kind, Channel: r.Channel,
				Note: r.Note, Status: r.Status, CreatedAt: r.CreatedAt, DueAt: r.DueAt, Proof: r.Proof, EndedAt: r.EndedAt, Reason: r.Reason}})
		}
	}
	return err
}
