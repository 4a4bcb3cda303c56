package tickets

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"jiban"
)

func TestTheSameRequestAgain(t *testing.T) {
	h := newHouse(t)
	d := h.draft(h.person("web:1"))
	first := h.open(d)
	again := d
	again.Fields = map[string]string{"place": d.Fields["place"], "description": "还没来水，家里有老人"}
	h.clock.Advance(time.Hour)
	second := h.open(again)
	if second.Life.RepeatOf != first.Number || !second.Life.AutoMerge {
		t.Fatalf("not seen as a repeat: %+v", second.Life)
	}
	h.sweep()
	first, second = h.ticket(first.Number), h.ticket(second.Number)
	if second.Status != jiban.TicketClosed || second.Life.MergedInto != first.Number || first.Life.Voices != 1 || first.Fields["supplement"] != "还没来水，家里有老人" {
		t.Errorf("merged: %+v\n%+v", second, first)
	}
	if got := h.told(d.ConversationID); !slices.Contains(got, jiban.NoticeTicketMerged) {
		t.Errorf("told %v", got)
	}
	elsewhere := h.draft(jiban.Conversation{ContactID: d.ContactID, ID: d.ConversationID, Channel: d.Channel})
	third := h.open(elsewhere)
	h.sweep()
	if third = h.ticket(third.Number); third.Life.RepeatOf == "" || third.Life.AutoMerge || third.Status == jiban.TicketClosed {
		t.Errorf("another place is linked, and a dispatcher decides: %+v", third)
	}
	k := h.mustBy(hot, jiban.EventMerged, third.Number, "into", first.Number)
	if k.Life.MergedInto != first.Number || h.ticket(first.Number).Life.Voices != 2 {
		t.Errorf("merged by hand: %+v", k)
	}
	stranger := h.open(h.draft(h.person("web:2")))
	h.refused(jiban.CodeConflict, hot, jiban.EventMerged, stranger.Number, "into", first.Number)
	h.refused(jiban.CodeInvalid, hot, jiban.EventMerged, first.Number, "into", first.Number)
}

func TestAllVoicesHearTheAnswer(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	c := h.person("web:1")
	first := h.open(h.draft(c))
	m, _, err := h.store.Receive(ctx, jiban.Received{Channel: "other", ChannelKind: jiban.ChannelWebChat, ExternalID: "o1", Address: "web:1", Audience: jiban.Citizen,
		Content: jiban.Content{Kind: jiban.KindText, Text: "停水了"}, At: h.clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	there, err := h.store.Conversation(ctx, m.ConversationID)
	if err != nil || there.ContactID != c.ContactID {
		t.Fatalf("%+v, %v", there, err)
	}
	second := h.open(h.draft(there))
	h.mustBy(hot, jiban.EventMerged, second.Number, "into", first.Number)
	h.mustBy(hot, jiban.EventReplied, first.Number, "text", "已恢复供水")
	for _, id := range []string{c.ID, there.ID} {
		if got := h.told(id); !slices.Contains(got, jiban.NoticeTicketAnswered) {
			t.Errorf("%s was told %v", id, got)
		}
	}
}

func TestFollowUpByAnAgent(t *testing.T) {
	h := newHouse(t)
	k := h.open(h.draft(h.person("web:1")))
	h.mustBy(dept, jiban.EventReplied, k.Number, "text", "好了")
	h.clock.Advance(surveyTime)
	h.sweep()
	if got := h.tasks(jiban.ToAgent, k.Number); !reflect.DeepEqual(got, []string{"follow_up"}) || h.ticket(k.Number).Status != jiban.TicketClosed {
		t.Fatalf("nobody answered: an agent asks: %v", got)
	}
	k = h.mustBy(hot, jiban.EventUnreached, k.Number, "how", "phone")
	if k.Life.Attempts != 1 || k.Life.FollowUp == "" {
		t.Errorf("tried once: %+v", k.Life)
	}
	k = h.mustBy(hot, jiban.EventSurveyed, k.Number, "solved", "no", "satisfied", "no", "contacted", "no", "reason", "根本没来人", "method", "phone")
	if k.Reopened != 1 || k.Status != jiban.TicketDispatched || len(h.tasks(jiban.ToAgent, k.Number)) != 0 {
		t.Errorf("not content: %+v, %v", k, h.tasks(jiban.ToAgent, k.Number))
	}
	h.mustBy(dept, jiban.EventReplied, k.Number, "text", "这次好了")
	h.mustBy(hot, jiban.EventReplied, k.Number)
	k = h.mustBy(them, jiban.EventSurveyed, k.Number, "solved", "no")
	if got := h.tasks(jiban.ToManagement, k.Number); k.Status != jiban.TicketClosed || !slices.Contains(got, "review") {
		t.Errorf("a second time people look at it: %v", got)
	}
}

func TestUnreachablePeopleAreNotAskedForEver(t *testing.T) {
	h := newHouse(t)
	d := h.draft(jiban.Conversation{})
	d.ContactID, d.ConversationID, d.Channel = "", "", "phone"
	k := h.open(d)
	k = h.mustBy(hot, jiban.EventReplied, k.Number, "text", "好了")
	if got := h.tasks(jiban.ToAgent, k.Number); k.Status != jiban.TicketClosed || !slices.Contains(got, "follow_up") {
		t.Fatalf("who has no channel is called: %+v, %v", k, got)
	}
	for range 3 {
		k = h.mustBy(hot, jiban.EventUnreached, k.Number, "how", "phone")
	}
	if k.Life.FollowUp != "" || len(h.tasks(jiban.ToAgent, k.Number)) != 0 {
		t.Errorf("three times is enough: %+v", k.Life)
	}
	h.refused(jiban.CodeConflict, hot, jiban.EventUnreached, k.Number)
}

func TestIncident(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		var numbers []string
		var people []jiban.Conversation
		for i := range 6 {
			c := h.person(jiban.Address(fmt.Sprintf("web:%d", i)))
			people = append(people, c)
			numbers = append(numbers, h.open(h.draft(c)).Number)
		}
		h.sweep()
		found, err := h.Incidents(ctx, jiban.IncidentFound)
		if err != nil || len(found) != 1 || found[0].Matter != outage || found[0].Region != "230103" || found[0].Tickets != 6 {
			t.Fatalf("six alike: %+v, %v", found, err)
		}
		h.clock.Advance(2 * time.Minute)
		h.sweep()
		if again, err := h.Incidents(ctx, jiban.IncidentFound); err != nil || len(again) != 1 {
			t.Errorf("found once: %+v, %v", again, err)
		}
		i := found[0]
		if _, err := h.Announce(ctx, i, "staff"); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("without cause and text: %v", err)
		}
		i.Cause, i.Text, i.Until = "主管网爆裂", "南岗区部分小区停水，正在抢修。", h.now().Add(6*time.Hour)
		if i, err = h.Announce(ctx, i, "staff"); err != nil || i.State != jiban.IncidentOpen {
			t.Fatalf("%+v, %v", i, err)
		}
		if n, err := h.Attach(ctx, i.ID, time.Time{}, "staff"); err != nil || n != 6 {
			t.Fatalf("attached %d, %v", n, err)
		}
		if err := h.AnswerIncident(ctx, i.ID, "抢修完成，已恢复供水。", "staff"); err != nil {
			t.Fatal(err)
		}
		for j, n := range numbers {
			if k := h.ticket(n); k.Status != jiban.TicketAnswered || k.Incident != i.ID || k.Reply != "抢修完成，已恢复供水。" {
				t.Errorf("%+v", k)
			}
			if got := h.told(people[j].ID); !slices.Contains(got, jiban.NoticeTicketAnswered) {
				t.Errorf("told %v", got)
			}
		}
		if i, err = h.Incident(ctx, i.ID); err != nil || i.State != jiban.IncidentClosed {
			t.Errorf("%+v, %v", i, err)
		}
		if err := h.AnswerIncident(ctx, i.ID, "again", "staff"); jiban.CodeOf(err) != jiban.CodeConflict {
			t.Errorf("answered twice: %v", err)
		}
	})
}

// An answer to many that was interrupted goes on with the next sweep.
func TestInterruptedAnswerGoesOn(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	k := h.open(h.draft(h.person("web:1")))
	i, err := h.Announce(ctx, jiban.Incident{Region: "230103", Matter: outage, Cause: "爆管", Text: "抢修中"}, "staff")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Attach(ctx, i.ID, time.Time{}, "staff"); err != nil {
		t.Fatal(err)
	}
	i.Answer = "修好了"
	if _, err := h.saveIncident(ctx, i, jiban.IncidentAnswered); err != nil { // and then the power went
		t.Fatal(err)
	}
	h.sweep()
	if got := h.ticket(k.Number); got.Reply != "修好了" {
		t.Errorf("%+v", got)
	}
}
