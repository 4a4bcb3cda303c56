package channelstest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"jiban"
	"jiban/channels"
)

// Stand is an adapter under test beside a stand-in of its provider.
type Stand struct {
	Sender channels.Sender
	// Reach is somebody who can be reached now.
	Reach channels.Reach
	// Closed are people who cannot be reached on this channel: that is no error.
	Closed []channels.Reach
	// Takes says why the provider would refuse a part, nil when it would not.
	Takes func(channels.Part) error
	// Shown is what the person reads of a part, without what the channel adds to
	// each (signature, numbering).
	Shown func(channels.Part) string
	// MaxParts is how many parts the channel allows for one message, 0 for any
	// number. A text that does not fit is cut, and must still begin as written.
	MaxParts int
	// Arrived lists the words the provider took so far, in order. May be nil.
	Arrived func() []string
	// Failures are the provider's ways to fail.
	Failures []Failure
	// Secrets must appear in no error.
	Secrets []string
}

// Failure is one way in which a provider fails.
type Failure struct {
	Name  string
	Break func(t *testing.T) // makes the next send fail so
	Want  channels.Action
	Code  string // the provider's own code as SendError carries it, "" for any
}

// Outbound runs the table on an adapter. Open is called anew for each case.
func Outbound(t *testing.T, open func(t *testing.T) Stand) {
	t.Helper()
	for _, c := range contents() {
		t.Run("compose "+c.name, func(t *testing.T) { composes(t, open(t), c) })
	}
	t.Run("send", func(t *testing.T) { sends(t, open(t)) })
	t.Run("nobody to reach", func(t *testing.T) { closed(t, open(t)) })
	t.Run("context ended", func(t *testing.T) { ended(t, open(t)) })
	for i, f := range open(t).Failures {
		t.Run("failure "+f.Name, func(t *testing.T) { fails(t, open(t), i) })
	}
}

type content struct {
	name string
	c    jiban.Content
}

func text(s string) jiban.Content { return jiban.Content{Kind: jiban.KindText, Text: s} }

func contents() []content {
	var cs []content
	sentence := "您反映的小区停水问题已经转给供水部门，请保持电话畅通。"
	for _, n := range []int{1, 66, 67, 68, 69, 70, 71, 134, 135, 320, 335, 336, 600, 682, 683, 1000, 2048, 4000} {
		cs = append(cs, content{fmt.Sprintf("%d characters", n), text(firstRunes(strings.Repeat(sentence, n/20+1), n))})
	}
	options := []jiban.Option{{Label: "转人工", Value: "转人工"}, {Label: "查进度", Value: "查进度"}, {Label: "是，提交", Value: "yes"}}
	return append(cs,
		content{"no sentence end", text(strings.Repeat("停水", 700))},
		content{"emoji", text(strings.Repeat("好👍🏽👨‍👩‍👧🇨🇳", 60))},
		content{"rare surname", text(strings.Repeat("𠮷先生您好。", 80))},
		content{"latin", text(strings.Repeat("Your request was passed on to the department. ", 40))},
		content{"line breaks", text("一、身份证\n二、户口簿\n\n三、申请表")},
		content{"markup", text(`<a href="x">A&B</a> ]]> "引号" '单' \ % {}`)},
		content{"ticket number", text("已受理，工单编号2611020000018，请记下。")},
		content{"options", jiban.Content{Kind: jiban.KindText, Text: "请选择：", Options: options}},
		content{"many options", jiban.Content{Kind: jiban.KindText, Text: "请选择：", Options: manyOptions()}},
		content{"citations", jiban.Content{Kind: jiban.KindText, Text: "可以网上办理。", Citations: []jiban.Citation{
			{ArticleID: "kb1", Version: 2, Title: "异地就医备案", Source: "省医保局〔2025〕3号", Date: "2025-03-01"}}}},
		content{"long with options", jiban.Content{Kind: jiban.KindText, Text: strings.Repeat(sentence, 12), Options: options}},
		content{"generated", jiban.Content{Kind: jiban.KindText, Text: "可以网上办理。", Generated: true}},
	)
}

func manyOptions() []jiban.Option {
	var os []jiban.Option
	for i := 1; i <= 12; i++ {
		os = append(os, jiban.Option{Label: fmt.Sprintf("第%d项", i), Value: fmt.Sprintf("v%d", i)})
	}
	return os
}

func firstRunes(s string, n int) string { return string([]rune(s)[:n]) }

func (s Stand) way(t *testing.T) channels.Way {
	t.Helper()
	ways, err := s.Sender.Ways(context.Background(), s.Reach)
	if err != nil || len(ways) == 0 {
		t.Fatalf("somebody who can be reached has no way: %v, %v", ways, err)
	}
	for _, w := range ways {
		if w.Channel == "" || w.Path == "" || w.To == "" {
			t.Errorf("a way says neither where nor how: %+v", w)
		}
	}
	return ways[0]
}

func composes(t *testing.T, s Stand, c content) {
	parts, err := s.Sender.Compose(s.way(t), c.c)
	if err != nil || len(parts) == 0 {
		t.Fatalf("composed into nothing: %v, %v", parts, err)
	}
	if s.MaxParts > 0 && len(parts) > s.MaxParts {
		t.Errorf("%d parts, %d are allowed", len(parts), s.MaxParts)
	}
	var shown strings.Builder
	for i, p := range parts {
		if p.N != i+1 || p.Of != len(parts) {
			t.Errorf("part %d of %d says %d of %d", i+1, len(parts), p.N, p.Of)
		}
		if !utf8.ValidString(p.Text) {
			t.Errorf("part %d is no UTF-8", p.N)
		}
		if err := s.Takes(p); err != nil {
			t.Errorf("part %d of %d: %v", p.N, p.Of, err)
		}
		shown.WriteString(s.Shown(p))
	}
	s.complete(t, c.c, shown.String(), len(parts))
}

// complete checks that the person can read all of it: the words in order, every
// option, and where an answer comes from.
func (s Stand) complete(t *testing.T, c jiban.Content, shown string, parts int) {
	t.Helper()
	got, want := squeeze(shown), squeeze(c.Text)
	full := strings.Contains(got, want)
	if s.MaxParts > 0 && parts == s.MaxParts && !full {
		if !strings.Contains(got, firstRunes(want, min(100, utf8.RuneCountInString(want)))) {
			t.Error("a text cut to the allowed parts does not begin as written")
		}
		return
	}
	if !full {
		t.Errorf("words are missing or out of order: %d characters of %d shown", utf8.RuneCountInString(got), utf8.RuneCountInString(want))
	}
	for _, o := range c.Options {
		if !strings.Contains(got, squeeze(o.Label)) {
			t.Errorf("the option %q is not shown", o.Label)
		}
	}
	for _, ci := range c.Citations {
		if !strings.Contains(got, squeeze(ci.Title)) || !strings.Contains(got, squeeze(ci.Date)) {
			t.Errorf("the citation %q with its date is not shown", ci.Title)
		}
	}
}

// squeeze takes out white space: a cut may fall on it.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func sends(t *testing.T, s Stand) {
	w := s.way(t)
	parts, err := s.Sender.Compose(w, text("已受理，工单编号2611020000018。👍"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		p.Key = fmt.Sprintf("m001.%d", p.N)
		if _, err := s.Sender.Send(context.Background(), w, p); err != nil {
			t.Fatalf("the stand-in did not take part %d: %v", p.N, err)
		}
	}
	if s.Arrived == nil {
		return
	}
	if got := strings.Join(s.Arrived(), ""); !strings.Contains(squeeze(got), "工单编号2611020000018。👍") {
		t.Errorf("what arrived is not what was sent: %q", got)
	}
}

func closed(t *testing.T, s Stand) {
	for i, r := range s.Closed {
		if ways, err := s.Sender.Ways(context.Background(), r); err != nil || len(ways) > 0 {
			t.Errorf("person %d cannot be reached here, and yet: %v, %v", i, ways, err)
		}
	}
}

func ended(t *testing.T, s Stand) {
	w := s.way(t)
	parts, err := s.Sender.Compose(w, text("您好"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Sender.Send(ctx, w, parts[0]); err != nil {
		s.careful(t, err, "您好")
	}
}

func fails(t *testing.T, s Stand, i int) {
	f := s.Failures[i]
	w := s.way(t)
	parts, err := s.Sender.Compose(w, text("一句不该出现在错误里的话"))
	if err != nil {
		t.Fatal(err)
	}
	f.Break(t)
	_, err = s.Sender.Send(context.Background(), w, parts[0])
	if err == nil {
		t.Fatal("the provider failed and nobody noticed")
	}
	if got := channels.ActionOf(err); got != f.Want {
		t.Errorf("action %q, want %q (%v)", got, f.Want, err)
	}
	var se *channels.SendError
	if errors.As(err, &se) && f.Code != "" && se.Code != f.Code {
		t.Errorf("provider code %q, want %q", se.Code, f.Code)
	}
	s.careful(t, err, "一句不该出现在错误里的话")
}

// careful checks that an error gives nothing away.
func (s Stand) careful(t *testing.T, err error, words string) {
	t.Helper()
	for _, secret := range append([]string{words}, s.Secrets...) {
		if secret != "" && strings.Contains(err.Error(), secret) {
			t.Error("the error holds a secret or message text")
		}
	}
}
