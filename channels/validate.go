package channels

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"jiban"
)

// Limits of what is taken in. They are wide enough for all that providers send.
const (
	MaxText        = 4000 // characters; what is longer is cut and marked
	maxID          = 256  // bytes of a provider's id or an address
	maxName        = 64   // bytes of a channel's name
	maxLabel       = 200  // characters of a place's or file's name
	maxAttachments = 9
)

// CutMark ends a text that was cut to MaxText, so that whoever reads it knows.
const CutMark = "……（原文过长，以下未收录）"

const opValidate = "channels.Receive"

// clean checks a received message and puts its texts in order: valid UTF-8, no
// control characters, bounded length. What names the message or the person is never
// altered; wrong there is CodeInvalid.
func clean(r jiban.Received) (jiban.Received, error) {
	if err := checkNames(r); err != nil {
		return r, err
	}
	c := r.Content
	c.Text = cutText(cleanText(c.Text))
	c.Event = cutTo(cleanText(c.Event), maxLabel)
	c.Options, c.Citations, c.Generated = tapped(c), nil, false
	if err := checkContent(&c); err != nil {
		return r, err
	}
	r.Content = c
	if r.Lang == "" {
		r.Lang = jiban.Chinese
	}
	return r, nil
}

// tapped keeps the label of a tapped option, for those who read the conversation.
func tapped(c jiban.Content) []jiban.Option {
	if c.Kind != jiban.KindTap || len(c.Options) != 1 {
		return nil
	}
	return []jiban.Option{{Label: cutTo(cleanText(c.Options[0].Label), maxLabel), Value: c.Text}}
}

func checkNames(r jiban.Received) error {
	kind, rest, found := strings.Cut(string(r.Address), ":")
	switch {
	case !plain(r.Channel, maxName) || r.ChannelKind == "":
		return jiban.Errorf(jiban.CodeInvalid, opValidate, "a message must name its channel and kind of channel")
	case !plain(r.ExternalID, maxID):
		return jiban.Errorf(jiban.CodeInvalid, opValidate, "the message's id must have 1 to %d bytes of plain text", maxID)
	case !found || kind == "" || rest == "" || !plain(string(r.Address), maxID):
		return jiban.Errorf(jiban.CodeInvalid, opValidate, "the sender's address must read kind:value")
	case r.RepeatWithin < 0:
		return jiban.Errorf(jiban.CodeInvalid, opValidate, "the time of repeats cannot be negative")
	}
	return nil
}

func plain(s string, limit int) bool {
	return s != "" && len(s) <= limit && utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

func checkContent(c *jiban.Content) error {
	switch c.Kind {
	case jiban.KindText, jiban.KindTap:
		if strings.TrimSpace(c.Text) == "" {
			return jiban.Errorf(jiban.CodeInvalid, opValidate, "the message is empty")
		}
	case jiban.KindLocation:
		return checkLocation(c)
	case jiban.KindImage, jiban.KindFile, jiban.KindVoice:
		return checkAttachments(c)
	case jiban.KindEvent:
		if c.Event == "" {
			return jiban.Errorf(jiban.CodeInvalid, opValidate, "an event must have a name")
		}
	case jiban.KindUnknown:
	default:
		return jiban.Errorf(jiban.CodeInvalid, opValidate, "there is no such kind of message")
	}
	return nil
}

func checkLocation(c *jiban.Content) error {
	if c.Location == nil || !within(c.Location.Lat, 90) || !within(c.Location.Lng, 180) {
		return jiban.Errorf(jiban.CodeInvalid, opValidate, "a location needs a latitude within ±90 and a longitude within ±180")
	}
	l := *c.Location
	l.Label = cutTo(cleanText(l.Label), maxLabel)
	c.Location = &l
	return nil
}

func within(x, limit float64) bool { return !math.IsNaN(x) && math.Abs(x) <= limit }

func checkAttachments(c *jiban.Content) error {
	if len(c.Attachments) == 0 || len(c.Attachments) > maxAttachments {
		return jiban.Errorf(jiban.CodeInvalid, opValidate, "between 1 and %d files may come with a message", maxAttachments)
	}
	as := append([]jiban.Attachment(nil), c.Attachments...)
	for i := range as {
		as[i].Name, as[i].Type = cutTo(cleanText(as[i].Name), maxLabel), cutTo(cleanText(as[i].Type), maxLabel)
		if !plain(as[i].Ref, 2*maxID) {
			return jiban.Errorf(jiban.CodeInvalid, opValidate, "a file that came with the message has no reference")
		}
	}
	c.Attachments = as
	return nil
}

// cleanText repairs broken UTF-8 and drops control and direction-turning
// characters, but for line breaks and tabs.
func cleanText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexFunc(s, unwanted) < 0 {
		return s
	}
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if unwanted(r) {
			return -1
		}
		return r
	}, s)
}

func unwanted(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r):
		return true
	default:
		return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0xFEFF
	}
}

func cutText(s string) string {
	if utf8.RuneCountInString(s) <= MaxText {
		return s
	}
	return cutTo(s, MaxText-utf8.RuneCountInString(CutMark)) + CutMark
}

func cutTo(s string, limit int) string {
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}
