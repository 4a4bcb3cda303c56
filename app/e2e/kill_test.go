package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKill loads the real program through HTTP, kills it with SIGKILL again and
// again, and then reads its database past all its code: no acknowledged message
// is lost, none is processed twice, nobody has two tickets, and a second copy
// reached a person only of rows that are marked for it.
func TestKill(t *testing.T) {
	kills, crowdSize := 6, 12
	if soak() {
		kills, crowdSize = 60, 24
	}
	// One account answers passively, the other by customer-service message.
	p := newProgram(t, "")
	passive := newPlatform(t, p.url("/channels/wechat/passive"))
	custom := newPlatform(t, p.url("/channels/wechat/custom"))
	configure(t, p, "channels:\n  wechat:\n"+wechatConfig("passive", passive.api.URL, true)+wechatConfig("custom", custom.api.URL, false))
	p.start()

	people := append(crowd(crowdSize, "pass", passive), crowd(crowdSize, "cust", custom)...)
	living, endOfLife := context.WithCancel(context.Background())
	defer endOfLife()
	grace, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for _, who := range people {
		wg.Go(func() { who.live(living, grace) })
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for range kills {
		time.Sleep(time.Duration(300+dice.IntN(1500)) * time.Millisecond) // the moment of a power cut is no event one can wait for
		p.kill()
		p.start()
	}
	endOfLife()
	wg.Wait()
	settle(t, p)
	p.stop()

	judge(t, p, people, append(passive.texts(), custom.texts()...), kills*len(people))
}

// settle waits until every message was taken in and nothing waits to be sent.
func settle(t *testing.T, p *program) {
	t.Helper()
	db := openDatabase(t, "sqlite", "file:"+p.database()+"?mode=ro")
	p.await(func() bool {
		return count(t, db, `SELECT count(*) FROM messages WHERE (direction = 'in' AND turn_id = '') OR status IN ('queued', 'sending') AND kind <> 'form.reminder'`) == 0
	}, 2*time.Minute, "the outbox to be empty")
}

type copySent struct{ openID, text string }

func (p *platform) texts() []copySent {
	var out []copySent
	for _, s := range p.Sent() {
		var menu strings.Builder
		for _, m := range s.Menu {
			menu.WriteString("\n" + m.Content)
		}
		out = append(out, copySent{s.OpenID, s.Text + menu.String()})
	}
	return out
}

func judge(t *testing.T, p *program, people []*person, sent []copySent, inFlight int) {
	t.Helper()
	db := openDatabase(t, "sqlite", "file:"+p.database()+"?mode=ro")
	rows := allRows(t, db, p.keys())
	stored, acked, tries := checkInbound(t, rows, people)
	if n := count(t, db, `SELECT count(*) FROM (SELECT contact_id FROM tickets GROUP BY contact_id HAVING count(*) > 1)`); n != 0 {
		t.Errorf("%d people have a second ticket", n)
	}
	tickets := count(t, db, `SELECT count(*) FROM tickets`)
	if tickets != len(people) {
		t.Errorf("%d people filed a request to the end, %d tickets", len(people), tickets)
	}
	second, marked := checkOutbound(t, rows, sent)
	if second > inFlight {
		t.Errorf("%d second copies, at most %d sends can have been in flight", second, inFlight)
	}
	t.Logf("acknowledged %d of %d deliveries, stored %d, lost 0; %d tickets for %d people; %d outbound rows, %d copies at the provider, %d second copies, %d rows marked uncertain or repeated",
		acked, tries, stored, tickets, len(people), len(rows)-stored, len(sent), second, marked)
}

// checkInbound proves that each acknowledged message is stored once and was
// taken in by one turn.
func checkInbound(t *testing.T, rows []row, people []*person) (stored, acked, tries int) {
	t.Helper()
	turns := map[string]string{}
	for _, r := range rows {
		if r.direction != "in" {
			continue
		}
		stored++
		if _, twice := turns[r.externalID]; twice {
			t.Errorf("message %s is stored twice", r.externalID)
		}
		if r.turnID == "" {
			t.Errorf("message %s was never processed", r.externalID)
		}
		turns[r.externalID] = r.turnID
	}
	for _, who := range people {
		tries += who.tries
		acked += len(who.acked)
		for _, id := range who.acked {
			if _, ok := turns[id]; !ok {
				t.Errorf("message %s was acknowledged and is lost", id)
			}
		}
	}
	return stored, acked, tries
}

// checkOutbound compares what reached people with the outbound rows, by person
// and text, because one person may be told the same words by several rows.
func checkOutbound(t *testing.T, rows []row, sent []copySent) (second, marked int) {
	t.Helper()
	type key struct{ openID, text string }
	type tally struct{ rows, sure, marked int }
	expected := map[key]*tally{}
	for _, r := range rows {
		if r.direction != "out" || r.text == "" || len([]rune(r.text)) > 400 {
			continue // a long text travels in parts; the parts have tests of their own
		}
		k := key{strings.TrimPrefix(r.address, "wechat:"), r.text}
		if expected[k] == nil {
			expected[k] = &tally{}
		}
		e := expected[k]
		e.rows++
		switch {
		case r.repeated || r.status == "uncertain":
			e.marked++
		case r.status == "sent" || r.status == "delivered":
			e.sure++
		}
	}
	heard := map[string]string{}
	for _, s := range sent {
		heard[s.openID] += s.text + "\n\x00\n"
	}
	for k, e := range expected {
		copies := strings.Count(heard[k.openID], k.text)
		marked += e.marked
		if copies > e.rows {
			second += copies - e.rows
		}
		if copies > e.rows+e.marked {
			t.Errorf("%s got %d copies of %q, from %d rows of which %d are marked", k.openID, copies, short(k.text), e.rows, e.marked)
		}
		if copies < e.sure {
			t.Errorf("%s got %d copies of %q, %d rows say sent", k.openID, copies, short(k.text), e.sure)
		}
	}
	return second, marked
}

func short(text string) string {
	if r := []rune(text); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return text
}

// configure replaces the configuration after the addresses are known.
func configure(t *testing.T, p *program, more string) {
	t.Helper()
	if err := p.rewrite(more); err != nil {
		t.Fatal(fmt.Errorf("cannot write the configuration: %w", err))
	}
}
