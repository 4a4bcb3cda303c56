package sms

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"pgregory.net/rapid"
)

// TestRefusedPartsAreRememberedForLong: an SMSC may wait an hour before it delivers
// a refused part again.
func TestRefusedPartsAreRememberedForLong(t *testing.T) {
	a := newAssembler(defaultHold, defaultReassembly)
	now := time.Unix(1_700_000_000, 0)
	var got []data.CommandStatusType
	reply := func(s data.CommandStatusType) bool { got = append(got, s); return true }
	part := func(n int) deliver {
		return deliver{From: "1", Coding: 3, Text: []byte{'a' + byte(n)}, Part: concat{Ref: 1, N: n, Of: 2, Reffed: true}}
	}
	a.add(part(1), reply, now)
	a.due(now.Add(defaultHold))
	ready := a.add(part(2), reply, now.Add(time.Minute))
	if len(ready) != 1 || ready[0].text != "bc" {
		t.Fatalf("ready %+v", ready)
	}
	a.settle(ready[0], data.ESME_ROK, now.Add(time.Minute))
	a.due(now.Add(2 * time.Hour))
	a.add(part(1), reply, now.Add(2*time.Hour))
	if want := []data.CommandStatusType{data.ESME_RX_T_APPN, data.ESME_ROK, data.ESME_ROK}; !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	a.due(now.Add(3 * time.Hour))
	if len(a.open) != 0 {
		t.Error("a message all of whose parts were answered is still remembered")
	}
}

// TestAssembler drives the assembler as an SMSC and a store that both fail at
// times: whatever happens, no part is answered as received that is not stored,
// and what is stored holds every part that came, none of them twice.
func TestAssembler(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newAssembler(defaultHold, defaultReassembly)
		now := time.Unix(1_700_000_000, 0)
		of := rapid.IntRange(2, 4).Draw(t, "parts")
		stored := ""
		owed := map[int]bool{} // not answered as received yet: the SMSC delivers it again
		for n := range of {
			owed[n+1] = true
		}
		store := func(ready []batch) {
			for len(ready) > 0 {
				b := ready[0]
				status := data.ESME_ROK
				if rapid.Float64().Draw(t, "disk") < 0.2 {
					status = data.ESME_RX_T_APPN
				} else {
					stored += b.text
				}
				_, next := a.settle(b, status, now)
				ready = append(ready[1:], next...)
			}
		}
		for range 60 {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "seconds")) * time.Second)
			store(a.due(now))
			n := rapid.IntRange(1, of).Draw(t, "part")
			if !owed[n] {
				continue
			}
			letter := string(rune('a' + n))
			works := rapid.Float64().Draw(t, "line") < 0.8
			reply := func(s data.CommandStatusType) bool {
				if s == data.ESME_ROK && !strings.Contains(stored, letter) {
					t.Fatalf("part %d was answered as received and is not stored", n)
				}
				if works && s == data.ESME_ROK {
					owed[n] = false
				}
				return works
			}
			store(a.add(deliver{From: "1", Coding: 3, Text: []byte(letter), Part: concat{Ref: 1, N: n, Of: of, Reffed: true}}, reply, now))
		}
		for n := range of {
			letter := string(rune('a' + n + 1))
			if strings.Count(stored, letter) > 1 {
				t.Fatalf("part %d is stored twice: %q", n+1, stored)
			}
			if !owed[n+1] && !strings.Contains(stored, letter) {
				t.Fatalf("part %d was answered and is lost", n+1)
			}
		}
	})
}
