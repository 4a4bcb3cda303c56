package store

import (
	"context"

	"jiban"
)

var replyTemplates = newTable("reply_templates", func(t *jiban.ReplyTemplate) []any {
	return []any{&t.ID, &t.Department, words{&t.Title}, words{&t.Text}, &t.UpdatedBy, stamp{&t.UpdatedAt}, &t.Version}
}, "id", "department", "title", "text", "updated_by", "updated_at", "version")

// ReplyTemplates lists a department's templates in order of title, 200 at most.
func (s *Store) ReplyTemplates(ctx context.Context, department string) ([]jiban.ReplyTemplate, error) {
	found, err := replyTemplates.many(ctx, s.read, "WHERE department = $1 ORDER BY title, id LIMIT 200", department)
	return found, fault("store.ReplyTemplates", err)
}

// ReplyTemplate returns a template by its id.
func (s *Store) ReplyTemplate(ctx context.Context, id string) (jiban.ReplyTemplate, error) {
	t, err := replyTemplates.one(ctx, s.read, "WHERE id = $1", id)
	return t, fault("store.ReplyTemplate", err)
}

// SaveReplyTemplate writes a template, with entries of the audit record; its
// Version is the one that was read, 0 for a new one. CodeConflict when somebody
// was faster.
func (s *Store) SaveReplyTemplate(ctx context.Context, t jiban.ReplyTemplate, entries []jiban.AuditEntry) error {
	return s.write(ctx, "store.SaveReplyTemplate", func(ctx context.Context, q querier) error {
		read := t.Version
		row := t
		row.Version++
		var err error
		if read == 0 {
			err = replyTemplates.add(ctx, q, &row)
		} else {
			err = replyTemplates.replace(ctx, q, &row, read, "template "+t.ID)
		}
		if err != nil {
			return err
		}
		return s.addAudit(ctx, q, entries)
	})
}

// DropReplyTemplate deletes a template, with entries of the audit record.
func (s *Store) DropReplyTemplate(ctx context.Context, id string, entries []jiban.AuditEntry) error {
	return s.write(ctx, "store.DropReplyTemplate", func(ctx context.Context, q querier) error {
		if _, err := q.exec(ctx, "DELETE FROM reply_templates WHERE id = $1", id); err != nil {
			return err
		}
		return s.addAudit(ctx, q, entries)
	})
}
