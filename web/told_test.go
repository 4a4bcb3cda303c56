package web

import (
	"testing"

	"jiban"
)

// TestAWaitingReminderIsNotShown keeps out of an agent's sight what nobody was told.
func TestAWaitingReminderIsNotShown(t *testing.T) {
	said := jiban.Message{ID: "said", Direction: jiban.Outbound, Content: jiban.Content{Kind: jiban.KindText, Text: "提醒"},
		Delivery: jiban.Delivery{Kind: jiban.NoticeFormReminder, Status: jiban.DeliverySent}}
	waits := jiban.Message{ID: "waits", Direction: jiban.Outbound, Delivery: jiban.Delivery{Kind: jiban.NoticeFormReminder, Status: jiban.DeliveryQueued}}
	heard := jiban.Message{ID: "heard", Direction: jiban.Inbound, Content: jiban.Content{Kind: jiban.KindImage}}
	shown := told([]jiban.Message{said, waits, heard})
	if len(shown) != 2 || shown[0].ID != "said" || shown[1].ID != "heard" {
		t.Errorf("shown: %+v", shown)
	}
}
