package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/store"
)

// sentFile is the record of a file that was kept for a contact.
func sentFile(id, contact string, at time.Time) jiban.File {
	return jiban.File{ID: id, ContactID: contact, State: jiban.FileKept, Sealed: []byte("j1a.sealed"), Type: "image/jpeg", Size: 9,
		SHA256: strings.Repeat("a", 64), Place: "place-" + id, CreatedAt: at.UTC().Truncate(time.Microsecond)}
}

func addFile(t testing.TB, s *store.Store, f jiban.File) {
	t.Helper()
	if err := s.AddFile(t.Context(), f, 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
}

func contactOf(t testing.TB, s *store.Store, from string) string {
	t.Helper()
	return must[jiban.Contact](t)(s.EnsureContact(t.Context(), jiban.Address("wechat:"+from))).ID
}

// withFiles is a message that names files of ours.
func withFiles(id, from string, refs ...string) jiban.Received {
	r := text(id, from, "")
	r.Content = jiban.Content{Kind: jiban.KindImage}
	for _, ref := range refs {
		r.Content.Attachments = append(r.Content.Attachments, jiban.Attachment{Ref: ref, Type: "image/jpeg"})
	}
	return r
}

func TestFileGoesWithItsMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		owner, other := contactOf(t, s, "a"), contactOf(t, s, "b")
		f := sentFile("f1", owner, time.Now())
		addFile(t, s, f)
		if got := must[jiban.File](t)(s.File(ctx, "f1")); fmt.Sprint(got) != fmt.Sprint(f) {
			t.Errorf("read back\n%+v, want\n%+v", got, f)
		}
		addFile(t, s, sentFile("f2", other, time.Now()))
		_, _, err := s.Receive(ctx, withFiles("m0", "a", "file:f1", "file:f2"))
		wantCode(t, err, jiban.CodeInvalid)
		m := receive(t, s, withFiles("m1", "a", "file:f1"))
		got := must[jiban.File](t)(s.File(ctx, "f1"))
		if got.MessageID != m.ID || got.ConversationID != m.ConversationID {
			t.Errorf("%+v", got)
		}
		_, _, err = s.Receive(ctx, withFiles("m2", "a", "file:f1"))
		wantCode(t, err, jiban.CodeInvalid)
		if _, repeat, err := s.Receive(ctx, withFiles("m1", "a", "file:f1")); !repeat || err != nil {
			t.Errorf("a repeat: %v %v", repeat, err)
		}
		list := must[[]jiban.File](t)(s.Files(ctx, jiban.FileFilter{Conversation: m.ConversationID}))
		if len(list) != 1 || list[0].ID != "f1" {
			t.Errorf("%+v", list)
		}
		if all := must[[]jiban.File](t)(s.Files(ctx, jiban.FileFilter{})); len(all) != 0 {
			t.Errorf("an empty filter selects %d", len(all))
		}
	})
}

func TestWantedFilesAreClaimedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		var ids []string
		for i := range 20 {
			m := receive(t, s, withFiles(fmt.Sprint("m", i), "a", "media-"+fmt.Sprint(i)))
			ids = append(ids, m.ID+"-1")
		}
		f := must[jiban.File](t)(s.File(ctx, ids[3]))
		if f.State != jiban.FileWanted || f.Source != "media-3" || f.Channel != "gzh" || f.ContactID != contactOf(t, s, "a") {
			t.Errorf("%+v", f)
		}
		now := time.Now().Add(time.Second)
		var mu sync.Mutex
		var wg sync.WaitGroup
		claims := map[string]int{}
		for range 4 {
			wg.Go(func() {
				for range 10 {
					due, err := s.DueFiles(ctx, now, now.Add(time.Minute), 5)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					for _, f := range due {
						claims[f.ID]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(claims) != 20 {
			t.Errorf("%d of 20 claimed", len(claims))
		}
		for id, n := range claims {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
		if again := must[[]jiban.File](t)(s.DueFiles(ctx, now.Add(2*time.Minute), now.Add(time.Hour), 50)); len(again) != 20 || again[0].Tries != 2 {
			t.Errorf("after the lease %d, %+v", len(again), again)
		}
		f.State, f.Sealed, f.Place, f.Source, f.NextAt = jiban.FileKept, []byte("x"), "p", "", time.Time{}
		if err := s.SaveFile(ctx, f, jiban.FileWanted); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.SaveFile(ctx, f, jiban.FileWanted), jiban.CodeConflict)
	})
}

func TestFilesAreCountedByDay(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, now := p.open(t), time.Now()
		owner := contactOf(t, s, "a")
		for i := range 2 {
			if err := s.AddFile(t.Context(), sentFile(fmt.Sprint("f", i), owner, now), 2, now.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, s.AddFile(t.Context(), sentFile("f3", owner, now), 2, now.Add(-time.Hour)), jiban.CodeLimited)
		if err := s.AddFile(t.Context(), sentFile("f3", owner, now), 2, now.Add(time.Second)); err != nil {
			t.Error(err)
		}
	})
}

// A ticket gets the files that came in its conversation lately: at its opening and
// with what is added to it; never those of another conversation or of long ago.
func TestFilesOfATicket(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(time.Now())
		s, ctx := p.openAt(t, clock), t.Context()
		old := receive(t, s, withFiles("m0", "a", "long-ago"))
		clock.Advance(48 * time.Hour)
		m := receive(t, s, withFiles("m1", "a", "photo"))
		receive(t, s, withFiles("m2", "b", "of another"))
		ticket := jiban.Ticket{Number: "2611020000018", ContactID: contactOf(t, s, "a"), ConversationID: m.ConversationID, Status: jiban.TicketAccepted}
		event := func(seq int64, kind jiban.TicketEventKind) []jiban.TicketEvent {
			return []jiban.TicketEvent{{Number: ticket.Number, Seq: seq, Kind: kind, Actor: "bot", At: clock.Now()}}
		}
		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: ticket, Events: event(1, jiban.EventOpened)}}})
		more := receive(t, s, withFiles("m3", "a", "one more"))
		ticket.Version = 1
		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: ticket, Events: event(2, jiban.EventSigned)}}})
		of := func() string {
			var ids []string
			for _, f := range must[[]jiban.File](t)(s.Files(ctx, jiban.FileFilter{Ticket: ticket.Number})) {
				ids = append(ids, f.MessageID)
			}
			return strings.Join(ids, " ")
		}
		if got := of(); got != m.ID {
			t.Errorf("opened: %q, want %q (not %q)", got, m.ID, old.ID)
		}
		ticket.Version = 2
		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: ticket, Events: event(3, jiban.EventSupplemented)}}})
		if got, want := of(), m.ID+" "+more.ID; got != want {
			t.Errorf("supplemented: %q, want %q", got, want)
		}
	})
}

// What staff attach is written with the event that tells of it, or not at all;
// the person may open what is for them from the next answer on, and nothing else.
func TestAttachedFilesAreTiedToTheTicket(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(time.Now().UTC().Truncate(time.Second))
		s, ctx := p.openAt(t, clock), t.Context()
		m := receive(t, s, text("m1", "a", "停水了"))
		ticket := jiban.Ticket{Number: "2611020000018", ContactID: contactOf(t, s, "a"), ConversationID: m.ConversationID, Status: jiban.TicketAccepted}
		change := func(version int64, kind jiban.TicketEventKind) jiban.TicketChange {
			k := ticket
			k.Version = version
			return jiban.TicketChange{Ticket: k, Events: []jiban.TicketEvent{{Number: k.Number, Seq: version + 1, Kind: kind, Actor: "staff-1", At: clock.Now()}}}
		}
		attached := func(id string, internal bool) jiban.File {
			f := sentFile(id, ticket.ContactID, clock.Now())
			f.Ticket, f.AttachedBy, f.Department, f.Internal = ticket.Number, "staff-1", "230100.water", internal
			return f
		}
		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(0, jiban.EventOpened)}})
		own := attached("f1", true)
		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(1, jiban.EventAttached)}, Files: []jiban.File{own}})
		if got := must[jiban.File](t)(s.File(ctx, "f1")); fmt.Sprint(got) != fmt.Sprint(own) {
			t.Errorf("read back\n%+v, want\n%+v", got, own)
		}
		audit := []jiban.AuditEntry{{ID: "a-late", Actor: "staff-1", Action: "ticket.attach", At: clock.Now()}}
		_, err := s.Apply(ctx, jiban.Batch{Tickets: []jiban.TicketChange{change(1, jiban.EventAttached)}, Files: []jiban.File{attached("f-late", true)}, Audit: audit})
		wantCode(t, err, jiban.CodeConflict)
		_, err = s.Apply(ctx, jiban.Batch{Tickets: []jiban.TicketChange{change(2, jiban.EventAttached)}, Files: []jiban.File{own}, Audit: audit})
		if err == nil {
			t.Error("one file was attached twice")
		}
		_, err = s.Apply(ctx, jiban.Batch{Files: []jiban.File{sentFile("nobody's", ticket.ContactID, clock.Now())}})
		wantCode(t, err, jiban.CodeInvalid)
		if n := len(must[[]jiban.TicketEvent](t)(s.TicketEvents(ctx, ticket.Number))); n != 2 {
			t.Errorf("the log has %d events", n)
		}
		if found := must[[]jiban.ChainedEntry](t)(s.SearchAudit(ctx, jiban.AuditFilter{Action: "ticket.attach", Limit: 5})); len(found) != 0 {
			t.Errorf("on record is %+v", found)
		}
		_, err = s.File(ctx, "f-late")
		wantCode(t, err, jiban.CodeNotFound)

		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(2, jiban.EventAttached)}, Files: []jiban.File{attached("f2", false)}})
		clock.Advance(time.Hour)
		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(3, jiban.EventSubmitted)}})
		if got := must[jiban.File](t)(s.File(ctx, "f2")); !got.ToldAt.IsZero() {
			t.Errorf("told with an answer that waits: %s", got.ToldAt)
		}
		apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(4, jiban.EventReplied)}})
		for id, told := range map[string]time.Time{"f1": {}, "f2": clock.Now()} {
			if got := must[jiban.File](t)(s.File(ctx, id)); !got.ToldAt.Equal(told) {
				t.Errorf("%s is told at %s, want %s", id, got.ToldAt, told)
			}
		}
		for i, sentBack := range []jiban.TicketEventKind{jiban.EventReplyRefused, jiban.EventReturned, jiban.EventDispatched} {
			id, version := fmt.Sprint("back-", i), int64(5+3*i)
			apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(version, jiban.EventAttached)}, Files: []jiban.File{attached(id, false)}})
			apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(version+1, sentBack)}})
			apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{change(version+2, jiban.EventReplied)}})
			if got := must[jiban.File](t)(s.File(ctx, id)); !got.Internal || !got.ToldAt.IsZero() {
				t.Errorf("after %s it goes out with the next answer: %+v", sentBack, got)
			}
		}
	})
}

// What staff attach waits for no message, is nobody's to take into one, and does
// not count for what the person may send.
func TestAttachedFilesAreNotThePersons(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		owner, now := contactOf(t, s, "a"), time.Now()
		f := sentFile("f1", owner, now.Add(-48*time.Hour))
		f.Ticket, f.AttachedBy = "2611020000018", "staff-1"
		addFile(t, s, f)
		if n, err := s.LooseFiles(ctx, now); n != 0 || err != nil {
			t.Errorf("the sweep took %d: %v", n, err)
		}
		_, _, err := s.Receive(ctx, withFiles("m1", "a", "file:f1"))
		wantCode(t, err, jiban.CodeInvalid)
		if err := s.AddFile(ctx, sentFile("f2", owner, now), 1, now.Add(-72*time.Hour)); err != nil {
			t.Errorf("what staff attached counts for the person: %v", err)
		}
		if n, err := s.DeleteFiles(ctx, jiban.FileFilter{Contact: owner}); n != 2 || err != nil {
			t.Errorf("with the contact go %d: %v", n, err)
		}
	})
}

func TestDeletedFilesLeaveTheirPlaceToBeRemoved(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		owner, now := contactOf(t, s, "a"), time.Now()
		for _, id := range []string{"f1", "f2", "f3"} {
			addFile(t, s, sentFile(id, owner, now))
		}
		receive(t, s, withFiles("m1", "a", "file:f1"))
		if n, err := s.LooseFiles(ctx, now.Add(time.Hour)); n != 2 || err != nil {
			t.Errorf("loose: %d %v", n, err)
		}
		known := must[[]string](t)(s.KnownPlaces(ctx, []string{"place-f1", "place-f2", "nobody's"}))
		if len(known) != 2 {
			t.Errorf("known %v", known)
		}
		left := must[[]jiban.File](t)(s.LeftFiles(ctx, 10))
		if len(left) != 2 || len(left[0].Sealed) != 0 || left[0].State != jiban.FileGone || left[0].DeletedAt.IsZero() {
			t.Errorf("%+v", left)
		}
		for _, f := range left {
			if err := s.BytesGone(ctx, f.ID); err != nil {
				t.Error(err)
			}
		}
		if left := must[[]jiban.File](t)(s.LeftFiles(ctx, 10)); len(left) != 0 {
			t.Errorf("%+v", left)
		}
		if n, err := s.DeleteFiles(ctx, jiban.FileFilter{Contact: owner}); n != 1 || err != nil {
			t.Errorf("of the contact: %d %v", n, err)
		}
	})
}

// Who is forgotten has no file; who is joined to another takes theirs along, and
// back again.
func TestFilesFollowTheirOwner(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), context.Background()
		receive(t, s, withFiles("m1", "a", "photo"))
		receive(t, s, withFiles("m2", "b", "photo"))
		kept, gone := contactOf(t, s, "a"), contactOf(t, s, "b")
		_, join, err := s.ProveAddress(ctx, jiban.AddressProof{ContactID: kept, Address: "wechat:b", How: "staff", By: "x"}, time.Time{})
		if err != nil || join == nil {
			t.Fatal(join, err)
		}
		count := func(contact string) int {
			return len(must[[]jiban.File](t)(s.Files(ctx, jiban.FileFilter{Contact: contact})))
		}
		if count(kept) != 2 || count(gone) != 0 {
			t.Errorf("joined: %d and %d", count(kept), count(gone))
		}
		if _, err := s.Separate(ctx, join.ID, "x"); err != nil {
			t.Fatal(err)
		}
		if count(kept) != 1 || count(gone) != 1 {
			t.Errorf("separated: %d and %d", count(kept), count(gone))
		}
		held := 0
		err = s.EverythingOf(ctx, kept, func(h jiban.Held) error {
			if h.Kind == "file" {
				held++
			}
			return nil
		})
		if err != nil || held != 1 {
			t.Errorf("given out: %d, %v", held, err)
		}
		if _, err := s.Forget(ctx, kept, "x", "asked for"); err != nil {
			t.Fatal(err)
		}
		if count(kept) != 0 || count(gone) != 1 {
			t.Errorf("forgotten: %d and %d", count(kept), count(gone))
		}
	})
}
