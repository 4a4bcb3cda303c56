package store

import (
	"context"
	"database/sql"
	"time"

	"jiban"
)

var codes = newTable("codes", func(c *jiban.VerificationCode) []any {
	return []any{&c.ID, &c.ContactID, &c.PhoneHash, &c.AskerHash, &c.Hash, &c.Tries, stamp{&c.CreatedAt},
		stamp{&c.ExpiresAt}, stamp{&c.UsedAt}, &c.MessageID, new(bool)}
}, "id", "contact_id", "phone_hash", "asker_hash", "hash", "tries", "created_at", "expires_at", "used_at", "message_id", "wiped")

// IssueCode keeps a code and its notice in one transaction, if the rates allow:
// otherwise CodeLimited and nothing is written. An earlier code of the same
// contact for the same telephone is over.
func (s *Store) IssueCode(ctx context.Context, i jiban.CodeIssue) (jiban.Applied, error) {
	const op = "store.IssueCode"
	if err := checkText(op, "telephone", string(i.Code.Phone)); err != nil {
		return jiban.Applied{}, err
	}
	var said []jiban.Message
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		var err error
		c := i.Code
		if err = s.allowCode(ctx, q, c, i.Rates); err != nil {
			return err
		}
		if said, err = s.sayCode(ctx, q, i); err != nil {
			return err
		}
		c.MessageID = said[0].ID
		return codes.add(ctx, q, &c)
	})
	return jiban.Applied{Messages: said}, err
}

// allowCode counts the codes of late. The gates are taken first: who asks at the
// same time for the same number, address or house waits until this code counts.
func (s *Store) allowCode(ctx context.Context, q querier, c jiban.VerificationCode, r jiban.CodeRates) error {
	const gate = "INSERT INTO code_gates (name, at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET at = excluded.at"
	for _, g := range []struct {
		name, what, where, hash string
		rates                   []jiban.CodeRate
	}{
		{"asker:" + c.AskerHash, "from this address", "asker_hash = $1", c.AskerHash, r.Asker},
		{"house", "from this house", "$1 = $1", "house", r.House},
		{"phone:" + c.PhoneHash, "for this telephone", "phone_hash = $1", c.PhoneHash, r.Phone},
	} {
		if g.hash == "" {
			continue
		}
		if _, err := q.exec(ctx, gate, g.name, micros(c.CreatedAt)); err != nil {
			return err
		}
		for _, rate := range g.rates {
			query := "SELECT COUNT(*) FROM (SELECT 1 FROM codes WHERE " + g.where + " AND created_at > $2 LIMIT $3) AS late"
			var n int
			if _, err := scanOne(ctx, q, query, []any{g.hash, micros(c.CreatedAt.Add(-rate.Within)), rate.Most}, &n); err != nil {
				return err
			}
			if n >= rate.Most {
				return jiban.Errorf(jiban.CodeLimited, "store.IssueCode", "%d codes within %s were asked for %s: wait", n, rate.Within, g.what)
			}
		}
	}
	return nil
}

// sayCode puts the notice into the SMS conversation of the telephone, which is
// made where there is none.
func (s *Store) sayCode(ctx context.Context, q querier, i jiban.CodeIssue) ([]jiban.Message, error) {
	const over = "UPDATE codes SET expires_at = $3 WHERE contact_id = $1 AND phone_hash = $2 AND used_at = 0 AND expires_at > $3"
	if _, err := q.exec(ctx, over, i.Code.ContactID, i.Code.PhoneHash, micros(i.Code.CreatedAt)); err != nil {
		return nil, err
	}
	id, err := s.ensureConversation(ctx, q, jiban.Received{Channel: i.Channel, ChannelKind: jiban.ChannelSMS,
		Address: i.Code.Phone, Audience: jiban.Citizen, Region: i.Region, Lang: i.Lang})
	if err != nil {
		return nil, err
	}
	i.Notice.ConversationID, i.Notice.ContactID = id, ""
	a := application{s: s, q: q, now: s.now(), batch: &jiban.Batch{Notices: []jiban.Notice{i.Notice}}}
	if err := a.run(ctx); err != nil {
		return nil, err
	}
	if len(a.said) != 1 {
		return nil, jiban.Errorf(jiban.CodeDuplicate, "store.IssueCode", "the notice of code %s was given before", i.Code.ID)
	}
	return a.said, nil
}

func (s *Store) ensureConversation(ctx context.Context, q querier, r jiban.Received) (string, error) {
	const query = "SELECT id FROM conversations WHERE channel = $1 AND address = $2"
	hash, err := s.hash(r.Address)
	if err != nil {
		return "", err
	}
	var id string
	if found, err := scanOne(ctx, q, query, []any{r.Channel, hash}, &id); found || err != nil {
		return id, err
	}
	if err := s.found(ctx, q, r); err != nil {
		return "", err
	}
	found, err := scanOne(ctx, q, query, []any{r.Channel, hash}, &id)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return id, err
}

// TryCode counts a try at a contact's newest living code for a telephone and
// returns the code, whose hash the caller compares. CodeNotFound when there is
// none, or its tries are used up: the try is on disk before anything is compared.
func (s *Store) TryCode(ctx context.Context, contactID, phoneHash string, now time.Time, most int) (jiban.VerificationCode, error) {
	const op = "store.TryCode"
	const count = `UPDATE codes SET tries = tries + 1 WHERE tries < $4 AND used_at = 0 AND id =
		(SELECT id FROM codes WHERE contact_id = $1 AND phone_hash = $2 AND used_at = 0 AND expires_at > $3
		ORDER BY created_at DESC, id DESC LIMIT 1) RETURNING id`
	var c jiban.VerificationCode
	err := s.write(ctx, op, func(ctx context.Context, q querier) error {
		var id string
		found, err := scanOne(ctx, q, count, []any{contactID, phoneHash, micros(now), most}, &id)
		if err == nil && !found {
			err = sql.ErrNoRows
		}
		if err == nil {
			c, err = codes.one(ctx, q, "WHERE id = $1", id)
		}
		return err
	})
	return c, err
}

// spendCode uses a code up, once, and wipes the message that carried it.
func (s *Store) spendCode(ctx context.Context, q querier, p jiban.AddressProof) error {
	if p.CodeID == "" {
		return nil
	}
	const spend = "UPDATE codes SET used_at = $2, wiped = TRUE WHERE id = $1 AND used_at = 0 AND expires_at > $2 AND contact_id = $3"
	n, err := q.exec(ctx, spend, p.CodeID, micros(s.now()), p.ContactID)
	if err != nil {
		return err
	}
	if n == 0 {
		return jiban.Errorf(jiban.CodeConflict, "store.ProveAddress", "code %s was used or is over: ask for a new one", p.CodeID)
	}
	return s.wipeCode(ctx, q, "id = $1", p.CodeID)
}

// wipeCode takes the digits out of the messages that carried codes.
func (s *Store) wipeCode(ctx context.Context, q querier, where string, args ...any) error {
	return s.overwriting(ctx, q, func() error {
		_, err := q.exec(ctx, `UPDATE messages SET params = '{}', content = '{"kind":"text"}'
			WHERE id IN (SELECT message_id FROM codes WHERE `+where+`)`, args...)
		return err
	})
}

// SweepCodes wipes the messages of codes that are over and deletes codes older
// than keep, which count for no rate any more. It returns how many it deleted.
func (s *Store) SweepCodes(ctx context.Context, now, keep time.Time) (int, error) {
	var n int64
	err := s.write(ctx, "store.SweepCodes", func(ctx context.Context, q querier) error {
		if err := s.wipeCode(ctx, q, "NOT wiped AND expires_at <= $1", micros(now)); err != nil {
			return err
		}
		if _, err := q.exec(ctx, "UPDATE codes SET wiped = TRUE WHERE NOT wiped AND expires_at <= $1", micros(now)); err != nil {
			return err
		}
		if _, err := q.exec(ctx, "DELETE FROM code_gates WHERE at < $1", micros(keep)); err != nil {
			return err
		}
		var err error
		n, err = q.exec(ctx, "DELETE FROM codes WHERE created_at < $1 AND wiped", micros(keep))
		return err
	})
	return int(n), err
}
