package sms

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"

	"jiban"
)

var cfg = Config{Signature: "【12345热线】", MaxParts: 5}

func TestComposeKeepsToFivePartsWithOneSignature(t *testing.T) {
	text := strings.Repeat("您反映的【停水】问题已经转办。", 60)
	got, err := compose(cfg, jiban.Content{Text: text, Options: []jiban.Option{{Label: "满意"}, {Label: "不满意"}}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(segments(got)); n != 5 || units(got) > 335 {
		t.Errorf("%d parts, %d units", n, units(got))
	}
	if strings.Count(got, "【") != 1 || !strings.HasPrefix(got, "【12345热线】您反映的〔停水〕") {
		t.Errorf("composed %q", got)
	}
	if !strings.HasSuffix(got, "…\n1 满意\n2 不满意") {
		t.Errorf("the options were cut off: %q", got[len(got)-60:])
	}
}

func TestSegments(t *testing.T) {
	cases := []struct {
		text  string
		parts int
	}{
		{strings.Repeat("水", 70), 1}, {strings.Repeat("水", 71), 2}, {strings.Repeat("水", 134), 2}, {strings.Repeat("水", 135), 3},
		{strings.Repeat("😀", 35), 1}, {strings.Repeat("😀", 36), 2}, {strings.Repeat("😀", 67), 3},
		{strings.Repeat("a", 160), 1}, {strings.Repeat("a", 161), 2}, {strings.Repeat("€", 80), 1}, {strings.Repeat("€", 81), 2},
		{"a" + strings.Repeat("€", 80), 2}, {strings.Repeat("a", 160) + "水", 3}, {"", 1},
	}
	for _, c := range cases {
		got := segments(c.text)
		if len(got) != c.parts || strings.Join(got, "") != c.text {
			t.Errorf("%d units of %.3q…: %d parts, want %d", units(c.text), c.text, len(got), c.parts)
		}
	}
}

func FuzzSegments(f *testing.F) {
	f.Add(strings.Repeat("水😀", 60))
	f.Add(strings.Repeat("a€[", 90))
	f.Fuzz(func(t *testing.T, s string) {
		s = clean(s)
		got := segments(s)
		if strings.Join(got, "") != s {
			t.Error("words are missing")
		}
		for _, p := range got {
			coding, raw, err := encode(p, s)
			if err != nil || len(raw) > 140 && coding == data.UCS2 || len(raw) > 160 || len(got) > 1 && len(raw) > 153 || !utf8.ValidString(p) {
				t.Errorf("a part of %d bytes, %v", len(raw), err)
			}
			if back, ok := decode(coding.DataCoding(), raw); !ok || back != tidy(p) {
				t.Errorf("%q came back as %q", p, back)
			}
		}
	})
}

func FuzzCompose(f *testing.F) {
	f.Add("您好【x】", "满意", 3, 5)
	f.Add(strings.Repeat("𠮷", 400), strings.Repeat("长", 200), 2, 1)
	f.Fuzz(func(t *testing.T, text, label string, options, parts int) {
		c := Config{Signature: "【12345热线】", MaxParts: 1 + max(0, parts)%8}
		content := jiban.Content{Text: text}
		for range max(0, options) % 5 {
			content.Options = append(content.Options, jiban.Option{Label: label})
		}
		got, err := compose(c, content)
		if err != nil {
			return
		}
		if !fits(got, c.MaxParts) || strings.Count(got, "【") != 1 || !strings.HasPrefix(got, c.Signature) || !utf8.ValidString(got) {
			t.Errorf("%d units for %d parts: %q", units(got), c.MaxParts, got)
		}
	})
}

func FuzzUDH(f *testing.F) {
	f.Add([]byte{5, 0, 3, 1, 2, 1, 'a'})
	f.Add([]byte{6, 8, 4, 1, 2, 2, 1, 'a'})
	f.Add([]byte{6, 5, 4, 0, 1, 0, 1})
	f.Add([]byte{0})
	f.Add([]byte{255, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, text, err := cutUDH(raw)
		if err == nil && (c.N < 1 || c.N > c.Of || len(text) >= len(raw)) {
			t.Errorf("%+v, %d of %d bytes", c, len(text), len(raw))
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(byte(0), []byte{0x1B, 0x65})
	f.Add(byte(0), []byte{0x1B})
	f.Add(byte(8), []byte{0xD8, 0x00, 0x00})
	f.Add(byte(3), []byte{0xFF})
	f.Fuzz(func(t *testing.T, coding byte, raw []byte) {
		if s, ok := decode(coding, raw); ok && !utf8.ValidString(s) {
			t.Errorf("%q", s)
		}
	})
}

// A receipt as in SMPP 3.4, appendix B.
const sample = "id:0000000161 sub:001 dlvrd:001 submit date:2611020900 done date:2611020901 stat:DELIVRD err:000 text:"

func TestReceipts(t *testing.T) {
	cases := map[string]struct {
		d      deliver
		id     string
		status jiban.DeliveryStatus
		ok     bool
	}{
		"text":           {deliver{Text: []byte(sample)}, "0000000161", jiban.DeliveryDelivered, true},
		"other case":     {deliver{Text: []byte("ID:a1 STAT:undeliv ERR:012")}, "a1", jiban.DeliveryFailed, true},
		"parameters":     {deliver{ReceiptID: "A1", State: 3}, "A1", jiban.DeliveryFailed, true},
		"parameters win": {deliver{Text: []byte(sample), ReceiptID: "a1", State: 2}, "a1", jiban.DeliveryDelivered, true},
		"on the way":     {deliver{Text: []byte("id:1 stat:ACCEPTD")}, "1", "", true},
		"carrier's own":  {deliver{Text: []byte("id:1 stat:MA")}, "1", jiban.DeliveryFailed, true},
		"no id":          {deliver{Text: []byte("stat:DELIVRD")}, "", "", false},
		"nothing":        {deliver{}, "", "", false},
	}
	for name, c := range cases {
		r, ok := parseReceipt(c.d)
		status, _ := r.status()
		if ok != c.ok || r.ID != c.id || (ok && status != c.status) {
			t.Errorf("%s: %+v %v %q", name, r, ok, status)
		}
	}
	if got := (receipt{ID: "0000000161"}).idForms(); got != [5]string{"0000000161", "a1", "A1", "161", "353"} {
		t.Errorf("forms %q", got)
	}
}

func FuzzReceipt(f *testing.F) {
	f.Add(byte(0), []byte(sample), "", byte(0))
	f.Add(byte(8), []byte{0, 'i', 0, 'd'}, "a1", byte(2))
	f.Fuzz(func(t *testing.T, coding byte, text []byte, id string, state byte) {
		r, ok := parseReceipt(deliver{Coding: coding, Text: text, ReceiptID: id, State: state})
		if ok && (r.ID == "" || r.Stat == "") {
			t.Errorf("%+v", r)
		}
		if status, final := r.status(); final && status == "" {
			t.Errorf("%+v settles nothing", r)
		}
		if ok && len(r.idForms()) == 0 {
			t.Errorf("no form of the id of %+v", r)
		}
	})
}

func FuzzDeliver(f *testing.F) {
	body := "\x00\x01\x018613800001234\x00\x00\x01106912345\x00\x40\x00\x00\x00\x00\x00\x00\x08\x00\x08\x05\x00\x03\x01\x02\x01\x6c\x34"
	f.Add([]byte(body))
	f.Add([]byte(body + "\x02\x04\x00\x02\x00\x01"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := parseDeliver(raw)
		if err == nil && (d.Part.N < 1 || d.Part.N > d.Part.Of) {
			t.Errorf("%+v", d.Part)
		}
	})
}

func TestTelAddress(t *testing.T) {
	for in, want := range map[string]jiban.Address{
		"13800001234": "tel:+8613800001234", "8613800001234": "tel:+8613800001234", "+8613800001234": "tel:+8613800001234",
		"008613800001234": "tel:+8613800001234", "+14158675310": "tel:+14158675310", "10086": "tel:10086", "": "", "abc": "", "BANK95533": "", "whatsapp:+8613800001234": "",
	} {
		if got := telAddress(in, 0); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]jiban.Address{"13800001234": "tel:+8613800001234", "8613800001234": "tel:+8613800001234", "447700900123": "tel:+447700900123"} {
		if got := telAddress(in, tonInternational); got != want {
			t.Errorf("%q, called international: %q, want %q", in, got, want)
		}
	}
}

func TestMobile(t *testing.T) {
	for a, want := range map[jiban.Address]bool{"tel:+8613800001234": true, "tel:+8645112345678": false, "tel:+14158675310": true, "wechat:o": false, "tel:": false} {
		if mobile(a) != want {
			t.Errorf("%s: %v", a, !want)
		}
	}
}
