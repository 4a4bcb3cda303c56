package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// mostCodeTries is how many wrong numbers or codes end the proof of a telephone.
const mostCodeTries = 3

// maxNumberText is how long a message may be that tells a telephone number and
// nothing else, in characters.
const maxNumberText = 30

var (
	mobileNumber = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	sixDigits    = regexp.MustCompile(`^(?:(?:我的|短信)?验证码|(?:the |my )?code)?(?:就?是| is)?[:：,， ]*([0-9]{6})$`)
)

// bind begins the proof of a telephone: what it is for is told before the number
// is asked. What stood open waits.
func (t *turn) bind() bool {
	t.ordered(CommandBind)
	switch {
	case t.sms():
		t.say("bind.sms", nil)
		return t.resume()
	case !t.in.Situation.CanProve:
		t.say("bind.impossible", nil).options = t.options("human")
		return t.resume()
	}
	if phone := t.in.Situation.Phone; phone != "" {
		t.say("bind.known", map[string]any{"tail": tail(phone)})
	}
	l := t.say("bind.ask", t.edition())
	t.ask(pending{Kind: askedPhone, Back: t.beforeBinding()}, l)
	return true
}

// beforeBinding is what stood open before the telephone came up.
func (t *turn) beforeBinding() *pending {
	p := t.st.Pending
	if p != nil && (p.Kind == askedPhone || p.Kind == askedCode) {
		return p.Back
	}
	return p
}

// binding takes the number, then the code. A message about something else is
// heard as such; who moves on is not held.
func (t *turn) binding() bool {
	p := t.st.Pending
	if p == nil || p.Kind != askedPhone && p.Kind != askedCode {
		return false
	}
	switch no := t.said.is(lang.CommandNo); {
	case t.said.is(lang.CommandCancel), no && p.Kind == askedPhone:
		return t.unboundWith("bind.cancelled", *p)
	case no: // 还没有, 没有: the code has not come
		t.ordered(CommandBind)
		t.say("bind.code_again", nil)
		return true
	}
	if number := t.saidMobile(); number != "" {
		return t.sendCode(*p, number)
	}
	if p.Kind == askedCode && t.said.is(lang.CommandResend) {
		return t.sendCode(*p, p.Text)
	}
	folded := lang.Fold(strings.Trim(t.said.text, trailing))
	if m := sixDigits.FindStringSubmatch(folded); m != nil && p.Kind == askedCode {
		return t.tryCode(*p, m[1])
	}
	return t.notBound(*p, folded)
}

// notBound asks again for what was nearly right, and lets go of who speaks of
// something else.
func (t *turn) notBound(p pending, folded string) bool {
	if _, _, order := lang.ParseCommand(t.said.text); order {
		return false
	}
	if len([]rune(folded)) > maxNumberText || !digits.MatchString(folded) {
		t.st.Pending = p.Back
		return false
	}
	key, last := "bind.phone_again", "bind.no_number"
	if p.Kind == askedCode {
		key, last = "bind.code_again", "bind.over"
	}
	if p.Tries++; p.Tries >= mostCodeTries {
		return t.unboundWith(last, p)
	}
	t.ordered(CommandBind)
	t.say(key, nil)
	t.st.Pending = &p
	return true
}

// saidMobile is the mobile number that is all the message says.
func (t *turn) saidMobile() string {
	if len([]rune(t.said.text)) > maxNumberText {
		return ""
	}
	for _, s := range lang.Phones(t.said.text) {
		if mobileNumber.MatchString(s.Value) {
			return s.Value
		}
	}
	return ""
}

// sendCode has a code sent. That the number was given after the notice is the
// consent.
func (t *turn) sendCode(p pending, number string) bool {
	t.ordered(CommandBind)
	f, ok := t.deed(Need{Kind: NeedCode, Phone: number})
	if !ok {
		return true
	}
	if p.Kind == askedPhone {
		t.consent(jiban.ConsentBind, true)
	}
	if f.Result == DeedLimited {
		t.say("bind.limited", nil)
	} else {
		t.say("bind.sent", map[string]any{"tail": tail(number), "minutes": f.Minutes})
	}
	tries := p.Tries
	if p.Kind == askedPhone {
		tries = 0
	}
	t.st.Pending = &pending{Kind: askedCode, Text: number, Tries: tries, Back: p.Back}
	return true
}

func (t *turn) tryCode(p pending, code string) bool {
	t.ordered(CommandBind)
	f, ok := t.deed(Need{Kind: NeedProof, Phone: p.Text, Code: code})
	switch {
	case !ok:
		return true
	case f.Result == DeedDone:
		return t.bound(p)
	case f.Result == DeedWrong && p.Tries+1 < mostCodeTries:
		p.Tries++
		t.say("bind.wrong", map[string]any{"left": mostCodeTries - p.Tries})
		t.st.Pending = &p
		return true
	}
	return t.unboundWith("bind.over", p)
}

// bound tells that the number is proven; who is on the special-service list hears
// at once that people are there.
func (t *turn) bound(p pending) bool {
	t.st.Pending = p.Back
	t.st.know("phone", p.Text)
	t.say("bind.done", map[string]any{"tail": tail(p.Text)})
	if t.st.Roster && t.st.Request == nil {
		t.say("roster.offer", nil).options = t.options("human")
	}
	return t.resume()
}

// unboundWith ends the proof without one.
func (t *turn) unboundWith(key string, p pending) bool {
	t.ordered(CommandBind)
	t.st.Pending = p.Back
	t.say(key, nil)
	return t.resume()
}

// tail is what may be repeated of a telephone number.
func tail(phone string) string {
	if len(phone) < 4 {
		return ""
	}
	return phone[len(phone)-4:]
}
