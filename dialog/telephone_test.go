package dialog_test

import (
	"strings"
	"testing"

	"jiban"
	"jiban/dialog"
)

// Where no text message can be sent, nothing is asked for that leads nowhere.
func TestNoTelephoneIsAskedForThatCannotBeProven(t *testing.T) {
	h := newHouse(t, jiban.ChannelWeChat)
	h.sit.CanProve = false
	out := h.text("绑定手机号")
	if out.Command != dialog.CommandBind || !strings.Contains(out.Replies[1].Text, "没有短信通道") || len(out.Replies[1].Options) != 1 {
		t.Errorf("%+v", out.Replies)
	}
	if out := h.text("13800001234"); out.Command == dialog.CommandBind || h.needs != 0 && len(h.turns[1].Facts.Deeds) != 0 {
		t.Errorf("a code was asked for: %+v", out)
	}
}

// What is kept of a turn must prove nothing to who reads it: neither the number
// nor the code.
func TestTheFactsOfAProofHoldNeitherNumberNorCode(t *testing.T) {
	h := newHouse(t, jiban.ChannelWeChat)
	for _, s := range []string{"绑定手机号", "13800001234", rightCode} {
		h.text(s)
	}
	for _, in := range h.turns[1:] {
		if len(in.Facts.Deeds) != 1 || in.Facts.Deeds[0].Result != dialog.DeedDone {
			t.Fatalf("%+v", in.Facts)
		}
	}
	if want := (dialog.ConsentChange{Purpose: jiban.ConsentBind, Wording: "2", Given: true}); len(h.consents) != 1 || h.consents[0] != want {
		t.Errorf("consents %+v", h.consents)
	}
}
