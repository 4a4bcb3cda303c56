package tickets

import (
	"context"
	"slices"
	"testing"

	"jiban"
	"jiban/calendar"
)

// What is done to incidents, rules and the calendar is in the audit record exactly
// when it was done: what fails leaves no entry.
func TestRecordedWithTheChange(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		entry := func(action string) jiban.AuditEntry {
			return jiban.AuditEntry{Actor: "boss", Action: action, Result: "ok"}
		}
		i, err := h.Announce(ctx, jiban.Incident{Region: "230100", Cause: "爆管", Text: "正在抢修"}, "boss", entry("incident.announce"))
		if err != nil {
			t.Fatal(err)
		}
		stale := i
		stale.Version--
		if _, err := h.Announce(ctx, stale, "boss", entry("incident.announce")); err == nil {
			t.Error("an older incident was written over the newer one")
		}
		if err := h.SaveRules(ctx, Rules{}, entry("rules")); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("rules of nothing: %v", err)
		}
		if err := h.SaveRules(ctx, DefaultRules(), entry("rules")); err != nil {
			t.Error(err)
		}
		if _, err := h.ImportYears(ctx, []calendar.Year{{Year: 2027}}, entry("calendar.import")); err != nil {
			t.Error(err)
		}
		if err := h.DismissIncident(ctx, i.ID, entry("incident.dismiss")); err != nil {
			t.Error(err)
		}
		entries, err := h.store.Audit(ctx, "", 50)
		var got []string
		for _, e := range entries {
			got = append(got, e.Action+" "+e.Object)
		}
		want := []string{"incident.announce incident:" + i.ID, "rules rules", "calendar.import calendar", "incident.dismiss incident:" + i.ID}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("the record has %v, want %v, %v", got, want, err)
		}
	})
}
