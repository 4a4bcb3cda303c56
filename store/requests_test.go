package store_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
	"jiban/people"
)

// counting is the room people, and how often it really did something.
type counting struct {
	people.Doer
	mu              sync.Mutex
	copies, deleted map[string]int
}

func (c *counting) Export(ctx context.Context, id, by string, w io.Writer) error {
	c.mu.Lock()
	c.copies[id]++
	c.mu.Unlock()
	return c.Doer.Export(ctx, id, by, w)
}

func (c *counting) Forget(ctx context.Context, id, by, reason string) error {
	err := c.Doer.Forget(ctx, id, by, reason)
	if err == nil {
		c.mu.Lock()
		c.deleted[id]++
		c.mu.Unlock()
	}
	return err
}

func (h *household) requests() (*people.Requests, *counting) {
	doer := &counting{Doer: h.service, copies: map[string]int{}, deleted: map[string]int{}}
	return people.NewRequests(people.RequestDeps{Store: h.store, Doer: doer, Clock: h.clock, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}},
		Due: func(from time.Time) time.Time { return from.AddDate(0, 0, 21) }}), doer
}

// fetched are the records in a copy.
func fetched(r *people.Requests, id, by, secret string) ([]byte, error) {
	c, err := r.Fetch(context.Background(), id, by, secret)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(c)
	if err = errors.Join(err, c.Close()); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	f, err := z.Open("data.jsonl")
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// album is what one person sent: a picture, one that went meanwhile, and one that
// was refused.
type album struct{}

func (album) SentBy(context.Context, string) ([]people.SentFile, error) {
	return []people.SentFile{{ID: "f1", Name: "漏水.jpg", Type: "image/jpeg", Size: 4}, {ID: "f2", Name: "没了.jpg"},
		{ID: "f3", Name: "坏的.exe", Why: string(jiban.FileRefused)}}, nil
}

func (album) Content(_ context.Context, id string) (io.ReadCloser, error) {
	if id != "f1" {
		return nil, jiban.Errorf(jiban.CodeNotFound, "album", "file %s went", id)
	}
	return io.NopCloser(strings.NewReader("\xff\xd8ab")), nil
}

// A copy holds the files themselves, and says of the others why they are missing.
func TestACopyHoldsTheFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h, ctx := newHousehold(t, p), t.Context()
		r := people.NewRequests(people.RequestDeps{Store: h.store, Doer: h.service, Files: album{}, Temp: t.TempDir(), Clock: h.clock,
			IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}, Due: func(from time.Time) time.Time { return from }})
		q := approved(t, r, h.web(t, "w1", "漏水了").ContactID, jiban.DataCopy)
		secret, _, err := r.Link(ctx, q.ID, "b")
		if err != nil {
			t.Fatal(err)
		}
		c := must[*people.Copy](t)(r.Fetch(ctx, q.ID, "b", secret))
		data := must[[]byte](t)(io.ReadAll(c))
		if err := c.Close(); err != nil || c.Size != int64(len(data)) {
			t.Fatal(err, c.Size, len(data))
		}
		z := must[*zip.Reader](t)(zip.NewReader(bytes.NewReader(data), c.Size))
		if got := string(must[[]byte](t)(fs.ReadFile(z, "files/001-漏水.jpg"))); got != "\xff\xd8ab" {
			t.Errorf("the picture became %q", got)
		}
		list := string(must[[]byte](t)(fs.ReadFile(z, "files.jsonl")))
		if strings.Count(list, "\n") != 3 || !strings.Contains(list, `"why":"gone"`) || !strings.Contains(list, `"why":"refused"`) || len(z.File) != 3 {
			t.Errorf("%d entries, list %s", len(z.File), list)
		}
	})
}

// life is what one request should be, step by step.
type life struct {
	h      *household
	r      *people.Requests
	doer   *counting
	q      jiban.DataRequest // as the model has it
	secret string
	until  time.Time
	holder string
}

// TestDataRequestLife walks at random through the life of requests, as four
// members of staff, and compares with what should be.
func TestDataRequestLife(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		r, doer := h.requests()
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			kind := rapid.SampledFrom([]jiban.DataRequestKind{jiban.DataSee, jiban.DataCopy, jiban.DataCorrect, jiban.DataDelete}).Draw(rt, "kind")
			conv := h.web(t, fmt.Sprintf("life%d", n), "你好")
			q, err := r.Request(context.Background(), conv.ContactID, kind, "citizen", "我叫李四")
			if err != nil {
				rt.Fatal(err)
			}
			l := &life{h: h, r: r, doer: doer, q: q}
			by := rapid.SampledFrom([]string{"a", "b", "c", "d"})
			rt.Repeat(map[string]func(*rapid.T){
				"check":   func(rt *rapid.T) { l.check(rt, by.Draw(rt, "by")) },
				"approve": func(rt *rapid.T) { l.approve(rt, by.Draw(rt, "by")) },
				"refuse":  func(rt *rapid.T) { l.refuse(rt, by.Draw(rt, "by")) },
				"finish":  func(rt *rapid.T) { l.finish(rt, by.Draw(rt, "by")) },
				"delete":  func(rt *rapid.T) { l.erase(rt, by.Draw(rt, "by")) },
				"link":    func(rt *rapid.T) { l.link(rt, by.Draw(rt, "by")) },
				"fetch":   func(rt *rapid.T) { l.fetch(rt, by.Draw(rt, "by")) },
				"again":   func(rt *rapid.T) { l.again(rt) },
				"wait":    func(*rapid.T) { h.clock.Advance(7 * time.Minute) },
				"":        l.compare,
			})
		})
	})
}

func (l *life) open(states ...jiban.DataRequestStatus) bool {
	for _, s := range states {
		if l.q.Status == s {
			return true
		}
	}
	return false
}

// went fails when an operation succeeded that must not, or the other way round.
func (l *life) went(rt *rapid.T, what string, err error, may bool) bool {
	if (err == nil) != may {
		rt.Fatalf("%s of a %s request that is %s (checked by %q, approved by %q): %v", what, l.q.Kind, l.q.Status, l.q.CheckedBy, l.q.ApprovedBy, err)
	}
	return err == nil
}

func (l *life) check(rt *rapid.T, by string) {
	_, err := l.r.Check(context.Background(), l.q.ID, by, "staff")
	if l.went(rt, "check", err, l.open(jiban.DataOpen)) {
		l.q.Status, l.q.CheckedBy = jiban.DataChecked, by
	}
}

func (l *life) approve(rt *rapid.T, by string) {
	_, err := l.r.Approve(context.Background(), l.q.ID, by)
	own := l.q.Kind.Twofold() && l.q.CheckedBy == by
	if l.went(rt, "approve by "+by, err, l.open(jiban.DataChecked) && !own) {
		l.q.Status, l.q.ApprovedBy = jiban.DataApproved, by
	}
}

func (l *life) refuse(rt *rapid.T, by string) {
	_, err := l.r.Refuse(context.Background(), l.q.ID, by, "材料不全")
	if l.went(rt, "refuse", err, l.open(jiban.DataOpen, jiban.DataChecked, jiban.DataApproved)) {
		l.q.Status = jiban.DataRefused
	}
}

func (l *life) finish(rt *rapid.T, by string) {
	_, err := l.r.Finish(context.Background(), l.q.ID, by, "")
	if l.went(rt, "finish", err, !l.q.Kind.Twofold() && l.open(jiban.DataChecked, jiban.DataApproved)) {
		l.q.Status = jiban.DataDone
	}
}

func (l *life) erase(rt *rapid.T, by string) {
	_, err := l.r.Delete(context.Background(), l.q.ID, by)
	if l.went(rt, "delete", err, l.q.Kind == jiban.DataDelete && l.open(jiban.DataApproved)) {
		l.q.Status = jiban.DataDone
	}
}

func (l *life) link(rt *rapid.T, by string) {
	secret, until, err := l.r.Link(context.Background(), l.q.ID, by)
	if l.went(rt, "link", err, l.q.Kind == jiban.DataCopy && l.open(jiban.DataApproved) && by == l.q.ApprovedBy) {
		l.secret, l.until, l.holder = secret, until, by
	}
}

func (l *life) fetch(rt *rapid.T, by string) {
	data, err := fetched(l.r, l.q.ID, by, l.secret)
	may := l.open(jiban.DataApproved) && l.secret != "" && by == l.holder && l.h.clock.Now().Before(l.until)
	if l.went(rt, "fetch", err, may) {
		l.q.Status, l.secret = jiban.DataDone, ""
		if !bytes.Contains(data, []byte("我叫李四")) {
			rt.Fatal("the copy lacks what the person asked for")
		}
	}
}

// again asks for the same once more: it is the same request until it has ended.
func (l *life) again(rt *rapid.T) {
	if l.q.Status.Ended() {
		return
	}
	q, err := l.r.Request(context.Background(), l.q.ContactID, l.q.Kind, "citizen", "")
	if jiban.CodeOf(err) != jiban.CodeDuplicate || q.ID != l.q.ID {
		rt.Fatalf("a second request: %s, %v", q.ID, err)
	}
}

// compare checks what is stored, and that nothing was done twice or too early.
func (l *life) compare(rt *rapid.T) {
	q, err := l.r.Get(context.Background(), l.q.ID)
	if err != nil || q.Status != l.q.Status || q.CheckedBy != l.q.CheckedBy || q.ApprovedBy != l.q.ApprovedBy {
		rt.Fatalf("stored: %s by %q and %q (%v), should be %s by %q and %q", q.Status, q.CheckedBy, q.ApprovedBy, err, l.q.Status, l.q.CheckedBy, l.q.ApprovedBy)
	}
	want := 0
	if q.Status == jiban.DataDone {
		want = 1
	}
	if n := l.doer.copies[q.ContactID]; q.Kind == jiban.DataCopy && n != want {
		rt.Fatalf("%d copies were made of a request that is %s", n, q.Status)
	}
	if n := l.doer.deleted[q.ContactID]; q.Kind == jiban.DataDelete && n != want {
		rt.Fatalf("the person was deleted %d times, the request is %s", n, q.Status)
	}
}

// approved brings a request as far as it can be carried out.
func approved(t testing.TB, r *people.Requests, contactID string, kind jiban.DataRequestKind) jiban.DataRequest {
	t.Helper()
	q := must[jiban.DataRequest](t)(r.Request(t.Context(), contactID, kind, "staff", "请尽快"))
	must[jiban.DataRequest](t)(r.Check(t.Context(), q.ID, "a", "staff"))
	return must[jiban.DataRequest](t)(r.Approve(t.Context(), q.ID, "b"))
}

// atOnce runs the same for many at once and returns how many got through; the
// others must have been refused as too late.
func atOnce(t testing.TB, n int, do func(i int) error) int {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	through := 0
	for _, err := range errs {
		switch jiban.CodeOf(err) {
		case "":
			through++
		case jiban.CodeConflict, jiban.CodeDuplicate, jiban.CodeNotFound:
		default:
			t.Error(err)
		}
	}
	return through
}

func TestTwoStaffAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		r, doer := h.requests()
		other, _ := h.requests() // another node
		ctx := t.Context()
		one := func(what string, n int) {
			t.Helper()
			if n != 1 {
				t.Errorf("%d of those who tried at once got through: %s", n, what)
			}
		}
		c := h.web(t, "crowd", "我要我的资料").ContactID
		one("request", atOnce(t, 8, func(int) error { _, err := r.Request(ctx, c, jiban.DataCopy, "citizen", ""); return err }))
		q := must[[]jiban.DataRequest](t)(r.List(ctx, jiban.DataRequestFilter{ContactID: c}))[0]
		one("check", atOnce(t, 4, func(i int) error { _, err := r.Check(ctx, q.ID, fmt.Sprint("a", i), "staff"); return err }))
		one("approve", atOnce(t, 4, func(i int) error { _, err := r.Approve(ctx, q.ID, fmt.Sprint("b", i)); return err }))
		q = must[jiban.DataRequest](t)(r.Get(ctx, q.ID))
		secret, _, err := r.Link(ctx, q.ID, q.ApprovedBy)
		if err != nil {
			t.Fatal(err)
		}
		one("fetch", atOnce(t, 4, func(i int) error {
			room := []*people.Requests{r, other}[i%2]
			data, err := fetched(room, q.ID, q.ApprovedBy, secret)
			if err == nil && len(data) == 0 {
				err = errors.New("the copy is empty")
			}
			return err
		}))
		d := approved(t, r, c, jiban.DataDelete)
		one("delete", atOnce(t, 4, func(i int) error { _, err := r.Delete(ctx, d.ID, "b"); return err }))
		if doer.deleted[c] != 1 {
			t.Errorf("the person was deleted %d times", doer.deleted[c])
		}
	})
}

// A deletion waits for what is open, tells the person before, and leaves nothing
// of what was asked.
func TestDeletionReallyDeletes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		r, _ := h.requests()
		ctx := t.Context()
		c := h.web(t, "gone", "请删除我的信息")
		ticket := jiban.Ticket{Number: "2611020000018", ContactID: c.ContactID, ConversationID: c.ID, Status: jiban.TicketHandling, CreatedAt: monday, UpdatedAt: monday}
		apply(t, h.store, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: ticket}}})
		q := approved(t, r, c.ContactID, jiban.DataDelete)
		if told := must[[]jiban.Message](t)(h.store.Messages(ctx, c.ID, 0, 100)); told[len(told)-1].Delivery.Kind != jiban.NoticeRequestApproved {
			t.Fatalf("before a deletion the person was told %v", told[len(told)-1].Delivery.Kind)
		}
		_, err := r.Delete(ctx, q.ID, "b")
		wantCode(t, err, jiban.CodeConflict)
		if !strings.Contains(err.Error(), "未办结") {
			t.Errorf("staff do not read why: %v", err)
		}
		if q = must[jiban.DataRequest](t)(r.Get(ctx, q.ID)); q.Status != jiban.DataApproved || q.Note != "请尽快" {
			t.Fatalf("after a refused deletion the request is %s, note %q", q.Status, q.Note)
		}
		stored := must[jiban.Ticket](t)(h.store.Ticket(ctx, ticket.Number))
		stored.Status = jiban.TicketClosed
		apply(t, h.store, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: stored}}})
		if q, err = r.Delete(ctx, q.ID, "b"); err != nil || q.Status != jiban.DataDone {
			t.Fatalf("deletion: %s, %v", q.Status, err)
		}
		for _, m := range must[[]jiban.Message](t)(h.store.Messages(ctx, c.ID, 0, 100)) {
			if m.Content.Text != "" {
				t.Errorf("a message is left: %q", m.Content.Text)
			}
		}
		if q = must[jiban.DataRequest](t)(r.Get(ctx, q.ID)); q.Note != "" || q.Status != jiban.DataDone || q.EndedBy != "b" {
			t.Errorf("the request is %+v", q)
		}
	})
}

// What a person writes with a request is sealed, moves with the person, and is in
// the copy; how to fetch it is not.
func TestRequestsAreTheirPersons(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		r, _ := h.requests()
		ctx := t.Context()
		a, b := h.web(t, "first", "你好"), h.web(t, "second", "你好")
		q := must[jiban.DataRequest](t)(r.Request(ctx, b.ContactID, jiban.DataCorrect, "citizen", "我的名字是欧阳修远"))
		must[jiban.DataRequest](t)(r.Request(ctx, a.ContactID, jiban.DataCorrect, "citizen", "另一件"))
		var raw string
		p.query(t, &raw, "SELECT note FROM requests WHERE id = '"+q.ID+"'")
		if raw == "" || strings.Contains(raw, "欧阳") {
			t.Errorf("the note is stored as %q", raw)
		}
		_, j, err := h.service.Prove(ctx, jiban.AddressProof{ContactID: a.ContactID, Address: "web:second", How: "staff", By: "s"}, time.Time{})
		if err != nil || j == nil {
			t.Fatalf("join: %v, %v", j, err)
		}
		moved := must[jiban.DataRequest](t)(r.Get(ctx, q.ID))
		if moved.ContactID != j.KeptID || moved.Note != "我的名字是欧阳修远" {
			t.Errorf("after the join the request is of %s with note %q", moved.ContactID, moved.Note)
		}
		must[jiban.DataRequest](t)(r.Check(ctx, q.ID, "a", "staff"))
		must[jiban.DataRequest](t)(r.Finish(ctx, q.ID, "a", "欧阳修远"))
		if c := must[jiban.Contact](t)(h.store.Contact(ctx, j.KeptID)); c.Name != "欧阳修远" {
			t.Errorf("the corrected name is %q", c.Name)
		}
		copied := approved(t, r, j.KeptID, jiban.DataCopy)
		secret, _, err := r.Link(ctx, copied.ID, "b")
		if err != nil {
			t.Fatal(err)
		}
		data := must[[]byte](t)(fetched(r, copied.ID, "b", secret))
		for what, want := range map[string]bool{"我的名字是欧阳修远": true, "欧阳修远": true, `"LinkHash":""`: true, `"CheckedBy":"a"`: false} {
			if bytes.Contains(data, []byte(what)) != want {
				t.Errorf("the copy has %q: %v, should be %v", what, !want, want)
			}
		}
		if _, err := h.service.Separate(ctx, j.ID, "s"); err != nil {
			t.Fatal(err)
		}
		if back := must[jiban.DataRequest](t)(r.Get(ctx, q.ID)); j.GoneID == b.ContactID && back.ContactID != b.ContactID {
			t.Errorf("after the separation the request is of %s", back.ContactID)
		}
	})
}

// The records of a person's page.
func TestPersonsRecords(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		ctx := t.Context()
		sms := h.hears(t, "sms", jiban.ChannelSMS, "s1", "tel:+8613800001234", "停水了")
		h.clock.Advance(time.Minute)
		web := h.web(t, "w1", "还在停水")
		_, j, err := h.service.Prove(ctx, jiban.AddressProof{ContactID: web.ContactID, Address: "tel:+8613800001234", How: "staff", By: "s"}, time.Time{})
		if err != nil || j == nil {
			t.Fatalf("join: %v", err)
		}
		c := must[jiban.Contact](t)(h.store.ContactAt(ctx, "tel:+8613800001234"))
		if c.ID != j.KeptID {
			t.Errorf("the number leads to %s", c.ID)
		}
		_, err = h.store.ContactAt(ctx, "tel:+8613800009999")
		wantCode(t, err, jiban.CodeNotFound)
		proofs := must[[]jiban.Proof](t)(h.store.Proofs(ctx, c.ID))
		if len(proofs) != 1 || proofs[0].Address != "tel:+8613800001234" || proofs[0].How != "staff" || proofs[0].By != "s" {
			t.Errorf("proofs: %+v", proofs)
		}
		if all := must[[]jiban.Conversation](t)(h.store.ConversationsOf(ctx, c.ID, 0)); len(all) != 2 || all[0].ID != web.ID || all[1].ID != sms.ID {
			t.Errorf("conversations: %+v", all)
		}
		later := h.clock.Now().Add(time.Hour)
		said := must[[]jiban.Message](t)(h.store.History(ctx, c.ID, later, "", 1))
		if len(said) != 1 || said[0].Content.Text != "还在停水" {
			t.Fatalf("history: %+v", said)
		}
		said = must[[]jiban.Message](t)(h.store.History(ctx, c.ID, said[0].CreatedAt, said[0].ID, 10))
		if len(said) != 1 || said[0].Content.Text != "停水了" {
			t.Errorf("history before: %+v", said)
		}
	})
}
