package channels

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"jiban"
)

func received(c jiban.Content) jiban.Received {
	return jiban.Received{Channel: "gzh", ChannelKind: jiban.ChannelWeChat, ExternalID: "1", Address: "wechat:o1", Content: c}
}

func TestTextsArePutInOrder(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"plain", "停水了", "停水了"},
		{"controls", "停\x00水\x07了\x7f", "停水了"},
		{"line breaks", "一\r\n二\r三\n四\t五", "一\n二\n三\n四\t五"},
		{"broken UTF-8", "停\xff水", "停\uFFFD水"},
		{"turned direction", "停\u202e水\u2066了", "停水了"},
		{"emoji with joiner", "👨‍👩‍👧", "👨‍👩‍👧"},
	}
	for _, c := range cases {
		got, err := clean(received(jiban.Content{Kind: jiban.KindText, Text: c.in}))
		if err != nil || got.Content.Text != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got.Content.Text, err, c.want)
		}
	}
}

func TestALongTextIsCutVisibly(t *testing.T) {
	for _, n := range []int{MaxText, MaxText + 1, 3 * MaxText} {
		got, err := clean(received(jiban.Content{Kind: jiban.KindText, Text: strings.Repeat("水", n)}))
		if err != nil {
			t.Fatal(err)
		}
		if size := utf8.RuneCountInString(got.Content.Text); size > MaxText || n > MaxText != strings.HasSuffix(got.Content.Text, CutMark) {
			t.Errorf("%d characters became %d, marked %v", n, size, strings.HasSuffix(got.Content.Text, CutMark))
		}
	}
}

func TestWhatCannotBeTakenIn(t *testing.T) {
	fine := received(jiban.Content{Kind: jiban.KindText, Text: "x"})
	cases := map[string]func(r *jiban.Received){
		"no channel":            func(r *jiban.Received) { r.Channel = "" },
		"no id":                 func(r *jiban.Received) { r.ExternalID = "" },
		"long id":               func(r *jiban.Received) { r.ExternalID = strings.Repeat("x", maxID+1) },
		"control in id":         func(r *jiban.Received) { r.ExternalID = "a\x00b" },
		"broken id":             func(r *jiban.Received) { r.ExternalID = "a\xff" },
		"no address":            func(r *jiban.Received) { r.Address = "" },
		"address without kind":  func(r *jiban.Received) { r.Address = ":x" },
		"address without value": func(r *jiban.Received) { r.Address = "wechat:" },
		"empty text":            func(r *jiban.Received) { r.Content.Text = " \n\x00" },
		"unknown kind":          func(r *jiban.Received) { r.Content.Kind = "song" },
		"no location":           func(r *jiban.Received) { r.Content = jiban.Content{Kind: jiban.KindLocation} },
		"latitude": func(r *jiban.Received) {
			r.Content = jiban.Content{Kind: jiban.KindLocation, Location: &jiban.Location{Lat: 91}}
		},
		"not a number": func(r *jiban.Received) {
			r.Content = jiban.Content{Kind: jiban.KindLocation, Location: &jiban.Location{Lng: math.NaN()}}
		},
		"image without file": func(r *jiban.Received) { r.Content = jiban.Content{Kind: jiban.KindImage} },
		"too many files": func(r *jiban.Received) {
			r.Content = jiban.Content{Kind: jiban.KindImage, Attachments: make([]jiban.Attachment, maxAttachments+1)}
		},
		"event without name": func(r *jiban.Received) { r.Content = jiban.Content{Kind: jiban.KindEvent} },
		"negative time":      func(r *jiban.Received) { r.RepeatWithin = -1 },
	}
	for name, change := range cases {
		r := fine
		change(&r)
		if _, err := clean(r); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("停水了", "1", "text")
	f.Add("\xff\x00", "\x00", "tap")
	f.Add("\u202e", "a", "event")
	f.Fuzz(func(t *testing.T, text, id, kind string) {
		r := received(jiban.Content{Kind: jiban.MessageKind(kind), Text: text, Event: text})
		r.ExternalID = id
		got, err := clean(r)
		if err != nil {
			if jiban.CodeOf(err) != jiban.CodeInvalid {
				t.Errorf("error %v", err)
			}
			return
		}
		c := got.Content
		if got.ExternalID != id || !utf8.ValidString(c.Text) || strings.IndexFunc(c.Text, unwanted) >= 0 || utf8.RuneCountInString(c.Text) > MaxText {
			t.Errorf("not clean: %q", c.Text)
		}
	})
}
