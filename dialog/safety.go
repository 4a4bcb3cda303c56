package dialog

import (
	"regexp"
	"strings"
	"time"

	"jiban"
	"jiban/lang"
)

// safetyPause is how long the safety line of one number is not said again while
// people hold the conversation.
const safetyPause = time.Hour

// Emergency is the check that comes before everything and needs no store: what is
// to be said at once about a danger in the text, nil where there is none.
func (e *Engine) Emergency(text string, l jiban.Lang, kind jiban.ChannelKind) *Safety {
	d, found := lang.Emergency(text)
	if !found {
		return nil
	}
	if spoken, sure := (&utterance{typed: []string{text}}).language(); sure {
		l = spoken
	}
	return &Safety{Number: d.Number, Also: d.Also, Text: e.safetyText(d, l, kind, text)}
}

var cannotSpeak = regexp.MustCompile(`聋|听障|听不见|不能说话|说不了话|不方便(说话|打电话|出声)|不敢(出声|说话)|哑|deaf|can't speak|cannot speak|can't talk|cannot talk`)

func (e *Engine) safetyText(d lang.Danger, l jiban.Lang, kind jiban.ChannelKind, text string) string {
	key := "emergency." + d.Kind
	if !e.book.Has(key) {
		key = "emergency.danger"
	}
	also := d.Also
	if d.Kind == lang.DangerSelfHarm && d.Number != helpline {
		// Somebody stands at the edge: people must come, whoever it is.
		key = "emergency.selfharm_now"
		also = without(also, helpline)
	}
	out := e.book.Say(l, key, map[string]any{"number": d.Number, "also": e.numbers(l, also)})
	police := d.Number == "110" || contains(d.Also, "110")
	if police && (kind == jiban.ChannelSMS || cannotSpeak.MatchString(text)) {
		if l == jiban.English {
			out += " "
		}
		out += e.book.Say(l, "emergency.text_way", map[string]any{"sms": e.smsText})
	}
	return out
}

// helpline is the one for people who think of ending their life.
const helpline = "12356"

func without(list []string, s string) []string {
	var kept []string
	for _, have := range list {
		if have != s {
			kept = append(kept, have)
		}
	}
	return kept
}

func (e *Engine) numbers(l jiban.Lang, also []string) string {
	if len(also) > 1 {
		// With several it must be plain which is for what.
		named := make([]string, len(also))
		for i, n := range also {
			named[i] = e.book.Say(l, "calls."+n, nil)
		}
		also = named
	}
	if l == jiban.English {
		return strings.Join(also, " or ")
	}
	return strings.Join(also, "、")
}

// danger says the safety line, whoever holds the conversation, once an hour for
// each number while people do. Nothing else is decided in such a turn: what was
// asked before stays open.
func (t *turn) danger() bool {
	d, text, found := t.findDanger()
	if !found {
		return false
	}
	t.out.Emergency, t.out.EmergencyAlso = d.Number, d.Also
	t.out.Intent = "emergency"
	if t.held() && t.in.Now.Sub(t.in.Situation.SafetySaid[d.Number]) < safetyPause {
		return false
	}
	t.out.Decision = DecideEmergency
	t.add(line{key: "safety", safety: true, text: t.e.safetyText(d, t.lang, t.in.Situation.ChannelKind, text)})
	if t.held() {
		return true
	}
	t.afterDanger(d)
	return true
}

func (t *turn) findDanger() (lang.Danger, string, bool) {
	for _, part := range t.said.parts {
		if d, found := lang.Emergency(part); found {
			return d, part, true
		}
	}
	if len(t.said.parts) > 1 {
		d, found := lang.Emergency(t.said.text)
		return d, t.said.text, found
	}
	return lang.Danger{}, "", false
}

// afterDanger keeps the conversation open. A person who speaks of ending their
// life is given to people at once; a form waits.
func (t *turn) afterDanger(d lang.Danger) {
	if t.st.Request == nil {
		t.record(IntakeChange{Question: t.said.text, Result: jiban.IntakeDeclined})
	}
	if d.Kind == "selfharm" {
		plan, ok := t.planHandoff(jiban.HandoffEmergency)
		if !ok {
			return
		}
		if plan.OnDuty {
			t.open(jiban.HandoffEmergency, plan)
			return
		}
	}
	l := t.say("emergency.alerted", nil)
	if t.st.Request != nil && t.st.Pending != nil {
		t.say("emergency.resume", nil)
		return
	}
	l.options = t.options("human")
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
