package runner

import (
	"testing"
	"time"
)

func TestAConversationWaitsOnceAndNeverRunsTwice(t *testing.T) {
	q := newQueue()
	q.put("a")
	q.put("a")
	q.put("b")
	first, _, _ := q.take()
	q.put("a") // woken while it is turned
	second, _, _ := q.take()
	if first != "a" || second != "b" || len(q.order) != 0 {
		t.Fatalf("took %s and %s, %d wait", first, second, len(q.order))
	}
	q.done("b")
	q.done("a")
	if again, _, _ := q.take(); again != "a" || len(q.order) != 0 {
		t.Errorf("what was woken during its turn was lost: %q", again)
	}
}

func TestAFullQueueRefusesOnlyNewOnes(t *testing.T) {
	q := newQueue()
	q.put("known")
	q.order = append(q.order, make([]string, queueLimit-1)...)
	if q.put("new") || !q.put("known") {
		t.Error("a full queue must refuse a new conversation and remember a known one")
	}
}

func TestCloseLetsEverybodyGo(t *testing.T) {
	q := newQueue()
	done := make(chan bool)
	go func() {
		_, _, ok := q.take()
		done <- ok
	}()
	q.putLater("a", time.Hour, false)
	q.close()
	if <-done {
		t.Error("a closed queue gave work")
	}
	q.put("b")
	q.putLater("c", 0, false)
	if _, _, ok := q.take(); ok {
		t.Error("a closed queue gave work")
	}
}
