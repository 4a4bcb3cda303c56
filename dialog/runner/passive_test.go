package runner_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/channels"
	"jiban/dialog"
)

// converse is a provider's request that is held open; it takes the replies along
// when they come in time.
func (h *house) converse(id, text string, within time.Duration) (said []jiban.Message, err error) {
	e, err := h.gateway.Converse(context.Background(), says(id, text), h.clock.Now().Add(within))
	if err != nil || len(e.Messages) == 0 {
		return nil, err
	}
	var ids []string
	for _, m := range e.Messages {
		ids = append(ids, m.ID)
	}
	if err := e.Settle(context.Background(), ids); err != nil {
		return nil, err
	}
	return e.Messages, nil
}

func TestPassiveReply(t *testing.T) {
	h := open(t)
	h.run()
	said, err := h.converse("1", "停水了", 5*time.Second)
	if err != nil || len(said) != 1 || said[0].Content.Text != "听到了：停水了" {
		t.Fatalf("said %+v, %v", said, err)
	}
	h.flush()
	wantTexts(t, h.provider.got())
	until(t, "it is recorded as sent", func() bool {
		d := h.outbound(said[0].ConversationID)[0].Delivery
		return d.Status == jiban.DeliverySent && d.Path == jiban.PathPassive
	})
}

func TestPassiveReplyIsGivenAgainToARepeat(t *testing.T) {
	h := open(t)
	h.run()
	for i := range 4 {
		said, err := h.converse("1", "停水了", 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if want := i < 3; want != (len(said) == 1) {
			t.Errorf("delivery %d of the message: said %v", i+1, said)
		}
	}
	conv := h.hear("1", "停水了")
	out := h.outbound(conv)
	if len(out) != 1 || !out[0].Delivery.Repeated || out[0].Delivery.Status != jiban.DeliverySent {
		t.Errorf("outbound %+v", out)
	}
	h.flush()
	wantTexts(t, h.provider.got())
}

func TestARepeatWaitsForTheRunningTurn(t *testing.T) {
	h := open(t)
	release, begun := make(chan struct{}), make(chan struct{}, 1)
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		begun <- struct{}{}
		<-release
		return echo(in), nil, nil
	})
	h.run()
	first := make(chan int, 1)
	go func() {
		said, _ := h.converse("1", "停水了", 50*time.Millisecond)
		first <- len(said)
	}()
	<-begun
	if n := <-first; n != 0 {
		t.Fatal("the first request said something before the turn ended")
	}
	second := make(chan int, 1)
	go func() {
		said, _ := h.converse("1", "停水了", 5*time.Second)
		second <- len(said)
	}()
	until(t, "the second request waits", func() bool { return h.wakes.Load() == 2 })
	close(release)
	if n := <-second; n != 1 {
		t.Error("the repeat did not get the running turn's reply")
	}
}

func TestWhoIsLateGivesItsClaimBack(t *testing.T) {
	h := open(t)
	committing, release := make(chan struct{}, 1), make(chan struct{})
	h.store.beforeApply = func(jiban.Batch) error {
		committing <- struct{}{} // claimed by now
		<-release
		return nil
	}
	h.run()
	gone := make(chan error, 1)
	go func() {
		_, err := h.converse("1", "停水了", 30*time.Millisecond)
		gone <- err
	}()
	<-committing
	if err := <-gone; err != nil {
		t.Fatal(err)
	}
	close(release)
	until(t, "the reply goes the other way", func() bool { return len(h.provider.got()) == 1 })
	conv := h.hear("1", "停水了")
	until(t, "it is settled", func() bool { return h.outbound(conv)[0].Delivery.Status == jiban.DeliverySent })
	if d := h.outbound(conv)[0].Delivery; d.Path != jiban.PathCustom || d.Repeated {
		t.Errorf("delivery %+v", d)
	}
}

func TestWhatIsNotTakenAlongGoesTheOtherWay(t *testing.T) {
	h := open(t)
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		out := echo(in)
		out.Replies = append(out.Replies, dialog.Reply{Text: "第二句"})
		return out, nil, nil
	})
	h.run()
	e, err := h.gateway.Converse(context.Background(), says("1", "停水了"), start.Add(5*time.Second))
	if err != nil || len(e.Messages) != 2 {
		t.Fatalf("exchange %+v, %v", e, err)
	}
	if err := e.Settle(context.Background(), []string{e.Messages[0].ID}); err != nil {
		t.Fatal(err)
	}
	until(t, "the rest is sent", func() bool { return len(h.provider.got()) == 1 })
	wantTexts(t, h.provider.got(), "第二句")
}

func TestAFailedSettlementCountsNothingAsSent(t *testing.T) {
	h := open(t)
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		out := echo(in)
		out.Replies = append(out.Replies, dialog.Reply{Text: "第二句"})
		return out, nil, nil
	})
	h.run()
	e, err := h.gateway.Converse(context.Background(), says("1", "停水了"), start.Add(5*time.Second))
	if err != nil || len(e.Messages) != 2 {
		t.Fatalf("exchange %+v, %v", e, err)
	}
	var once sync.Once
	h.store.set(func() {
		h.store.save = func(jiban.Delivery) (err error) {
			once.Do(func() { err = errors.New("disk full") })
			return err
		}
	})
	if err := e.Settle(context.Background(), []string{e.Messages[0].ID, e.Messages[1].ID}); jiban.CodeOf(err) != jiban.CodeUnavailable {
		t.Errorf("error %v, want unavailable", err)
	}
	until(t, "both go the other way", func() bool { return len(h.provider.got()) == 2 })
	wantTexts(t, h.provider.got(), "听到了：停水了", "第二句")
}

// Between the claim's end and the answer another may have said it.
func TestAnAnswerWhoseClaimRanOutIsNotGiven(t *testing.T) {
	h := open(t)
	h.run()
	e, err := h.gateway.Converse(context.Background(), says("1", "停水了"), start.Add(5*time.Second))
	if err != nil || len(e.Messages) != 1 {
		t.Fatalf("exchange %+v, %v", e, err)
	}
	h.clock.Advance(6 * time.Second)
	if err := e.Settle(context.Background(), []string{e.Messages[0].ID}); jiban.CodeOf(err) != jiban.CodeConflict {
		t.Errorf("error %v, want conflict", err)
	}
	until(t, "it goes the other way", func() bool { return len(h.provider.got()) == 1 })
}

func TestNothingToSaySendsTheRequestHome(t *testing.T) {
	h := open(t)
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		return dialog.Outcome{Decision: dialog.DecideNone}, nil, nil
	})
	h.run()
	begun := time.Now()
	said, err := h.converse("1", "停水了", 10*time.Second)
	if err != nil || len(said) > 0 {
		t.Fatalf("said %v, %v", said, err)
	}
	if time.Since(begun) > 5*time.Second {
		t.Error("the request was held although its turn was over")
	}
}

// A process dies between the commit and the answer. After the restart the
// provider delivers again, or Delivery finds the claim run out: the person hears
// it once.
func TestRestartBetweenCommitAndAnswer(t *testing.T) {
	for _, again := range []bool{true, false} {
		t.Run(fmt.Sprintf("provider delivers again %v", again), func(t *testing.T) {
			h := open(t)
			done := make(chan channels.Exchange, 1)
			go func() {
				e, err := h.gateway.Converse(context.Background(), says("1", "停水了"), start.Add(5*time.Second))
				if err != nil {
					t.Error(err)
				}
				done <- e // never settled: killed
			}()
			until(t, "the request waits", func() bool { return h.wakes.Load() == 1 })
			c, err := h.store.FindConversation(context.Background(), "gzh", openid)
			if err != nil {
				t.Fatal(err)
			}
			conv := c.ID
			h.turn(conv)
			<-done
			h.node("n2")
			h.clock.Advance(6500 * time.Millisecond)
			if again {
				said, err := h.converse("1", "停水了", 5*time.Second)
				if err != nil || len(said) != 1 {
					t.Fatalf("said %v, %v", said, err)
				}
			}
			h.flush()
			if want := 1; again && len(h.provider.got()) != 0 || !again && len(h.provider.got()) != want {
				t.Errorf("by the other way: %v", h.provider.got())
			}
			until(t, "it is recorded as sent", func() bool {
				d := h.outbound(conv)[0].Delivery
				return d.Status == jiban.DeliverySent && d.Repeated
			})
		})
	}
}

// Deadlines, turns and repeats race. Whatever happens each reply is told exactly
// once, on one way or the other.
func TestPassiveDeadlineRaces(t *testing.T) {
	h := open(t)
	h.engine.does(func(in dialog.Input) (dialog.Outcome, *dialog.Need, error) {
		time.Sleep(time.Duration(len(in.Inbox[0].Content.Text)%7) * time.Millisecond)
		return echo(in), nil, nil
	})
	h.run()
	const people, each = 8, 15
	told := make([]map[string]int, people)
	var mu sync.Mutex
	var all sync.WaitGroup
	for p := range people {
		told[p] = map[string]int{}
		all.Go(func() {
			for i := range each {
				r := says(fmt.Sprintf("%d-%d", p, i), fmt.Sprintf("%d-%d%s", p, i, "xxxxxxx"[:i%7]))
				r.Address = jiban.Address(fmt.Sprintf("wechat:p%d", p))
				e, err := h.gateway.Converse(context.Background(), r, h.clock.Now().Add(time.Duration(i%6)*time.Millisecond))
				if err != nil {
					t.Error(err)
					return
				}
				var ids []string
				for _, m := range e.Messages {
					ids = append(ids, m.ID)
				}
				if err := e.Settle(context.Background(), ids); err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, m := range e.Messages {
					told[p][m.Content.Text]++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	settled := func() bool {
		counts, err := h.store.OutboxCounts(context.Background())
		waiting, err2 := h.store.Unanswered(context.Background(), start.Add(time.Hour), 1)
		return err == nil && err2 == nil && counts[jiban.DeliveryQueued] == 0 && counts[jiban.DeliverySending] == 0 && len(waiting) == 0
	}
	until(t, "all is settled", settled)
	sent := map[string]int{}
	for _, s := range h.provider.got() {
		sent[s]++
	}
	for p := range people {
		c, err := h.store.FindConversation(context.Background(), "gzh", jiban.Address(fmt.Sprintf("wechat:p%d", p)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range h.outbound(c.ID) {
			if n := told[p][m.Content.Text] + sent[m.Content.Text]; n != 1 {
				t.Errorf("%q was told %d times: %+v", m.Content.Text, n, m.Delivery)
			}
		}
	}
}
