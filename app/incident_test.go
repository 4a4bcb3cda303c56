package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/dialog"
)

// An announced incident is told before anything is asked; one tap makes the person
// one of its voices, and the one answer reaches them. Through the real engine,
// runner, tickets room and store.
func TestAnnouncedIncidentIsToldAndJoined(t *testing.T) {
	h := oneNode(t, nodeConfig(t))
	ctx := t.Context()
	i, err := h.tickets.Announce(ctx, jiban.Incident{Region: "230103", Matter: "020101", Cause: "爆管", Text: "南岗区学府路一带供水主管抢修",
		Until: h.clock.Now().Add(5 * time.Hour)}, "staff")
	if err != nil {
		t.Fatal(err)
	}
	out, version := h.says(t, "one", "哈尔滨市南岗区学府路12号从昨晚开始停水")
	if out.Decision != dialog.DecideConfirm || !slices.ContainsFunc(out.Replies, func(r dialog.Reply) bool {
		return strings.HasPrefix(r.Text, "已知情况：南岗区学府路一带供水主管抢修，预计")
	}) {
		t.Fatalf("%+v", out)
	}
	out, _ = h.says(t, "one", "加进来")
	if len(out.Tickets) != 1 {
		t.Fatalf("%+v", out)
	}
	k, err := h.tickets.Ticket(ctx, out.Tickets[0].Number)
	if err != nil || k.Incident != i.ID || k.Department == "" {
		t.Fatalf("%+v, %v", k, err)
	}
	events, err := h.tickets.Events(ctx, k.Number)
	if err != nil || events[0].Data["catalogue"] != "1" || version != 1 || out.Tickets[0].Draft.Catalogue != 1 {
		t.Errorf("the ticket was opened by version %s, the turn made with %d: %v", events[0].Data["catalogue"], version, err)
	}
	if err := h.tickets.AnswerIncident(ctx, i.ID, "抢修完成，已恢复供水。", "staff"); err != nil {
		t.Fatal(err)
	}
	said, err := h.store.Messages(ctx, k.ConversationID, 0, 100)
	if err != nil || !slices.ContainsFunc(said, func(m jiban.Message) bool { return m.Delivery.Kind == jiban.NoticeTicketAnswered }) {
		t.Errorf("the one answer was not told: %v", err)
	}
	if out, _ = h.says(t, "two", "哈尔滨市南岗区学府路18号从昨晚开始停水"); out.Decision != dialog.DecideAskField {
		t.Errorf("told of what is over: %+v", out)
	}
}
