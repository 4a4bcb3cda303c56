package channelstest

import (
	"fmt"
	"strings"
	"testing"

	"jiban"
)

// Door is an adapter under test as its provider meets it.
type Door struct {
	// Inbox is the one that the adapter was given.
	Inbox *Inbox
	// Say lets the provider hand in a message with an id of its own. It reports
	// whether the provider was told that the message was received; false also
	// means that the provider will try again.
	Say func(t *testing.T, id string, c jiban.Content) (acknowledged bool)
	// Kinds are the kinds of message this provider knows beside text.
	Kinds []jiban.MessageKind
}

// Inbound runs the table on an adapter. Open is called anew for each case.
func Inbound(t *testing.T, open func(t *testing.T) Door) {
	t.Helper()
	sentence := "小区停水超过24小时还没有恢复，"
	texts := map[string]string{
		"short": "转人工", "one sms": firstRunes(strings.Repeat(sentence, 9), 70), "two sms": firstRunes(strings.Repeat(sentence, 9), 71),
		"long": firstRunes(strings.Repeat(sentence, 40), 500), "emoji": "停水了😡👨‍👩‍👧", "rare": "我叫𠮷田", "latin": "No water since 8:30!",
		"markup": `<b>A&B</b> "x" ]]>`, "lines": "一\n二",
	}
	for name, s := range texts {
		t.Run("text "+name, func(t *testing.T) { arrives(t, open(t), text(s)) })
	}
	for _, k := range open(t).Kinds {
		t.Run("kind "+string(k), func(t *testing.T) { arrives(t, open(t), sample(k)) })
	}
	t.Run("repeat", func(t *testing.T) { repeats(t, open(t)) })
	t.Run("store down", func(t *testing.T) { refused(t, open(t)) })
}

func sample(k jiban.MessageKind) jiban.Content {
	switch k {
	case jiban.KindTap:
		return jiban.Content{Kind: k, Text: "yes"}
	case jiban.KindLocation:
		return jiban.Content{Kind: k, Location: &jiban.Location{Lat: 45.75, Lng: 126.65, Label: "哈尔滨市道里区", Datum: "gcj02"}}
	case jiban.KindImage, jiban.KindVoice, jiban.KindFile:
		return jiban.Content{Kind: k, Attachments: []jiban.Attachment{{Ref: "media-1"}}}
	case jiban.KindEvent:
		return jiban.Content{Kind: k, Event: "subscribe"}
	default:
		return jiban.Content{Kind: k}
	}
}

func arrives(t *testing.T, d Door, c jiban.Content) {
	if !d.Say(t, "1001", c) {
		t.Fatal("the provider was not told that the message was received")
	}
	got := d.Inbox.Received()
	if len(got) != 1 {
		t.Fatalf("%d messages were handed in, want 1", len(got))
	}
	r := got[0]
	if r.Channel == "" || r.ChannelKind == "" || r.ExternalID == "" || !strings.Contains(string(r.Address), ":") {
		t.Errorf("incomplete: channel %q kind %q id %q", r.Channel, r.ChannelKind, r.ExternalID)
	}
	same(t, r.Content, c)
}

func same(t *testing.T, got, want jiban.Content) {
	t.Helper()
	if got.Kind != want.Kind || got.Text != want.Text || !strings.EqualFold(got.Event, want.Event) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if want.Location != nil && (got.Location == nil || got.Location.Lat != want.Location.Lat || got.Location.Lng != want.Location.Lng || got.Location.Label != want.Location.Label) {
		t.Errorf("location %+v, want %+v", got.Location, want.Location)
	}
	if len(want.Attachments) > 0 && (len(got.Attachments) != 1 || got.Attachments[0].Ref == "") {
		t.Errorf("attachments %+v, want one", got.Attachments)
	}
}

func repeats(t *testing.T, d Door) {
	for range 2 {
		if !d.Say(t, "1001", text("停水了")) {
			t.Fatal("a repeat was not acknowledged")
		}
	}
	if !d.Say(t, "1002", text("停水了")) {
		t.Fatal("the same words under a new id were not acknowledged")
	}
	ids := map[string]int{}
	for _, r := range d.Inbox.Received() {
		ids[r.ExternalID]++
	}
	if len(ids) != 2 {
		t.Errorf("external ids %v: a repeat must keep its id, a new message must have its own", ids)
	}
}

func refused(t *testing.T, d Door) {
	down := jiban.Errorf(jiban.CodeUnavailable, "channelstest", "%w", fmt.Errorf("the disk is full"))
	d.Inbox.Fail = func() error { return down }
	if d.Say(t, "1001", text("停水了")) {
		t.Error("acknowledged although nothing was stored")
	}
	d.Inbox.Fail = nil
	if !d.Say(t, "1001", text("停水了")) || len(d.Inbox.Received()) != 1 {
		t.Error("the provider's next try was not taken in")
	}
}
