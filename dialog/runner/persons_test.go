package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/dialog"
)

// clerk does for people what they order about themselves, and counts it.
type clerk struct {
	h       *house
	fail    error
	done    []string
	proving func(contactID string)
}

func (c *clerk) CanProve() bool { return true }

func (c *clerk) Send(_ context.Context, contactID, _, from string, _ jiban.Lang) (time.Duration, error) {
	c.done = append(c.done, "send "+from)
	return 5 * time.Minute, c.fail
}

func (c *clerk) Prove(_ context.Context, contactID, _, _ string) error {
	c.done = append(c.done, "prove")
	if c.proving != nil {
		c.proving(contactID)
	}
	return c.fail
}

func (c *clerk) Unbind(context.Context, string) (bool, error) { return false, c.fail }

func (c *clerk) Ask(_ context.Context, _ string, kind jiban.DataRequestKind, channel string) error {
	c.done = append(c.done, "ask "+string(kind)+" on "+channel)
	return c.fail
}

// wantsDeed makes the engine need one thing done and say what came of it.
func (h *house) wantsDeed(n dialog.Need) {
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		if len(in.Facts.Deeds) == 0 {
			return dialog.Outcome{}, &n, nil
		}
		out := echo(in)
		out.Replies = []dialog.Reply{{Text: string(in.Facts.Deeds[0].Result)}}
		if in.Situation.Roster {
			out.Replies[0].Text += " roster"
		}
		return out, nil, nil
	})
}

func TestWhatCameOfADeed(t *testing.T) {
	limited, invalid := jiban.Errorf(jiban.CodeLimited, "t", "x"), jiban.Errorf(jiban.CodeInvalid, "t", "x")
	gone, again := jiban.Errorf(jiban.CodeNotFound, "t", "x"), jiban.Errorf(jiban.CodeDuplicate, "t", "x")
	for _, c := range []struct {
		need dialog.Need
		fail error
		says string
	}{
		{dialog.Need{Kind: dialog.NeedCode, Phone: "13800001234"}, nil, "done"},
		{dialog.Need{Kind: dialog.NeedCode, Phone: "13800001234"}, limited, "limited"},
		{dialog.Need{Kind: dialog.NeedCode, Phone: "13800001234"}, errors.New("the store is down"), "error.internal"},
		{dialog.Need{Kind: dialog.NeedProof, Code: "246810"}, nil, "done"},
		{dialog.Need{Kind: dialog.NeedProof, Code: "246810"}, invalid, "wrong"},
		{dialog.Need{Kind: dialog.NeedProof, Code: "246810"}, gone, "over"},
		{dialog.Need{Kind: dialog.NeedUnbind}, nil, "none"},
		{dialog.Need{Kind: dialog.NeedData, Data: jiban.DataCopy}, nil, "done"},
		{dialog.Need{Kind: dialog.NeedData, Data: jiban.DataCopy}, again, "again"},
	} {
		h := open(t)
		h.persons = &clerk{h: h, fail: c.fail}
		h.node("n1")
		h.wantsDeed(c.need)
		conv := h.hear("1", "绑定手机号")
		h.turn(conv)
		h.flush()
		if got := h.provider.got(); len(got) != 1 || !strings.Contains(got[0], c.says) {
			t.Errorf("%s with %v: %v, want %s", c.need.Kind, c.fail, got, c.says)
		}
	}
}

// A proof may make another contact of the one that was loaded: the rest of the
// turn, and its commit, are about who the person is now.
func TestAfterAProofTheTurnKnowsThePersonAnew(t *testing.T) {
	h := open(t)
	c := &clerk{h: h}
	c.proving = func(contactID string) {
		contact, err := h.store.Contact(context.Background(), contactID)
		if err != nil {
			t.Fatal(err)
		}
		contact.Roster = true
		if err := h.store.SaveContact(context.Background(), contact); err != nil {
			t.Fatal(err)
		}
	}
	h.persons = c
	h.node("n1")
	h.wantsDeed(dialog.Need{Kind: dialog.NeedProof})
	conv := h.hear("1", "246810")
	h.turn(conv)
	h.flush()
	wantTexts(t, h.provider.got(), "done roster")
	contact, err := h.store.Contact(context.Background(), h.conversation(conv).ContactID)
	if err != nil || !contact.Roster {
		t.Errorf("the commit took the roster back: %+v, %v", contact, err)
	}
}

// A commit that is lost after the deed makes the turn anew, deed and all; the one
// who does it must bear that, and the person is answered once.
func TestADeedIsDoneAgainWhenTheCommitIsLost(t *testing.T) {
	h := open(t)
	c := &clerk{h: h}
	h.persons = c
	h.node("n1")
	h.wantsDeed(dialog.Need{Kind: dialog.NeedData, Data: jiban.DataSee})
	lost := 0
	h.store.set(func() {
		h.store.beforeApply = func(jiban.Batch) error {
			if lost++; lost == 1 {
				c.fail = jiban.Errorf(jiban.CodeDuplicate, "t", "it stands")
				return jiban.Errorf(jiban.CodeConflict, "t", "lost")
			}
			return nil
		}
	})
	conv := h.hear("1", "查看我的数据")
	h.turn(conv)
	h.flush()
	wantTexts(t, h.provider.got(), "again")
	if len(c.done) != 2 {
		t.Errorf("done %v", c.done)
	}
}

// Wishes and consents are on disk with the turn in which they were said, or not at
// all.
func TestWishesAndConsentsAreCommittedWithTheTurn(t *testing.T) {
	h := open(t)
	conv := h.hear("1", "退订调查")
	yes, no := true, false
	say := func(id string, change func(*dialog.Outcome)) {
		h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
			out := dialog.Outcome{State: json.RawMessage("1"), Replies: []dialog.Reply{{Text: "好"}}}
			change(&out)
			return out, nil, nil
		})
		h.hear(id, "x")
		h.turn(conv)
	}
	refuses := func(g jiban.NoticeGroup) bool {
		out, err := h.store.OptedOut(context.Background(), h.conversation(conv).ContactID, g)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for i, c := range []struct {
		out              *bool
		group            jiban.NoticeGroup
		progress, survey bool
	}{
		{&yes, jiban.GroupSurvey, false, true}, {&no, jiban.GroupSurvey, false, false}, {&yes, "", true, true},
		{&no, jiban.GroupProgress, false, true}, {&no, "", false, false}, {&yes, jiban.GroupProgress, true, false},
		{&yes, jiban.GroupSurvey, true, true}, {&no, "", false, false},
	} {
		say(string(rune('a'+i)), func(o *dialog.Outcome) {
			o.OptOut, o.OptGroup = c.out, c.group
			o.Consents = []dialog.ConsentChange{{Purpose: jiban.ConsentBind, Wording: "1", Given: *c.out}}
		})
		if a, b := refuses(jiban.GroupProgress), refuses(jiban.GroupSurvey); a != c.progress || b != c.survey {
			t.Errorf("step %d: progress refused %v, survey %v", i+1, a, b)
		}
	}
	all, err := h.store.Consents(context.Background(), h.conversation(conv).ContactID)
	if err != nil || len(all) != 8 || all[0].Channel != "gzh" {
		t.Errorf("%d consents, %v", len(all), err)
	}
}

// Where the wishes cannot be read nothing is told against them: it is tried again.
func TestWishesThatCannotBeReadHoldANoticeBack(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	w := &moody{fail: errors.New("the store is down")}
	d := channels.NewDelivery(channels.DeliveryDeps{
		Store: h.store, Directory: h.store, Wishes: w, Senders: []channels.Sender{h.provider}, Words: words{}, Clock: h.clock, IDs: h.ids,
		Node: "n", Log: quietLog(), Metrics: channels.Uncounted{},
	})
	flush := func() {
		if _, err := d.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	h.tell(conv, jiban.Notice{Kind: jiban.NoticeTicketSurvey})
	flush()
	wantTexts(t, h.provider.got())
	w.fail = nil
	h.clock.Advance(time.Minute)
	flush()
	wantTexts(t, h.provider.got(), "<ticket.survey>")
}

// A night that ends after a notice's time expires it: it is told late to nobody.
func TestANoticeWhoseTimePassesInTheNightIsNotToldLate(t *testing.T) {
	h := open(t)
	conv := h.quiet()
	w := &moody{until: h.clock.Now().Add(8 * time.Hour)}
	d := channels.NewDelivery(channels.DeliveryDeps{
		Store: h.store, Directory: h.store, Wishes: w, Senders: []channels.Sender{h.provider}, Words: words{}, Clock: h.clock, IDs: h.ids,
		Node: "n", Log: quietLog(), Metrics: channels.Uncounted{},
	})
	h.tell(conv, jiban.Notice{Kind: jiban.NoticeTicketSurvey, NotAfter: h.clock.Now().Add(time.Hour)}, reply("在"))
	for range 9 {
		if _, err := d.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Hour)
	}
	wantTexts(t, h.provider.got(), "在")
	if got := h.status(conv, 1); got.Status != jiban.DeliveryExpired {
		t.Errorf("the survey is %s", got.Status)
	}
}

// moody wants surveys not before a time.
type moody struct {
	until time.Time
	fail  error
}

func (m *moody) Wish(_ context.Context, _ string, k jiban.NoticeKind, _ time.Time) (jiban.Wish, error) {
	if k != jiban.NoticeTicketSurvey {
		return jiban.Wish{}, nil
	}
	return jiban.Wish{NotBefore: m.until}, m.fail
}
