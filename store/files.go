package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"jiban"
)

// envelope is a value that the room files sealed, in a column of text.
type envelope struct{ b *[]byte }

func (e envelope) Value() (driver.Value, error) { return string(*e.b), nil }

func (e envelope) Scan(src any) error {
	b, err := bytesOf(src)
	*e.b = b
	return err
}

var files = newTable("files", func(f *jiban.File) []any {
	return []any{&f.ID, &f.ContactID, &f.ConversationID, &f.MessageID, &f.Ticket, &f.State, &f.Why,
		envelope{&f.Sealed}, &f.Type, &f.Size, &f.SHA256, &f.Place, &f.Scan, &f.Channel, words{&f.Source},
		&f.Tries, stamp{&f.NextAt}, stamp{&f.CreatedAt}, stamp{&f.DeletedAt}, &f.AttachedBy, &f.Department, &f.Internal, stamp{&f.ToldAt}}
}, "id", "contact_id", "conversation_id", "message_id", "ticket", "state", "why", "sealed", "type", "size", "sha256",
	"place", "scan", "channel", "source", "tries", "next_at", "created_at", "deleted_at",
	"attached_by", "department", "internal", "told_at")

// AddFile stores the record of a file whose bytes are kept. CodeLimited when its
// contact sent so many since the given time; 0 is no limit. On PostgreSQL a few
// that come at the same instant may pass together.
func (s *Store) AddFile(ctx context.Context, f jiban.File, most int, since time.Time) error {
	const op = "store.AddFile"
	const count = "SELECT COUNT(*) FROM files WHERE contact_id = $1 AND created_at > $2 AND attached_by = ''"
	return s.write(ctx, op, func(ctx context.Context, q querier) error {
		var n int
		if _, err := scanOne(ctx, q, count, []any{f.ContactID, micros(since)}, &n); err != nil {
			return err
		}
		if most > 0 && n >= most {
			return jiban.Errorf(jiban.CodeLimited, op, "the contact has %d files since %s", n, since.Format(time.RFC3339))
		}
		return files.add(ctx, q, &f)
	})
}

// File returns the record of a file, of a deleted one too.
func (s *Store) File(ctx context.Context, id string) (jiban.File, error) {
	f, err := files.one(ctx, s.read, "WHERE id = $1", id)
	return f, fault("store.File", err)
}

// Files lists the files of a conversation, a ticket or a contact that are not
// deleted, oldest first; the newest 1,000 at most.
func (s *Store) Files(ctx context.Context, f jiban.FileFilter) ([]jiban.File, error) {
	column, value := fileFilter(f)
	found, err := files.many(ctx, s.read, "WHERE "+column+" = $1 AND deleted_at = 0 ORDER BY created_at DESC, id DESC LIMIT 1000", value)
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found, fault("store.Files", err)
}

// fileFilter gives the column to select by. An empty filter selects a contact
// that does not exist, never all.
func fileFilter(f jiban.FileFilter) (column, value string) {
	switch {
	case f.Conversation != "":
		return "conversation_id", f.Conversation
	case f.Ticket != "":
		return "ticket", f.Ticket
	}
	return "contact_id", f.Contact
}

// SaveFile writes what became of a file whose state is still the given one and
// that was not deleted meanwhile; CodeConflict otherwise. What belongs to its
// message and its owner stays as it is.
func (s *Store) SaveFile(ctx context.Context, f jiban.File, from jiban.FileState) error {
	const query = `UPDATE files SET state = $3, why = $4, sealed = $5, type = $6, size = $7, sha256 = $8, place = $9, scan = $10,
		source = $11, next_at = $12 WHERE id = $1 AND state = $2 AND contact_id = $13 AND deleted_at = 0`
	args := []any{f.ID, from, f.State, f.Why, string(f.Sealed), f.Type, f.Size, f.SHA256, f.Place, f.Scan, f.Source, micros(f.NextAt), f.ContactID}
	return s.write(ctx, "store.SaveFile", func(ctx context.Context, q querier) error {
		n, err := q.exec(ctx, query, args...)
		if err == nil && n == 0 {
			err = jiban.Errorf(jiban.CodeConflict, "store.SaveFile", "file %s is not %s any more, or belongs to somebody else by now", f.ID, from)
		}
		return err
	})
}

// DueFiles claims files that are to be fetched or looked at again, until a time,
// and returns them; each node gets others.
func (s *Store) DueFiles(ctx context.Context, now, until time.Time, limit int) ([]jiban.File, error) {
	const op = "store.DueFiles"
	const due = "state IN ('wanted', 'waiting') AND next_at <= $1 AND deleted_at = 0"
	const claim = "UPDATE files SET tries = tries + 1, next_at = $2 WHERE id = $3 AND " + due
	candidates, err := files.many(ctx, s.read, "WHERE "+due+" ORDER BY next_at, id LIMIT $2 + 0", micros(now), page(limit, 10))
	if err != nil || len(candidates) == 0 {
		return nil, fault(op, err)
	}
	var claimed []jiban.File
	err = s.write(ctx, op, func(ctx context.Context, q querier) error {
		claimed = claimed[:0]
		for _, f := range candidates {
			n, err := q.exec(ctx, claim, micros(now), micros(until), f.ID)
			if err != nil {
				return err
			}
			if n == 1 {
				f.Tries++
				f.NextAt = until
				claimed = append(claimed, f)
			}
		}
		return nil
	})
	return claimed, err
}

// deleting wipes of a file what can be wiped in its row; the bytes are found by
// place and removed afterwards.
const deleting = `UPDATE files SET state = 'gone', why = 'deleted', sealed = '', source = '', next_at = 0, deleted_at = $2
	WHERE deleted_at = 0 AND `

// DeleteFiles marks the files of a selection as deleted and returns how many.
func (s *Store) DeleteFiles(ctx context.Context, f jiban.FileFilter) (int, error) {
	column, value := fileFilter(f)
	return s.deleteFiles(ctx, "store.DeleteFiles", column+" = $1", value)
}

// DeleteFile marks one file as deleted; that it is already is no error.
func (s *Store) DeleteFile(ctx context.Context, id string) error {
	_, err := s.deleteFiles(ctx, "store.DeleteFile", "id = $1", id)
	return err
}

// LooseFiles marks those as deleted that no message took since a time. What staff
// attached to a ticket belongs to that.
func (s *Store) LooseFiles(ctx context.Context, before time.Time) (int, error) {
	return s.deleteFiles(ctx, "store.LooseFiles", "message_id = '' AND attached_by = '' AND created_at < $1", micros(before))
}

func (s *Store) deleteFiles(ctx context.Context, op, which string, value any) (int, error) {
	var n int64
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		return s.overwriting(ctx, q, func() error {
			var err error
			n, err = q.exec(ctx, deleting+which, value, micros(s.now()))
			return err
		})
	})
	return int(n), err
}

// LeftFiles lists deleted files whose bytes may still be there.
func (s *Store) LeftFiles(ctx context.Context, limit int) ([]jiban.File, error) {
	found, err := files.many(ctx, s.read, "WHERE deleted_at <> 0 AND place <> '' ORDER BY deleted_at, id LIMIT $1 + 0", page(limit, 100))
	return found, fault("store.LeftFiles", err)
}

// BytesGone says that the bytes of a deleted file were removed.
func (s *Store) BytesGone(ctx context.Context, id string) error {
	return s.write(ctx, "store.BytesGone", func(ctx context.Context, q querier) error {
		_, err := q.exec(ctx, "UPDATE files SET place = '' WHERE id = $1 AND deleted_at <> 0", id)
		return err
	})
}

// KnownPlaces returns those of the places that a record names.
func (s *Store) KnownPlaces(ctx context.Context, places []string) ([]string, error) {
	if len(places) == 0 {
		return nil, nil
	}
	marks, args := make([]string, len(places)), make([]any, len(places))
	for i, p := range places {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), p
	}
	found, err := column[string](ctx, direct{s.db}, "SELECT place FROM files WHERE place IN ("+strings.Join(marks, ", ")+")", args...)
	return found, fault("store.KnownPlaces", err)
}

// takeFiles binds the files that a message names to it: ours were kept before it
// came, those of a provider will be fetched. It runs in the transaction that
// stores the message, so that neither is there without the other.
func (s *Store) takeFiles(ctx context.Context, q querier, contactID string, m *jiban.Message) error {
	for i, a := range m.Content.Attachments {
		var err error
		if id, ours := strings.CutPrefix(a.Ref, jiban.FileRef); ours {
			err = s.claimFile(ctx, q, contactID, id, m)
		} else {
			err = files.add(ctx, q, &jiban.File{ID: fmt.Sprintf("%s-%d", m.ID, i+1), ContactID: contactID,
				ConversationID: m.ConversationID, MessageID: m.ID, State: jiban.FileWanted, Channel: m.Channel, Source: a.Ref,
				NextAt: m.CreatedAt, CreatedAt: m.CreatedAt})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) claimFile(ctx context.Context, q querier, contactID, id string, m *jiban.Message) error {
	const query = `UPDATE files SET conversation_id = $1, message_id = $2
		WHERE id = $3 AND contact_id = $4 AND message_id = '' AND attached_by = '' AND deleted_at = 0`
	n, err := q.exec(ctx, query, m.ConversationID, m.ID, id, contactID)
	if err == nil && n == 0 {
		err = jiban.Errorf(jiban.CodeInvalid, "store.Receive", "file %s is not there, belongs to another person or came with another message: send it anew", id)
	}
	return err
}

// visitFiles hands over what is recorded of a contact's files; their names stand
// in the messages.
func (s *Store) visitFiles(ctx context.Context, id string, visit func(jiban.Held) error) error {
	found, err := files.many(ctx, s.read, "WHERE contact_id = $1 ORDER BY created_at", id)
	for i := range found {
		if err == nil {
			found[i].Sealed, found[i].Place = nil, ""
			err = visit(jiban.Held{Kind: "file", Record: found[i]})
		}
	}
	return err
}

// fileWindow is how long before a ticket is opened or supplemented a file may have
// come to belong to it.
const fileWindow = 24 * time.Hour

// ticketFiles gives the files that came lately in the conversation to the ticket,
// and those that are for the person to the person, with the answer. What came with
// an answer that was not good enough, or from a department that has the ticket no
// more, stays in the house: it must be attached anew to go out with another.
func (a *application) ticketFiles(ctx context.Context, t *jiban.Ticket, e jiban.TicketEventKind) error {
	const sent = "UPDATE files SET ticket = $1 WHERE conversation_id = $2 AND conversation_id <> '' AND ticket = '' AND created_at > $3"
	const told = "UPDATE files SET told_at = $2 WHERE ticket = $1 AND ticket <> '' AND attached_by <> '' AND NOT internal AND told_at = 0"
	const kept = "UPDATE files SET internal = TRUE WHERE ticket = $1 AND ticket <> '' AND attached_by <> '' AND NOT internal AND told_at = 0"
	var err error
	switch {
	case e == jiban.EventReplyRefused || e == jiban.EventReturned || e == jiban.EventDispatched:
		_, err = a.q.exec(ctx, kept, t.Number)
	case e == jiban.EventReplied:
		_, err = a.q.exec(ctx, told, t.Number, micros(a.now))
	case t.ConversationID != "" && (e == jiban.EventOpened || e == jiban.EventSupplemented):
		_, err = a.q.exec(ctx, sent, t.Number, t.ConversationID, micros(a.now.Add(-fileWindow)))
	}
	return err
}

// attach writes the records of files that staff attach, with the events that tell
// of it. One without a ticket or without anybody who did it would be nobody's.
func (a *application) attach(ctx context.Context) error {
	for i := range a.batch.Files {
		f := &a.batch.Files[i]
		if f.Ticket == "" || f.AttachedBy == "" {
			return jiban.Errorf(jiban.CodeInvalid, "store.Apply", "file %s names no ticket, or not who attaches it", f.ID)
		}
		if err := files.add(ctx, a.q, f); err != nil {
			return err
		}
	}
	return nil
}
