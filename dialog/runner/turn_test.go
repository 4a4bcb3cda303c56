package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/dialog"
)

func TestAMessageIsTurnedOnceAndItsReplySent(t *testing.T) {
	h := open(t)
	conv := h.hear("1", "停水了")
	for range 3 {
		h.hear("1", "停水了") // the provider repeats
	}
	h.turn(conv)
	if out := h.turn(conv); out != nil {
		t.Errorf("a second turn was made of a repeat: %+v", out)
	}
	h.flush()
	wantTexts(t, h.provider.got(), "听到了：停水了")
	if got := h.outbound(conv)[0].Delivery; got.Status != jiban.DeliverySent || got.Path != jiban.PathCustom || len(got.ProviderIDs) != 1 {
		t.Errorf("delivery %+v", got)
	}
}

func TestWaitingMessagesBecomeOneTurnInOrder(t *testing.T) {
	h := open(t)
	conv := h.hear("1", "一")
	h.hear("2", "二")
	h.hear("3", "三")
	h.turn(conv)
	h.flush()
	wantTexts(t, h.provider.got(), "听到了：一｜二｜三")
}

func TestNothingIsAcknowledgedWhenTheStoreFails(t *testing.T) {
	h := open(t)
	h.store.receive = func() error { return errors.New("disk full") }
	_, err := h.gateway.Receive(context.Background(), says("1", "停水了"))
	if jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("error %v, want unavailable", err)
	}
	if _, err := h.gateway.Converse(context.Background(), says("1", "停水了"), start.Add(time.Second)); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("error %v, want unavailable", err)
	}
}

// Two nodes turn the same conversations at the same time while messages keep coming:
// every message is answered exactly once and in order.
func TestTwoRunnersOneConversation(t *testing.T) {
	h := open(t)
	other := h.another("n2")
	var heard sync.Map
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) { return echo(in), nil, nil })
	ctx := context.Background()
	const messages = 60
	conv := h.hear("0", "0")
	var all sync.WaitGroup
	stop := make(chan struct{})
	for _, r := range []interface {
		Turn(context.Context, string) (*dialog.Outcome, error)
	}{h.runner, other} {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := r.Turn(ctx, conv); err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
					t.Error(err)
				}
			}
		})
	}
	for i := 1; i < messages; i++ {
		h.hear(fmt.Sprint(i), fmt.Sprint(i))
	}
	until(t, "all is answered", func() bool {
		ids, err := h.store.Unanswered(ctx, start.Add(time.Hour), 10)
		return err == nil && len(ids) == 0
	})
	close(stop)
	all.Wait()
	var words []string
	for _, m := range h.outbound(conv) {
		words = append(words, strings.Split(strings.TrimPrefix(m.Content.Text, "听到了："), "｜")...)
	}
	for i, w := range words {
		if w != fmt.Sprint(i) {
			t.Fatalf("answer %d is for %s: %v", i, w, words)
		}
		if _, twice := heard.LoadOrStore(w, true); twice {
			t.Fatalf("%s was answered twice", w)
		}
	}
	if len(words) != messages {
		t.Errorf("%d answers, want %d", len(words), messages)
	}
}

func TestAgentTakesOverDuringATurn(t *testing.T) {
	h := open(t)
	conv := h.hear("1", "停水了")
	once := true
	h.store.beforeApply = func(b jiban.Batch) error {
		if !once || b.Conversation == nil {
			return nil
		}
		once = false
		c := h.conversation(conv)
		c.Holder, c.AgentID, c.HandoffID = jiban.HeldByAgent, "a1", "h1"
		_, err := h.store.Store.Apply(context.Background(), jiban.Batch{Conversation: &c})
		return err
	}
	out := h.turn(conv)
	if out == nil || len(out.Replies) > 0 || out.Decision != dialog.DecideHandoff {
		t.Errorf("outcome %+v, want silence", out)
	}
	if said := h.outbound(conv); len(said) > 0 {
		t.Errorf("the bot talked over the agent: %+v", said)
	}
	if c := h.conversation(conv); c.Holder != jiban.HeldByAgent || len(c.State) > 0 {
		t.Errorf("the loser left something behind: %+v", c)
	}
}

func TestOnlyTheSafetyLineWhileAnAgentSpeaks(t *testing.T) {
	h := open(t)
	conv := h.hear("1", "你好")
	h.turn(conv)
	c := h.conversation(conv)
	c.Holder, c.AgentID = jiban.HeldByAgent, "a1"
	if _, err := h.store.Store.Apply(context.Background(), jiban.Batch{Conversation: &c}); err != nil {
		t.Fatal(err)
	}
	say := func(id, text string) []dialog.Reply {
		h.hear(id, text)
		return h.turn(conv).Replies
	}
	if got := say("2", "在吗"); len(got) != 0 {
		t.Errorf("the bot said %v", got)
	}
	if got := say("3", "屋里燃气味很大，我的电话13800001234"); len(got) != 1 || !got[0].Safety {
		t.Errorf("the safety line is missing: %v", got)
	}
	if got := say("4", "燃气味还在"); len(got) != 0 {
		t.Errorf("the safety line came twice in an hour: %v", got)
	}
	h.clock.Advance(61 * time.Minute)
	if got := say("5", "又有燃气味"); len(got) != 1 {
		t.Errorf("after an hour the safety line is due again: %v", got)
	}
	alerts, err := h.store.Alerts(context.Background(), true, 10)
	if err != nil || len(alerts) != 2 || alerts[0].Kind != "119" {
		t.Fatalf("alerts %+v, %v", alerts, err)
	}
	for _, a := range alerts {
		if strings.Contains(a.Text, "13800001234") {
			t.Error("an alert shows a telephone number")
		}
	}
}

func TestEmergencyBeforeAFailingEngine(t *testing.T) {
	h := open(t)
	h.rooms.onDuty = true
	h.engine.does(func(dialog.Input) (dialog.Outcome, *dialog.Need, error) { panic("燃气味 in a panic") })
	conv := h.hear("1", "燃气味很大")
	out := h.turn(conv)
	if out.Emergency != "119" || len(out.Replies) == 0 || !out.Replies[0].Safety {
		t.Errorf("outcome %+v", out)
	}
	if c := h.conversation(conv); c.Holder != jiban.HeldByQueue || c.HandoffID == "" {
		t.Errorf("after a panic people must be called: %+v", c)
	}
}

func TestNobodyIsLeftWithoutWords(t *testing.T) {
	boom := errors.New("down")
	need := func(n dialog.Need) func(dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		return func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
			if len(in.Facts.Searches) > 0 {
				return echo(in), nil, nil
			}
			return dialog.Outcome{}, &n, nil
		}
	}
	cases := []struct {
		name   string
		set    func(h *house)
		holder jiban.Holder
		text   string
	}{
		{"panic, nobody on duty", func(h *house) {
			h.engine.does(func(dialog.Input) (dialog.Outcome, *dialog.Need, error) { panic("x") })
		}, jiban.HeldByBot, "<sorry>"},
		{"panic, people on duty", func(h *house) {
			h.rooms.onDuty = true
			h.engine.does(func(dialog.Input) (dialog.Outcome, *dialog.Need, error) { panic("x") })
		}, jiban.HeldByQueue, "<handoff.again_not_understood><handoff.open>"},
		{"step error, handoff down", func(h *house) {
			h.rooms.planErr = boom
			h.engine.does(func(dialog.Input) (dialog.Outcome, *dialog.Need, error) { return dialog.Outcome{}, nil, boom })
		}, jiban.HeldByBot, "<error.internal>"},
		{"endless needs", func(h *house) {
			h.engine.does(func(dialog.Input) (dialog.Outcome, *dialog.Need, error) {
				return dialog.Outcome{}, &dialog.Need{Kind: dialog.NeedSearch}, nil
			})
		}, jiban.HeldByBot, "<sorry>"},
		{"search down", func(h *house) {
			h.rooms.searchEr = boom
			h.engine.does(need(dialog.Need{Kind: dialog.NeedSearch}))
		}, jiban.HeldByBot, "听到了：停水了"},
		{"plan down", func(h *house) {
			h.rooms.planErr = boom
			h.engine.does(need(dialog.Need{Kind: dialog.NeedPlan}))
		}, jiban.HeldByBot, "<error.internal>"},
		{"ticket refused at commit", func(h *house) {
			h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
				out := echo(in)
				out.Tickets = []jiban.TicketAction{{Kind: jiban.EventOpened, Draft: &jiban.TicketDraft{}}}
				return out, nil, nil
			})
		}, jiban.HeldByBot, "<error.internal>"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			c.set(h)
			conv := h.hear("1", "停水了")
			h.turn(conv)
			h.flush()
			wantTexts(t, h.provider.got(), c.text)
			if got := h.conversation(conv).Holder; got != c.holder {
				t.Errorf("holder %s, want %s", got, c.holder)
			}
		})
	}
}

func TestOneTicketWhateverHappens(t *testing.T) {
	h := open(t)
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		if in.Facts.Plan == nil {
			return dialog.Outcome{}, &dialog.Need{Kind: dialog.NeedPlan}, nil
		}
		out := echo(in)
		out.Tickets = []jiban.TicketAction{{Kind: jiban.EventOpened, Draft: &jiban.TicketDraft{Kind: "request"}, Plan: &in.Facts.Plan.Plan}}
		out.Intake = &dialog.IntakeChange{Open: true, Question: "停水", Result: jiban.IntakeTicket, Ticket: in.Facts.Plan.Plan.Number}
		return out, nil, nil
	})
	conv := h.hear("1", "确认")
	lost := 2
	h.store.beforeApply = func(b jiban.Batch) error {
		if lost--; lost >= 0 {
			return jiban.Errorf(jiban.CodeConflict, "test", "somebody was faster")
		}
		return nil
	}
	h.turn(conv)
	c := h.conversation(conv)
	list, err := h.store.TicketsOf(context.Background(), c.ContactID, 10)
	if err != nil || len(list) != 1 || list[0].ContactID != c.ContactID || list[0].ConversationID != conv {
		t.Fatalf("tickets %+v, %v", list, err)
	}
	if i, err := h.store.Intake(context.Background(), c.IntakeID); err != nil || i.Result != jiban.IntakeTicket {
		t.Errorf("intake %+v, %v", i, err)
	}
}

func TestIntakesAreOpenedUpdatedAndAbandoned(t *testing.T) {
	h := open(t)
	change := func(c dialog.IntakeChange) {
		h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
			out := echo(in)
			out.Intake = &c
			return out, nil, nil
		})
	}
	conv := ""
	step := func(id string, c dialog.IntakeChange) {
		change(c)
		conv = h.hear(id, "x")
		h.turn(conv)
	}
	step("1", dialog.IntakeChange{Open: true, Question: "一", Type: jiban.Help, Result: jiban.IntakeOpen})
	step("2", dialog.IntakeChange{Open: true, Question: "二", Result: jiban.IntakeOpen})
	step("3", dialog.IntakeChange{Matter: "010101", Result: jiban.IntakeAnswered, Articles: []string{"a1"}})
	list, err := h.store.Intakes(context.Background(), conv)
	if err != nil || len(list) != 2 {
		t.Fatalf("intakes %+v, %v", list, err)
	}
	if list[0].Result != jiban.IntakeAbandoned || list[0].Question != "一" || list[0].Type != jiban.Help {
		t.Errorf("first %+v", list[0])
	}
	if list[1].Result != jiban.IntakeAnswered || list[1].Question != "二" || list[1].Matter != "010101" {
		t.Errorf("second %+v", list[1])
	}
}

func TestTheSweepFindsWhatWasLeftBehind(t *testing.T) {
	h := open(t)
	if _, _, err := h.store.Receive(context.Background(), says("1", "停水了")); err != nil {
		t.Fatal(err) // committed, and then the process was killed before it woke anybody
	}
	h.node("n2")
	h.run()
	until(t, "the reply is sent", func() bool { return len(h.provider.got()) == 1 })
}

func TestFactsAreMaskedAndKept(t *testing.T) {
	h := open(t)
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		if len(in.Facts.Searches) == 0 {
			return dialog.Outcome{}, &dialog.Need{Kind: dialog.NeedSearch, Search: jiban.SearchQuery{Text: "电话13800001234"}}, nil
		}
		return echo(in), nil, nil
	})
	conv := h.hear("1", "停水了")
	h.turn(conv)
	all, err := h.store.Messages(context.Background(), conv, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := h.store.Turn(context.Background(), all[0].TurnID)
	if err != nil || len(turn.Inbox) != 1 {
		t.Fatalf("turn %+v, %v", turn, err)
	}
	if f := string(turn.Facts); strings.Contains(f, "13800001234") || !strings.Contains(f, "138****1234") {
		t.Errorf("facts %s", f)
	}
}

func TestManyWaitingMessagesMakeSeveralTurns(t *testing.T) {
	h := open(t)
	conv := ""
	for i := range 25 {
		conv = h.hear(fmt.Sprint(i), fmt.Sprint(i))
	}
	h.turn(conv)
	h.turn(conv)
	if out := h.turn(conv); out != nil || len(h.outbound(conv)) != 2 {
		t.Errorf("%d replies, then %v", len(h.outbound(conv)), out)
	}
}

func TestTheHolderMovesAndComesBack(t *testing.T) {
	h := open(t)
	move := func(m dialog.HandoffMove) {
		h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
			out := echo(in)
			out.Handoff = &dialog.HandoffAction{Move: m, Request: jiban.HandoffRequest{Reason: jiban.HandoffRequested}, Plan: jiban.HandoffPlan{Queue: "general"}}
			return out, nil, nil
		})
	}
	step := func(id string, m dialog.HandoffMove, want jiban.Holder) jiban.Conversation {
		t.Helper()
		move(m)
		conv := h.hear(id, "x")
		h.turn(conv)
		c := h.conversation(conv)
		if c.Holder != want || (c.HandoffID == "") != (want == jiban.HeldByBot) {
			t.Errorf("after %s: holder %s, handoff %q", m, c.Holder, c.HandoffID)
		}
		return c
	}
	step("1", dialog.HandoffCallback, jiban.HeldByBot)
	opened := step("2", dialog.HandoffOpen, jiban.HeldByQueue)
	if again := step("3", dialog.HandoffOpen, jiban.HeldByQueue); again.HandoffID != opened.HandoffID {
		t.Error("who waits was put into the queue a second time")
	}
	step("4", dialog.HandoffLeave, jiban.HeldByBot)
}
