package app

import (
	"context"
	"math/rand/v2"
	"time"

	"jiban"
	"jiban/web"
)

// bell is rung when messages wait to be sent. It stands between those who commit
// and Delivery, which is built after them because it needs the channels.
type bell chan struct{}

// Wake rings. It never blocks; two rings before anybody listens are one.
func (b bell) Wake() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// ring hands each ring on until ctx ends.
func (b bell) ring(ctx context.Context, to func()) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b:
			to()
		}
	}
}

// hub hears of every commit of every room.
type hub struct {
	bell    bell
	screens web.Announcer
	metrics *web.Metrics
}

// Committed wakes the door out and tells the screens.
func (h hub) Committed(ctx context.Context, b jiban.Batch, a jiban.Applied) {
	for _, m := range a.Messages {
		if m.Delivery.Status == jiban.DeliveryQueued {
			h.bell.Wake()
			break
		}
	}
	h.screens.Committed(ctx, b, a)
	h.metrics.Committed(ctx, b, a)
}

// chance spreads repeated tries of several nodes.
func chance() float64 { return rand.Float64() }

// tick calls f at once and then regularly until ctx ends.
func tick(ctx context.Context, every time.Duration, f func(context.Context)) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}
