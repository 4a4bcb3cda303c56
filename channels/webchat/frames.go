package webchat

import (
	"encoding/json"
	"strings"
	"time"

	"jiban"
)

// inFrame is what a page sends. Type is hello, say, tap, location or ping.
type inFrame struct {
	Type  string     `json:"type"`
	After int64      `json:"after"`
	Lang  jiban.Lang `json:"lang"`
	ID    string     `json:"id"`
	Text  string     `json:"text"`
	Value string     `json:"value"`
	Label string     `json:"label"`
	Lat   *float64   `json:"lat"`
	Lng   *float64   `json:"lng"`
}

// content is what the person says with the frame, and whether there is such a
// frame at all.
func (f *inFrame) content() (jiban.Content, bool) {
	switch f.Type {
	case "say":
		return jiban.Content{Kind: jiban.KindText, Text: f.Text}, true
	case "tap":
		return jiban.Content{Kind: jiban.KindTap, Text: f.Value, Options: []jiban.Option{{Label: f.Label, Value: f.Value}}}, true
	case "location":
		c := jiban.Content{Kind: jiban.KindLocation}
		if f.Lat != nil && f.Lng != nil {
			c.Location = &jiban.Location{Lat: *f.Lat, Lng: *f.Lng, Label: f.Label, Datum: "wgs84"}
		}
		return c, true
	default:
		return jiban.Content{}, false
	}
}

// goodID reports whether a page's id of an utterance can be one: it becomes the
// message's external id.
func goodID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	return strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

type welcomeFrame struct {
	Type   string       `json:"type"`
	Holder jiban.Holder `json:"holder"`
	Last   int64        `json:"last"`
}

type ackFrame struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Seq  int64  `json:"seq"`
}

type nackFrame struct {
	Type string     `json:"type"`
	ID   string     `json:"id"`
	Code jiban.Code `json:"code"`
	Text string     `json:"text"`
}

type holderFrame struct {
	Type   string       `json:"type"`
	Holder jiban.Holder `json:"holder"`
}

type pongFrame struct {
	Type string `json:"type"`
}

// messageFrame is a message as pages show it. The id of the person's own message
// is the one that its page gave it.
type messageFrame struct {
	Type      string            `json:"type"`
	Seq       int64             `json:"seq"`
	ID        string            `json:"id"`
	Author    jiban.Author      `json:"author"`
	Text      string            `json:"text"`
	Kind      jiban.MessageKind `json:"kind"`
	Options   []jiban.Option    `json:"options,omitempty"`
	Citations []jiban.Citation  `json:"citations,omitempty"`
	Files     []ShownFile       `json:"files,omitempty"`
	Generated bool              `json:"generated,omitempty"`
	At        time.Time         `json:"at"`
}

func frameOf(m *jiban.Message) messageFrame {
	f := messageFrame{
		Type: "message", Seq: m.Seq, ID: m.ID, Author: m.Author, Text: m.Content.Text, Kind: m.Content.Kind,
		Options: m.Content.Options, Citations: m.Content.Citations, Generated: m.Content.Generated, At: m.CreatedAt.UTC(),
	}
	if m.Direction == jiban.Outbound {
		return f
	}
	f.ID = m.ExternalID
	if m.Content.Location != nil {
		f.Text = m.Content.Location.Label
	}
	if len(f.Options) == 1 && f.Options[0].Label != "" {
		f.Text = f.Options[0].Label // what was tapped, as the person read it
	}
	f.Options = nil
	return f
}

func encode(frame any) ([]byte, error) {
	data, err := json.Marshal(frame)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInternal, "webchat.encode", "a frame cannot be written: %w", err)
	}
	return data, nil
}
