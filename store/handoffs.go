package store

import (
	"context"

	"github.com/uptrace/bun"

	"jiban"
)

var handoffs = newTable("handoffs", func(h *jiban.Handoff) []any {
	return []any{&h.ID, &h.ConversationID, &h.ContactID, &h.Reason, &h.Queue, &h.Priority, &h.Status, &h.AgentID,
		freeText(words{&h.Summary}), sealed(packed{&h.Draft}), &h.Matter, &h.Type, packed{&h.Articles}, stamp{&h.CreatedAt},
		stamp{&h.AcceptedAt}, stamp{&h.ClosedAt}, &h.Version}
}, "id", "conversation_id", "contact_id", "reason", "queue", "priority", "status", "agent_id", "summary", "draft",
	"matter", "type", "articles", "created_at", "accepted_at", "closed_at", "version").of(func(h *jiban.Handoff) *string { return &h.ContactID })

var alerts = newTable("alerts", func(a *jiban.Alert) []any {
	return []any{&a.ID, &a.ConversationID, &a.Kind, freeText(words{&a.Text}), &a.SeenBy, stamp{&a.CreatedAt}}
}, "id", "conversation_id", "kind", "text", "seen_by", "created_at")

// Handoff returns a handoff by its id.
func (s *Store) Handoff(ctx context.Context, id string) (jiban.Handoff, error) {
	h, err := handoffs.one(ctx, s.read, "WHERE id = $1", id)
	return h, fault("store.Handoff", err)
}

// Handoffs lists handoffs in the given states, of a queue and of an agent where
// these are named: the highest priority first, then the longest waiting.
func (s *Store) Handoffs(ctx context.Context, statuses []jiban.HandoffStatus, queue, agentID string, limit int) ([]jiban.Handoff, error) {
	q := s.lists.NewSelect().OrderExpr("priority DESC, created_at, id").Limit(page(limit, 100))
	if len(statuses) > 0 {
		q.Where("status IN (?)", bun.List(statuses))
	}
	if queue != "" {
		q.Where("queue = ?", queue)
	}
	if agentID != "" {
		q.Where("agent_id = ?", agentID)
	}
	found, err := handoffs.list(ctx, s.read, q)
	return found, fault("store.Handoffs", err)
}

// Alerts lists alerts, newest first.
func (s *Store) Alerts(ctx context.Context, unseenOnly bool, limit int) ([]jiban.Alert, error) {
	q := s.lists.NewSelect().OrderExpr("created_at DESC, id DESC").Limit(page(limit, 100))
	if unseenOnly {
		q.Where("seen_by = ''")
	}
	found, err := alerts.list(ctx, s.read, q)
	return found, fault("store.Alerts", err)
}

// SeeAlert notes who saw an alert first, together with the audit entries; seeing it
// again changes nothing else.
func (s *Store) SeeAlert(ctx context.Context, id, by string, audit ...jiban.AuditEntry) error {
	const op = "store.SeeAlert"
	return s.write(ctx, op, func(ctx context.Context, q querier) error {
		n, err := q.exec(ctx, "UPDATE alerts SET seen_by = CASE WHEN seen_by = '' THEN $2 ELSE seen_by END WHERE id = $1", id, by)
		if err == nil && n == 0 {
			err = jiban.Errorf(jiban.CodeNotFound, op, "there is no alert %s", id)
		}
		if err != nil {
			return err
		}
		return s.addAudit(ctx, q, audit)
	})
}
