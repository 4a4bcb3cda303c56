package dialog

import (
	"regexp"
	"strings"

	"jiban"
	"jiban/lang"
)

// answered takes the message as the answer to what the last turn asked. It is not
// its turn when nothing was asked or the message is about something else.
func (t *turn) answered() bool {
	p := t.st.Pending
	if p == nil {
		return false
	}
	t.out.Intent = "answer"
	handled := false
	switch p.Kind {
	case askedField:
		handled = t.answerField(*p)
	case askedConfirm:
		handled = t.answerConfirm(*p)
	case askedEdit:
		handled = t.answerEdit(*p)
	case askedClarify:
		handled = t.answerClarify(*p)
	case askedCity:
		handled = t.answerCity(*p)
	case askedOffer:
		handled = t.answerOffer(*p)
	case askedWish:
		handled = t.answerWish(*p)
	case askedSupplement:
		handled = t.answerSupplement(*p)
	case askedWithdraw:
		handled = t.answerWithdraw(*p)
	case askedTicket:
		handled = t.answerTicket(*p)
	case askedCallback:
		handled = t.answerCallback(*p)
	case askedHuman:
		handled = t.answerHuman()
	case askedNext:
		handled = t.answerNext(*p)
	case askedMenu:
		handled = t.answerMenu(*p)
	case askedIncident:
		handled = t.answerIncident(*p)
	case askedDelete:
		handled = t.answerDelete(*p)
	case askedPhone, askedCode:
		t.st.Pending = p.Back // it is no number and no code
		return t.answered()
	default:
		t.st.Pending = nil
	}
	if !handled {
		t.out.Intent = ""
	}
	return handled
}

// answerMenu takes a number or tap for people; all else is a message of its own.
func (t *turn) answerMenu(p pending) bool {
	t.st.Pending = nil
	o, ok := t.said.choice(p.Choices)
	if !ok && t.declines() && t.st.Request == nil {
		return t.letGo("")
	}
	if !ok || o.Value != t.zh("human") {
		return false
	}
	t.out.Command = CommandHuman
	return t.handoff(jiban.HandoffRequested)
}

// answerField fills in what was asked and all else that was told with it. A
// question in between is answered, another request noted, and the form goes on.
func (t *turn) answerField(p pending) bool {
	r := t.st.Request
	if r == nil || len(p.Keys) == 0 {
		t.st.Pending = nil
		return false
	}
	if t.said.location != nil && len(t.said.parts) == 0 {
		return t.atPosition()
	}
	if t.said.pictures > 0 {
		t.addPictures(r)
		if len(t.said.parts) == 0 {
			t.say("form.picture", nil)
			t.askAgain()
			return true
		}
	}
	if t.chosePrivacy() {
		return t.goOn()
	}
	if _, _, skip := t.said.ordered(lang.CommandSkip); skip {
		return t.skip(p)
	}
	if t.aside(p) {
		return true
	}
	return t.fill(p)
}

// fill reads the answer into the asked fields.
func (t *turn) fill(p pending) bool {
	text := t.said.text
	if t.houseTold(text) {
		t.say("form.more", nil)
		return t.goOn()
	}
	took, before := false, len(t.slots())
	if dontKnow.MatchString(text) && !needed(t.st.Request, p.Keys[0]) && len(p.Keys) == 1 {
		return t.skip(p)
	}
	if t.said.is(lang.CommandYes) && !needed(t.st.Request, p.Keys[0]) && optional[p.Keys[0]] {
		return t.skip(p)
	}
	if contains(p.Keys, "phone") && refuses.MatchString(text) && len(lang.Phones(text)) == 0 {
		t.st.Request.skip("phone")
		t.st.Request.skip("name")
		t.say("form.no_phone", nil)
		took = true
	}
	for _, key := range p.Keys {
		if t.st.Request.Slots[key] == "" && !t.st.Request.Skipped[key] && t.accept(t.field(key), text, len(p.Keys) == 1) {
			took = true
			if key == "description" {
				t.classify(text)
			}
		}
	}
	t.absorb(text, false)
	if took || len(t.slots()) > before || !stillAsked(t, p) {
		t.st.calm()
		t.passOver(p)
		if !took && stillAsked(t, p) {
			t.say("form.more", nil)
		}
		return t.goOn()
	}
	if t.out.Region != "" && contains(p.Keys, "place") && p.Tries == 0 {
		// The city or district is known now, the place not yet.
		p.Tries++
		t.failWith("ask.place_more", p)
		return true
	}
	if contains(p.Keys, "phone") && tellsMore(text) && p.Tries < 3 {
		return t.toldMore(p, text)
	}
	return t.invalid(p)
}

// toldMore keeps what was told beside the question, and asks again.
func (t *turn) toldMore(p pending, text string) bool {
	t.describeMore(t.st.Request, text)
	t.say("form.more", nil)
	if p.Tries++; p.Tries > 1 {
		t.failWith("invalid.no_phone", p)
		return true
	}
	t.goOn()
	if again := t.st.Pending; again != nil && again.Kind == askedField {
		again.Tries = p.Tries
	}
	return true
}

// tellsMore says that what was said instead of a telephone number is no try at one:
// people go on telling what happened while they are asked for it.
func tellsMore(text string) bool {
	return len(hanOnly.FindAllString(text, -1)) >= 5 && !someDigits.MatchString(text)
}

var (
	hanOnly    = regexp.MustCompile(`\p{Han}`)
	someDigits = regexp.MustCompile(`[0-9０-９零〇一幺二三四五六七八九]{3}`)
)

// optional are the fields that a person may leave open by pressing on.
var optional = map[string]bool{"unit": true, "since": true, "temperature": true, "amount": true, "people": true, "demand": true, "noise_time": true, "heat_company": true, "plate": true}

// classify finds the matter of a request whose content comes after its kind: 我要投诉,
// then what about. What the person called it stays.
func (t *turn) classify(text string) {
	r := t.st.Request
	if r.Matter != "" {
		return
	}
	rd := t.read(text)
	if rd.score >= likelyMatter {
		r.Matter = rd.matter
	}
	if r.Unnamed {
		r.Type = t.typeFor(rd)
	}
	if len([]rune(r.Text)) < len([]rune(text)) {
		r.Text = text
	}
}

// maxPassed is how often a detail that helps but is not needed is asked for beside
// something else.
const maxPassed = 2

// passOver lets go of a detail that was asked for again and again and left out.
func (t *turn) passOver(p pending) {
	for _, key := range p.Keys {
		if isOneOf(key, "since", "temperature", "people") && len(p.Keys) > 1 && t.slots()[key] == "" && t.st.Request.pass(key) >= maxPassed {
			t.st.Request.skip(key)
		}
	}
}

// stillAsked says that none of what was asked is filled in.
func stillAsked(t *turn, p pending) bool {
	missing := t.missing(t.st.Request)
	for _, key := range p.Keys {
		if !hasField(missing, key) {
			return false
		}
	}
	return true
}

func (t *turn) addPictures(r *request) {
	had := 0
	for _, d := range r.Slots["attachments"] {
		had = had*10 + int(d-'0')
	}
	r.set("attachments", itoa(min(had+t.said.pictures, 99)))
}

func (t *turn) atPosition() bool {
	r := t.st.Request
	t.takePosition(r)
	if r.Slots["place"] == "" {
		return t.invalid(*t.st.Pending)
	}
	t.st.calm()
	return t.goOn()
}

// takePosition takes a shared position as the place, by its label or else by its
// coordinates.
func (t *turn) takePosition(r *request) {
	loc := t.said.location
	label := strings.TrimSpace(loc.Label)
	for _, p := range t.e.places.FindNear(label, t.region()) {
		if !p.Outside {
			t.learnRegion(p)
		}
	}
	if label == "" {
		label = coordinates(loc)
	}
	r.set("place", label)
}

func (t *turn) chosePrivacy() bool {
	r := t.st.Request
	was := [2]bool{r.Anonymous, r.Confidential}
	short := len([]rune(t.said.text)) <= 12
	if _, _, ok := t.said.ordered(lang.CommandAnonymous); ok && !secret.MatchString(t.said.text) {
		r.Anonymous, r.Confirmed = true, false
	} else if short {
		t.absorbPrivacy(t.said.text)
	}
	if r.Anonymous && !was[0] {
		t.say("form.anonymous", nil)
		return true
	}
	if r.Confidential && !was[1] {
		t.say("form.confidential", nil)
		return true
	}
	return false
}

func (t *turn) skip(p pending) bool {
	r := t.st.Request
	for _, key := range p.Keys {
		if needed(r, key) {
			t.say("invalid.required", nil)
			t.askAgain()
			return true
		}
		r.skip(key)
	}
	return t.goOn()
}

// needed says that a ticket cannot be handled without the field.
func needed(r *request, key string) bool {
	switch key {
	case "description", "city":
		return true
	case "place":
		return r.Type == jiban.Help
	default:
		return false
	}
}

var asideMark = regexp.MustCompile(`^(?:另外|还有一件事|还有个问题|还有一个问题|还有个事|再问一下|顺便问一下|对了|(?i:also|by the way))[，,：: ]*`)

// aside deals with what is no answer: another request, a question, thanks. Long
// free text is an answer to a free-text field whatever it looks like.
func (t *turn) aside(p pending) bool {
	text := t.said.text
	if m := asideMark.FindString(text); m != "" && len([]rune(text[len(m):])) >= 4 {
		return t.noteOrAnswer(text[len(m):])
	}
	free := t.field(p.Keys[0]).Kind == "text" || p.Keys[0] == "description"
	if len(p.Keys) == 1 && free && p.Keys[0] != "unit" {
		return false
	}
	if t.closedBetween(p, text) {
		return true
	}
	if safeWords.MatchString(lang.Fold(text)) && !t.tells(p, text) {
		t.out.Decision, t.out.Intent = DecideSmalltalk, "safe"
		t.say("smalltalk.safe_form", nil)
		return t.resume()
	}
	if waits.MatchString(text) {
		t.out.Decision, t.out.Intent = DecideAskField, "wait"
		t.say("form.wait", nil)
		return true
	}
	if kind, ok := lang.Chitchat(text); ok && kind != lang.ChatNoise && !t.tells(p, text) {
		if kind == lang.ChatInsult {
			return t.insulted()
		}
		t.out.Decision, t.out.Intent = DecideSmalltalk, kind
		t.say(t.chatInForm(kind), nil)
		return t.resume()
	}
	if lang.Question(text) && !dontKnow.MatchString(text) && !t.tells(p, text) {
		return t.answerBetween(text)
	}
	if other, ok := t.otherRequest(text); ok && !t.tells(p, text) {
		return t.noteOrAnswer(other)
	}
	return false
}

// tells says that the text holds an answer to what was asked, tried on a copy.
func (t *turn) tells(p pending, text string) bool {
	r := *t.st.Request
	slots := make(map[string]string, len(r.Slots))
	for k, v := range r.Slots {
		slots[k] = v
	}
	trial := *t
	state := *t.st
	request := r
	request.Slots = slots
	state.Request, state.Known = &request, nil
	trial.st = &state
	for _, key := range p.Keys {
		if request.Slots[key] == "" && trial.accept(trial.field(key), text, len(p.Keys) == 1) {
			return true
		}
	}
	return false
}

// otherRequest says that the text is plainly about another matter.
func (t *turn) otherRequest(text string) (string, bool) {
	least, sure := 8, sureMatter
	if t.lang == jiban.English {
		least, sure = 20, 0.75
	}
	if len([]rune(text)) < least {
		return "", false
	}
	code, score := t.guessMatter(text)
	if score < sure || code == t.st.Request.Matter {
		return "", false
	}
	return text, true
}

// noteOrAnswer answers a question at once and keeps a request for afterwards.
func (t *turn) noteOrAnswer(text string) bool {
	kind, _ := lang.RequestType(text)
	if lang.Question(text) && kind == jiban.Consultation {
		return t.answerBetween(text)
	}
	t.noteNext(text)
	t.say("form.noted", nil)
	t.out.Intent = "next"
	t.askAgain()
	return true
}

// maxNext bounds the requests that wait.
const maxNext = 5

// besides joins a request to the one before it and says nothing of it.
var besides = regexp.MustCompile(`^(?:还有|以及|对了|另外|而且)(?:就是|一个|一件)?[，,：: ]*`)

func (t *turn) noteNext(text string) {
	if len(t.st.Next) < maxNext {
		t.st.Next = append(t.st.Next, firstRunes(besides.ReplaceAllString(text, ""), 300))
	}
}

// invalid says helpfully what is expected; never the same sentence twice. The
// third time the field is skipped where that is possible, else people help.
func (t *turn) invalid(p pending) bool {
	f := t.field(p.Keys[0])
	kind := f.Kind
	if f.Key == "credit_code" {
		kind = f.Key
	}
	if !t.e.book.Has("invalid." + kind) {
		kind = "text"
	}
	p.Tries++
	switch {
	case p.Tries == 1 && kind == "phone" && !someDigits.MatchString(t.said.text):
		t.failWith("invalid.no_phone", p)
	case p.Tries == 1:
		t.failWith("invalid."+kind, p)
	case p.Tries == 2:
		t.failWith("invalid."+kind+"2", p)
	case !needed(t.st.Request, f.Key):
		t.st.Request.skip(f.Key)
		return t.goOn()
	default:
		return t.handoff(jiban.HandoffNotUnderstood)
	}
	return true
}

func (t *turn) failWith(key string, p pending) {
	t.out.Decision, t.out.Ask = DecideAskField, p.Keys
	l := t.say(key, nil)
	l.options = p.Choices
	t.ask(p, l)
}

func (t *turn) answerEdit(p pending) bool {
	r := t.st.Request
	if r == nil {
		t.st.Pending = nil
		return false
	}
	o, ok := t.said.choice(p.Choices)
	if key := fieldNamed(t.said.text); !ok && key != "" {
		o, ok = jiban.Option{Value: key}, true
	}
	if !ok {
		// What was said may be the correction itself.
		t.st.Pending = &pending{Kind: askedConfirm}
		return t.answerConfirm(*t.st.Pending)
	}
	return t.editField(o.Value)
}

// fieldNames are the words by which people call a field when they choose it.
var fieldNames = []struct{ key, words string }{
	{"place", "地址 地点 位置 地方 address place"}, {"phone", "电话 手机 手机号 号码 联系方式 phone"}, {"name", "姓名 名字 称呼 name"},
	{"since", "时间 日期 time"}, {"description", "内容 情况 描述 description"}, {"unit", "单位 公司"}, {"demand", "诉求 要求"}, {"amount", "金额 钱数"},
}

func fieldNamed(text string) string {
	word := lang.Fold(strings.Trim(text, trailing))
	for _, f := range fieldNames {
		if contains(strings.Fields(f.words), word) {
			return f.key
		}
	}
	return ""
}

// editField asks for the new value of one field.
func (t *turn) editField(key string) bool {
	r := t.st.Request
	delete(r.Slots, key)
	delete(t.st.Known, key)
	r.Confirmed = false
	if key == "place" {
		r.Region = ""
	}
	t.out.Decision, t.out.Ask = DecideAskField, []string{key}
	f := t.field(key)
	l := t.say("confirm.edit_ask", map[string]any{"label": t.label(f)})
	t.ask(pending{Kind: askedField, Keys: []string{key}}, l)
	return true
}
