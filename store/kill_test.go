package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/store/storetest"
)

// victimDSN makes the test binary a process that takes in messages until it is
// killed.
const victimDSN = "JIBAN_TEST_VICTIM"

// victim prints the id of each message once it is told that it is stored.
func victim() {
	s, err := storetest.New(context.Background(), os.Getenv(victimDSN), deps(jiban.SystemClock{}))
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var print sync.Mutex
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				r := text(fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i), fmt.Sprint("p", w), "停水了")
				if _, _, err := s.Receive(context.Background(), r); err != nil {
					fmt.Println("error", err)
					return
				}
				print.Lock()
				fmt.Println(r.ExternalID)
				print.Unlock()
			}
		}()
	}
	select {}
}

// A process is killed again and again while it takes in messages: what it said was
// stored is there.
func TestKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		rounds := 4
		if os.Getenv("JIBAN_SOAK") != "" {
			rounds = 40
		}
		var acknowledged []string
		for range rounds {
			acknowledged = append(acknowledged, killed(t, p.dsn)...)
		}
		s := p.open(t)
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, id := range acknowledged {
			_, repeat, err := s.Receive(t.Context(), text(id, "p", "停水了"))
			if err != nil || !repeat {
				t.Fatalf("message %s was acknowledged and is lost (%v)", id, err)
			}
		}
		t.Logf("%d acknowledged messages", len(acknowledged))
	})
}

// killed runs a victim until it has acknowledged some messages, kills it and
// returns what it acknowledged.
func killed(t *testing.T, dsn string) []string {
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
	stop := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer stop.Stop()
	var all []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "error") {
			t.Error(lines.Text())
		}
		if all = append(all, lines.Text()); len(all) == 50 {
			cmd.Process.Kill() // what is in the pipe was acknowledged all the same
		}
	}
	cmd.Wait()
	if len(all) < 50 {
		t.Fatalf("the victim acknowledged %d messages in 20 s", len(all))
	}
	return all[:len(all)-1] // the last line may be cut
}
