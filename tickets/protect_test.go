package tickets

import (
	"context"
	"slices"
	"testing"

	"jiban"
)

func TestAccusedNeverGetsIt(t *testing.T) {
	h := newHouse(t)
	d := h.slow(h.person("web:1"))
	d.Matter, d.Type, d.Fields["unit"] = outage, jiban.Complaint, "哈尔滨市水务局"
	k := h.open(d)
	if !k.Against("230100.water") || k.DepartmentName != "黑龙江省水利厅" {
		t.Fatalf("a complaint about the bureau goes above it: %+v", k)
	}
	h.refused(jiban.CodeForbidden, hot, jiban.EventDispatched, k.Number, "department", "230100.water")
	h.refused(jiban.CodeForbidden, chief, jiban.EventDispatched, k.Number, "department", "230100.water")
	h.refused(jiban.CodeForbidden, hot, jiban.EventAssigned, k.Number, "department", "230100.water")
	h.refused(jiban.CodeForbidden, hot, jiban.EventReturned, k.Number, "reason", "x", "department", "230100.water")
	k = h.mustBy(hot, jiban.EventReturned, k.Number, "reason", "派错了")
	for range 3 {
		if k.Against(k.Department) {
			t.Fatalf("re-dispatched to whom it is about: %+v", k)
		}
		if k.Department == "" {
			break
		}
		k = h.mustBy(hot, jiban.EventReturned, k.Number, "reason", "派错了")
	}
	proposed, err := h.Propose(context.Background(), k.Number)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proposed {
		if k.Against(p.Department.ID) {
			t.Errorf("proposed: %+v", p)
		}
	}
	seen, err := h.List(context.Background(), jiban.TicketFilter{NotAgainst: "230100.water"})
	if err != nil || len(seen) != 0 {
		t.Errorf("a list for the bureau shows it: %v, %v", seen, err)
	}
	if seen, err = h.List(context.Background(), jiban.TicketFilter{NotAgainst: "230100.wate_"}); err != nil || len(seen) != 1 {
		t.Errorf("an id is no pattern: %v, %v", seen, err)
	}
}

func TestSubordinatesOfTheAccusedDoNotGetIt(t *testing.T) {
	h := newHouse(t)
	x := h.index.Load()
	for id, d := range x.departments {
		if d.Superior != "" && !x.under(id, []string{d.Superior}) {
			t.Errorf("%s takes orders from %s", id, d.Superior)
		}
	}
	d := h.slow(h.person("web:1"))
	d.Matter, d.Type, d.Fields["unit"] = outage, jiban.Complaint, "黑龙江省水利厅"
	k := h.open(d)
	if k.Department == "230100.water" || k.Department == "230000.water" {
		t.Errorf("a complaint about the province's is for neither it nor those below: %+v", k)
	}
}

func TestAComplaintThatMentionsTheOwnerWaits(t *testing.T) {
	h := newHouse(t)
	d := h.slow(h.person("web:1"))
	d.Matter, d.Type, d.Fields["description"] = outage, jiban.Complaint, "找过哈尔滨市水务局，没有人管"
	k := h.open(d)
	if k.Department != "" || k.Life.Hold != holdMentions {
		t.Errorf("whether it is about it, a person decides: %+v", k)
	}
	d = h.slow(h.person("web:2"))
	d.Matter, d.Fields["description"] = outage, "找过哈尔滨市水务局，还是停水"
	if k = h.open(d); k.Department != "230100.water" {
		t.Errorf("a request for help may name it: %+v", k)
	}
}

func TestFoundToBeAboutTheDepartment(t *testing.T) {
	h := newHouse(t)
	c := h.person("web:1")
	d := h.draft(c)
	d.Type = jiban.Complaint
	k := h.open(d)
	if k.Department != "230100.water" {
		t.Fatalf("with %s", k.Department)
	}
	h.mustBy(dept, jiban.EventSigned, k.Number)
	k = h.mustBy(hot, jiban.EventClassified, k.Number, "accused", "230100.water", "reason", "反映的就是水务局")
	if k.Department != "" || k.Status != jiban.TicketAccepted || !k.Against("230100.water") {
		t.Errorf("it is taken from it at once: %+v", k)
	}
	if !slices.Contains(h.told(c.ID), jiban.NoticeTicketReturned) {
		t.Errorf("told %v", h.told(c.ID))
	}
	h.refused(jiban.CodeInvalid, hot, jiban.EventClassified, k.Number, "accused", "nobody")
	h.refused(jiban.CodeInvalid, hot, jiban.EventClassified, k.Number, "matter", "999999")
}

func TestUnsureIsForTheDispatcher(t *testing.T) {
	h := newHouse(t)
	d := h.draft(h.person("web:1"))
	d.Guesses = []jiban.MatterGuess{{Code: outage, Confidence: 0.3}, {Code: "030102", Confidence: 0.25}, {Code: "050101", Confidence: 0.2}}
	k := h.open(d)
	if k.Department != "" || k.Life.Hold != holdConfidence || len(k.Life.Guesses) != 3 {
		t.Fatalf("not sure, and yet: %+v", k)
	}
	proposed, err := h.Propose(context.Background(), k.Number)
	if err != nil || len(proposed) != 3 || proposed[0].Department.ID != "230100.water" || proposed[0].Confidence != 0.3 || proposed[0].Reason != "matter" {
		t.Errorf("the three best: %+v, %v", proposed, err)
	}
	h.moveTo("2026-11-02 10:01") // the dispatcher's hour is over
	h.sweep()
	if got := h.tasks(jiban.ToDesk, k.Number); !slices.Contains(got, timerDecide) {
		t.Errorf("nobody reminds the desk: %v", got)
	}
	d.Guesses[0].Confidence, d.Fields["place"] = 0.9, "另一处"
	if k = h.open(d); k.Department != "230100.water" {
		t.Errorf("sure enough: %+v", k)
	}
}

func TestCalibrate(t *testing.T) {
	var judged []Judged
	for i := range 100 {
		c := float64(i) / 100
		judged = append(judged, Judged{c, c >= 0.6 || i%2 == 0})
	}
	if got := Calibrate(judged, 0.95); got < 0.54 || got > 0.6 {
		t.Errorf("threshold %v", got)
	}
	if got := Calibrate(judged[:10], 0.95); got != 1 {
		t.Errorf("ten are too few to say: %v", got)
	}
}
