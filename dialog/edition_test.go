package dialog_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"jiban"
	"jiban/dialog"
	"jiban/prompts"
)

// The ticket of a turn names the version of the catalogue that the turn was made
// with, and the recorded facts, read back from their bytes, give the same turn.
func TestTicketNamesTheVersionOfItsTurn(t *testing.T) {
	book, err := prompts.New()
	if err != nil {
		t.Fatal(err)
	}
	c := catalogue()
	c.Version = 7
	h := newHouse(t, jiban.ChannelWebChat)
	if h.engine, err = dialog.New(dialog.Config{Catalogue: c, Book: book, Region: "230000"}); err != nil {
		t.Fatal(err)
	}
	h.text("哈尔滨市南岗区学府路12号从昨晚开始停水，电话13904510001")
	out := h.tap("确认提交")
	if len(out.Tickets) != 1 || out.Tickets[0].Draft.Catalogue != 7 {
		t.Fatalf("%+v", out.Tickets)
	}
	said := h.turns[len(h.turns)-1]
	recorded, err := json.Marshal(said.Facts)
	if err != nil {
		t.Fatal(err)
	}
	said.Facts = dialog.Facts{}
	if err := json.Unmarshal(recorded, &said.Facts); err != nil {
		t.Fatal(err)
	}
	again, need, err := h.engine.Step(said)
	if err != nil || need != nil {
		t.Fatalf("%v, %+v", err, need)
	}
	a, errA := json.Marshal(out)
	b, errB := json.Marshal(again)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the replay says\n%s\nthe turn said\n%s", b, a)
	}
	if said.Facts.Plan.Draft.Catalogue != 7 {
		t.Errorf("the plan was asked with version %d", said.Facts.Plan.Draft.Catalogue)
	}
}
