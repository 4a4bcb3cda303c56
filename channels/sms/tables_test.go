package sms_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"go.uber.org/goleak"

	"jiban"
	"jiban/channels"
	"jiban/channels/channelstest"
	"jiban/channels/sms"
	"jiban/channels/sms/smssim"
)

// TestMain: whatever an adapter starts ends with it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestInboundTable(t *testing.T) {
	channelstest.Inbound(t, func(t *testing.T) channelstest.Door {
		r := newRig(t).bound(t)
		seen := map[string]bool{}
		say := func(t *testing.T, id string, c jiban.Content) bool {
			if seen[id] && r.inbox.Fail == nil {
				// A repeat is what an SMSC delivers again because the answer never
				// came: the process had ended.
				r.stop()
				r.start(t, sms.Deps{Inbox: r.inbox, Clock: jiban.SystemClock{}})
				r.bound(t)
			}
			seen[id] = true
			return taken(t, r, partsWithID(r, id, c.Text))
		}
		return channelstest.Door{Inbox: r.inbox, Say: say}
	})
}

// taken delivers all parts at the same time, as an SMSC does, and reports whether
// all were answered as received.
func taken(t *testing.T, r *rig, parts []smssim.Deliver) bool {
	statuses := make([]uint32, len(parts))
	var all sync.WaitGroup
	for i, d := range parts {
		all.Go(func() {
			var err error
			if statuses[i], err = r.sim.Deliver(soon(t), d); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return slices.Max(statuses) == 0
}

// partsWithID gives a message a reference of its own, as phones do.
func partsWithID(r *rig, id, text string) []smssim.Deliver {
	parts := r.sim.Split(phone, text)
	if len(parts) == 1 {
		var n uint16
		fmt.Sscan(id, &n)
		parts[0].TLVs = map[uint16][]byte{0x0204: {byte(n >> 8), byte(n)}}
	}
	return parts
}

func TestOutboundTable(t *testing.T) {
	channelstest.Outbound(t, func(t *testing.T) channelstest.Stand {
		r := newRig(t).bound(t)
		refuse := func(status uint32) func(*testing.T) { return func(*testing.T) { r.sim.RefuseNext(status) } }
		return channelstest.Stand{
			Sender: r, Reach: reach(), MaxParts: 5,
			Closed: []channels.Reach{{Now: time.Now()}, {Addresses: []jiban.Address{"wechat:o1", "web:1", "tel:+8645112345678"}}},
			Takes: func(p channels.Part) error {
				units := len(utf16.Encode([]rune(p.Text)))
				if units == 0 || units > 70 || (p.Of > 1 && units > 67) {
					return fmt.Errorf("%d units", units)
				}
				if p.N == 1 != strings.HasPrefix(p.Text, signature) || strings.Count(p.Text, "【") > 1 {
					return errors.New("the signature stands once, at the start")
				}
				return nil
			},
			Shown: func(p channels.Part) string { return strings.TrimPrefix(p.Text, signature) },
			Arrived: func() []string {
				var out []string
				for _, s := range r.sim.Sent() {
					out = append(out, s.Text)
				}
				return out
			},
			Failures: []channelstest.Failure{
				{Name: "throttled", Break: refuse(0x58), Want: channels.ActRetry, Code: "0x58"},
				{Name: "no such number", Break: refuse(0x0B), Want: channels.ActNextWay, Code: "0x0B"},
			},
			Secrets: []string{password, phone},
		}
	})
}
