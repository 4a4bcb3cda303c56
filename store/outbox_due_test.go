package store

import (
	"slices"
	"testing"
	"time"

	"jiban"
)

// What may be sent of the pending messages of one conversation.
func TestDue(t *testing.T) {
	now := time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	later, before := now.Add(time.Minute), now.Add(-time.Minute)
	plain := jiban.Delivery{Status: jiban.DeliveryQueued, Urgency: jiban.UrgencyNormal}
	urgent := jiban.Delivery{Status: jiban.DeliveryQueued, Urgency: jiban.UrgencyHigh}
	dated := jiban.Delivery{Status: jiban.DeliveryQueued, NotBefore: later}
	retry := jiban.Delivery{Status: jiban.DeliveryQueued, NotBefore: later, Attempts: 1}
	retryNow := jiban.Delivery{Status: jiban.DeliveryQueued, NotBefore: now, Attempts: 1}
	busy := jiban.Delivery{Status: jiban.DeliverySending, ClaimedBy: "n", ClaimedUntil: later}
	dead := jiban.Delivery{Status: jiban.DeliverySending, ClaimedBy: "n", ClaimedUntil: before}
	for name, c := range map[string]struct {
		pending []jiban.Delivery
		want    []int64
	}{
		"all":                           {[]jiban.Delivery{plain, urgent, plain}, []int64{0, 1, 2}},
		"somebody is at it":             {[]jiban.Delivery{plain, busy, urgent}, nil},
		"its holder died":               {[]jiban.Delivery{dead, plain}, []int64{0, 1}},
		"a date holds nothing up":       {[]jiban.Delivery{dated, plain}, []int64{1}},
		"a retry holds up what follows": {[]jiban.Delivery{plain, retry, plain}, []int64{0}},
		"but nothing urgent":            {[]jiban.Delivery{retry, plain, urgent}, []int64{2}},
		"the retry is due":              {[]jiban.Delivery{retryNow, plain}, []int64{0, 1}},
		"a retry behind a date":         {[]jiban.Delivery{dated, retry, plain}, nil},
		"nothing":                       {nil, nil},
	} {
		var pending []jiban.Message
		for i, d := range c.pending {
			pending = append(pending, jiban.Message{Seq: int64(i), Delivery: d})
		}
		var got []int64
		for _, m := range due(pending, now) {
			got = append(got, m.Seq)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
