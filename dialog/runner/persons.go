package runner

import (
	"context"
	"errors"

	"jiban"
	"jiban/dialog"
)

// deed has something done for the person and puts what came of it among the
// facts.
func (t *turn) deed(ctx context.Context, n dialog.Need) error {
	p := t.r.d.Persons
	if p == nil {
		return errors.New("there is nobody to do it")
	}
	f := dialog.DeedFact{Kind: n.Kind, Result: dialog.DeedDone}
	id := t.in.Contact.ID
	var err error
	switch n.Kind {
	case dialog.NeedCode:
		life, failed := p.Send(ctx, id, n.Phone, string(t.in.Conversation.Address), t.lang())
		f.Minutes, err = int(life.Round(1e9).Minutes()), failed
	case dialog.NeedProof:
		if err = p.Prove(ctx, id, n.Phone, n.Code); err == nil {
			err = t.reload(ctx)
		}
	case dialog.NeedUnbind:
		var some bool
		if some, err = p.Unbind(ctx, id); err == nil && !some {
			f.Result = dialog.DeedNone
		}
		if some {
			err = t.reload(ctx)
		}
	default:
		err = p.Ask(ctx, id, n.Data, t.in.Conversation.Channel)
	}
	if err = settled(&f, err); err != nil {
		return err
	}
	t.facts.Deeds = append(t.facts.Deeds, f)
	return nil
}

// settled turns refusals into results; what is left is a failure.
func settled(f *dialog.DeedFact, err error) error {
	switch code := jiban.CodeOf(err); {
	case err == nil:
		return nil
	case code == jiban.CodeLimited:
		f.Result, f.Minutes = dialog.DeedLimited, 0
	case code == jiban.CodeDuplicate:
		f.Result = dialog.DeedAgain
	case f.Kind == dialog.NeedProof && code == jiban.CodeInvalid:
		f.Result = dialog.DeedWrong
	case f.Kind == dialog.NeedProof && code == jiban.CodeNotFound:
		f.Result = dialog.DeedOver
	default:
		return err
	}
	return nil
}

// reload reads the conversation again, whose contact may be another now. The turn
// stays about the same messages.
func (t *turn) reload(ctx context.Context) error {
	in, err := t.r.d.Store.TurnInput(ctx, t.in.Conversation.ID)
	if err != nil {
		return err
	}
	in.Inbox, in.First = t.in.Inbox, t.in.First
	t.in = in
	return nil
}

// wishes writes what the person wants to be told, and what they consented to. Who
// refused everything and wants one group back goes on refusing the other.
func (t *turn) wishes(b *jiban.Batch, out *dialog.Outcome) {
	c := t.in.Contact
	for _, k := range out.Consents {
		b.Consents = append(b.Consents, jiban.Consent{ID: t.r.d.IDs.NewID(), ContactID: c.ID, Purpose: k.Purpose, Wording: k.Wording,
			Given: k.Given, Channel: t.in.Conversation.Channel, At: t.now})
	}
	if out.OptOut == nil {
		return
	}
	for _, g := range []jiban.NoticeGroup{jiban.GroupProgress, jiban.GroupSurvey} {
		refuses := *out.OptOut
		switch {
		case out.OptGroup == "" && refuses:
			continue // the contact itself says so
		case out.OptGroup != "" && out.OptGroup != g:
			if refuses || !c.OptedOut {
				continue
			}
			refuses = true
		}
		b.Wishes = append(b.Wishes, jiban.WishChange{OptOut: jiban.OptOut{ContactID: c.ID, Group: g, At: t.now}, Out: refuses})
	}
}
