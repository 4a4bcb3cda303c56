package store

import (
	"context"

	"jiban"
)

// wishes writes what the person of a turn wants to be told, and what they
// consented to, with the turn in which they said so.
func (a *application) wishes(ctx context.Context) error {
	for _, w := range a.batch.Wishes {
		if err := setOptOut(ctx, a.q, w.OptOut, w.Out); err != nil {
			return err
		}
	}
	for i := range a.batch.Consents {
		if err := consents.add(ctx, a.q, &a.batch.Consents[i]); err != nil {
			return err
		}
	}
	return nil
}

func setOptOut(ctx context.Context, q querier, o jiban.OptOut, out bool) error {
	const off = "DELETE FROM opt_outs WHERE contact_id = $1 AND kind = $2"
	if !out {
		_, err := q.exec(ctx, off, o.ContactID, o.Group)
		return err
	}
	_, err := q.exec(ctx, optOuts.insert+" ON CONFLICT (contact_id, kind) DO NOTHING", optOuts.fields(&o)...)
	return err
}

// Unprove takes from a contact the addresses that were proven in a way, "code"
// say, and with them the proofs. It returns how many there were. What two
// contacts became one by is separated first (Separate).
func (s *Store) Unprove(ctx context.Context, contactID, how, by string) (int, error) {
	var n int64
	err := s.write(ctx, "store.Unprove", func(ctx context.Context, q querier) error {
		// The proof of an address goes with the address.
		const take = `DELETE FROM addresses WHERE contact_id = $1 AND address IN (SELECT address FROM proofs WHERE contact_id = $1 AND how = $2)`
		var err error
		if n, err = q.exec(ctx, take, contactID, how); err != nil || n == 0 {
			return err
		}
		return s.addAudit(ctx, q, []jiban.AuditEntry{{Actor: by, Action: "address.unproven", Object: "contact:" + contactID, Result: how}})
	})
	return int(n), err
}
