package dialog_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"jiban"
	"jiban/dialog"
)

// mostTurns is what the median ticket may cost a person, in messages.
const mostTurns = 5

// TestFewTurnsForATicket counts, over all transcripts, the messages that people
// sent from the first of a request to the ticket, questions in between and
// corrections included. Call-backs are no complete tickets.
func TestFewTurnsForATicket(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, file := range files {
		for _, s := range readScripts(t, file) {
			var unread bytes.Buffer
			all = append(all, turnsForTickets(t, play(t, s, &unread))...)
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d tickets are opened in the transcripts", len(all))
	}
	slices.Sort(all)
	median := all[len(all)/2]
	t.Logf("%d tickets: median %d turns, nine in ten within %d, most %d", len(all), median, all[len(all)*9/10], all[len(all)-1])
	if median > mostTurns {
		t.Errorf("the median ticket costs %d turns, at most %d are promised", median, mostTurns)
	}
}

// turnsForTickets counts the turns of each ticket of a conversation that was played.
func turnsForTickets(t *testing.T, h *house) []int {
	t.Helper()
	var counts []int
	n := 0
	for _, in := range h.turns {
		out, _, err := h.engine.Step(in)
		if err != nil {
			t.Fatal(err)
		}
		n++
		for _, a := range out.Tickets {
			if a.Kind == jiban.EventOpened && a.Draft.Kind == "request" {
				counts, n = append(counts, n), 0
			}
		}
		if idle(&out) {
			n = 0
		}
	}
	return counts
}

// idle says that a turn left nothing that becomes a ticket.
func idle(out *dialog.Outcome) bool {
	switch out.Decision {
	case dialog.DecideStatus, dialog.DecideSurvey, dialog.DecideSmalltalk, dialog.DecideAnswer, dialog.DecideDecline:
		return out.Matter == "" && out.Slots["description"] == ""
	default:
		return out.Command == dialog.CommandCancel
	}
}
