package retention_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/retention"
	"jiban/store"
	"jiban/store/shared"
	"jiban/store/storetest"
)

// victimDSN makes the test binary a process that lets records go until it is
// killed.
const victimDSN = "JIBAN_TEST_RETENTION_VICTIM"

// later is when the victim runs.
var later = start.AddDate(1, 0, 0)

// telling prints a line after every step.
type telling struct{ *store.Store }

func (s telling) Expire(ctx context.Context, k retention.Kind, before time.Time, after retention.Place, limit int) (retention.Step, error) {
	step, err := s.Store.Expire(ctx, k, before, after, limit)
	fmt.Println(k, step.Done, err)
	return step, err
}

// victim runs with steps of one record.
func victim() {
	clock := jiban.NewManualClock(later)
	deps := store.Deps{Clock: clock, IDs: jiban.RandomIDs{Clock: jiban.SystemClock{}}}
	s, err := storetest.New(context.Background(), os.Getenv(victimDSN), deps)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	service, err := retention.New(retention.Deps{Store: telling{s}, Leases: shared.NewMemory(clock), Record: books{s}, Archive: &shelf{},
		Drop: func(string) {}, Clock: clock, IDs: deps.IDs, Rules: every(30), Batch: 1})
	if err == nil {
		_, err = service.Run(context.Background(), "system")
	}
	fmt.Println("ended", err)
}

// A process is killed in the middle of a run, again and again, at another place
// each time; the next run does the rest, and the figures are what they were.
func TestKilledInTheMiddle(t *testing.T) {
	onBoth(t, func(t *testing.T, b base) {
		w := openWorld(t, b)
		for i := range 4 {
			p := w.newPerson()
			w.answer(w.ticket(p, []jiban.RequestType{jiban.Help, jiban.Report}[i%2], "water", time.Hour), "yes")
			w.handoff(p, false)
			w.alert(p, true)
		}
		open := w.ticket(w.newPerson(), jiban.Help, "gas", time.Hour)
		before, figures := w.snapshot(), w.figures()
		for _, steps := range []int{1, 3, 2, 5, 4, 6} {
			killed(t, b.dsn, steps)
		}
		w.clock.Advance(later.Sub(w.clock.Now()))
		once(w, nil, every(30))
		w.judge(every(30), before)
		if after := w.figures(); after != figures {
			t.Errorf("the figures were\n%sand are\n%s", figures, after)
		}
		if row := w.row("tickets", "number", open.key); row != before[open] {
			t.Errorf("the open ticket was touched: %s", row)
		}
	})
}

// killed runs a victim until it has made some steps, and kills it.
func killed(t *testing.T, dsn string, steps int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimDSN+"="+dsn)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer stop.Stop()
	n := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "error") || strings.HasPrefix(lines.Text(), "ended") {
			t.Error(lines.Text())
		}
		if n++; n == steps {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if n < steps {
		t.Fatalf("the victim made %d steps", n)
	}
}
