package tickets

import (
	"fmt"
	"testing"

	"jiban"
)

// A file is tied to an open ticket with an event that moves nothing else; not to
// one that is over, not to another person's, not by the person, and for the person
// not by who only takes part.
func TestAttach(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.draft(h.person("web:1")))
	made := 0
	attach := func(number string, as jiban.ActingAs, change func(*jiban.File)) (jiban.Ticket, jiban.Code) {
		made++
		f := &jiban.File{ID: fmt.Sprint("file-", made), Place: fmt.Sprint("place-", made), ContactID: k.ContactID, State: jiban.FileKept}
		if change != nil {
			change(f)
		}
		after, err := h.Act(t.Context(), jiban.TicketAction{Kind: jiban.EventAttached, Number: number, Actor: "staff-1", As: as, File: f})
		return after, jiban.CodeOf(err)
	}
	for _, as := range []jiban.ActingAs{jiban.AsDepartment, jiban.AsDesk, jiban.AsManagement} {
		after, code := attach(k.Number, as, nil)
		if code != "" || after.Status != k.Status || !after.DueAt.Equal(k.DueAt) {
			t.Fatalf("as %s: %s, %+v", as, code, after)
		}
	}
	if found, err := h.store.Files(t.Context(), jiban.FileFilter{Ticket: k.Number}); err != nil || len(found) != 3 || found[0].AttachedBy != "staff-1" {
		t.Errorf("%+v %v", found, err)
	}
	_, err := h.act(jiban.EventAssigned, k.Number, "department", "230100.government", "text", "请协助")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := h.List(t.Context(), jiban.TicketFilter{Parent: k.Number})
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	for what, c := range map[string]struct {
		number string
		as     jiban.ActingAs
		change func(*jiban.File)
		want   jiban.Code
	}{
		"the person":            {k.Number, jiban.AsContact, nil, jiban.CodeForbidden},
		"somebody else's":       {k.Number, jiban.AsDesk, func(f *jiban.File) { f.ContactID = "other" }, jiban.CodeConflict},
		"a part, to the person": {parts[0].Number, jiban.AsDepartment, nil, jiban.CodeInvalid},
		"a part, internal":      {parts[0].Number, jiban.AsDepartment, func(f *jiban.File) { f.Internal = true }, ""},
	} {
		if _, code := attach(c.number, c.as, c.change); code != c.want {
			t.Errorf("%s: %q, want %q", what, code, c.want)
		}
	}
	for i := made; i < mostAttached+10; i++ {
		attach(k.Number, jiban.AsDesk, nil)
	}
	if _, code := attach(k.Number, jiban.AsDesk, nil); code != jiban.CodeConflict {
		t.Errorf("one more than the ticket may have: %q", code)
	}
	if _, err := h.act(jiban.EventWithdrawn, k.Number, "reason", "不用了"); err != nil {
		t.Fatal(err)
	}
	if _, code := attach(k.Number, jiban.AsDesk, nil); code != jiban.CodeConflict {
		t.Errorf("a ticket that is over: %q", code)
	}
}
