package store_test

import (
	"testing"
	"time"

	"jiban"
)

// What Settle accepted is on disk when the store is closed, and only what the
// caller still had claimed; before that a crash would find it as sending.
func TestSettleRecordsWhatIsClaimed(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		clock := jiban.NewManualClock(monday)
		s := p.openAt(t, clock)
		held := func() jiban.Notice {
			return jiban.Notice{Claim: &jiban.Claim{By: "waiter", Path: jiban.PathPassive, Until: monday.Add(5 * time.Second)}}
		}
		ms := told(t, s, "a", held(), held(), held())
		if err := s.Settle(t.Context(), "waiter", ids(ms[:2])); err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(t.Context(), "somebody else", ids(ms[2:])); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Settle(t.Context(), "waiter", ids(ms[2:])), jiban.CodeUnavailable)
		again := p.openAt(t, clock)
		for i, want := range []jiban.DeliveryStatus{jiban.DeliverySent, jiban.DeliverySent, jiban.DeliverySending} {
			m, err := again.Message(t.Context(), ms[i].ID)
			if err != nil {
				t.Fatal(err)
			}
			d := m.Delivery
			if d.Status != want || d.Path != jiban.PathPassive || (want == jiban.DeliverySent) != (d.ClaimedBy == "" && d.Attempts == 1 && d.PartsSent == 1) {
				t.Errorf("message %d: %+v, want %s", i, d, want)
			}
		}
		if n, err := again.SentSince(t.Context(), ms[0].ConversationID, jiban.PathPassive, monday); err != nil || n != 2 {
			t.Errorf("%d were sent, %v; want 2", n, err)
		}
		clock.Advance(time.Minute)
		wantIDs(t, "what comes back", claim(t, again, "n1", clock.Now(), 10), ms[2].ID)
	})
}
