package dialog

import (
	"encoding/json"
	"time"

	"jiban"
	"jiban/lang"
	"jiban/prompts"
)

// Config is what an engine stands on. All of it is data that does not change
// while the engine lives: a new catalogue makes a new engine.
type Config struct {
	Catalogue jiban.Catalogue
	Book      *prompts.Book
	// Gazetteer finds places; nil makes one of the catalogue's regions.
	Gazetteer *lang.Gazetteer
	// Region is the installation's own, 230000: a conversation of that region has
	// told no city yet. "" takes the catalogue's first region.
	Region string
	// SMSText is where people who cannot speak text the police; "12110" when empty.
	SMSText string
	// SMSUnits bounds all that one turn says by SMS, in UTF-16 units without the
	// signature; 320 when zero, so that 335 hold with a usual signature (five
	// parts of 67, domain B1).
	SMSUnits int
}

// Engine decides what a turn comes to. It holds no state of any conversation and
// is safe for concurrent use.
type Engine struct {
	book     *prompts.Book
	places   *lang.Gazetteer
	matter   *lang.MatterRecognizer
	near     nearness
	matters  map[string]*jiban.Matter
	regions  map[string]jiban.Region
	cities   []jiban.Region
	region   string
	version  int // of the catalogue
	smsText  string
	smsUnits int
}

// New returns an engine. CodeInvalid when the catalogue has no region or there
// is no book of sentences.
func New(cfg Config) (*Engine, error) {
	if cfg.Book == nil || len(cfg.Catalogue.Regions) == 0 {
		return nil, jiban.Errorf(jiban.CodeInvalid, "dialog.New", "the engine needs the sentences and a catalogue with at least one region")
	}
	e := &Engine{
		book: cfg.Book, places: cfg.Gazetteer, matter: lang.NewMatterRecognizer(cfg.Catalogue.Offered()),
		near:    newNearness(cfg.Catalogue.Offered()),
		matters: map[string]*jiban.Matter{}, regions: map[string]jiban.Region{},
		region: cfg.Region, version: cfg.Catalogue.Version, smsText: cfg.SMSText, smsUnits: cfg.SMSUnits,
	}
	if e.places == nil {
		e.places = lang.NewGazetteer(cfg.Catalogue.Regions)
	}
	if e.region == "" {
		e.region = cfg.Catalogue.Regions[0].Code
	}
	if e.smsText == "" {
		e.smsText = "12110"
	}
	if e.smsUnits <= 0 {
		e.smsUnits = smsUnits
	}
	e.learn(cfg.Catalogue)
	return e, nil
}

func (e *Engine) learn(c jiban.Catalogue) {
	for i := range c.Matters {
		m := c.Matters[i]
		e.matters[m.Code] = &m
	}
	for _, r := range c.Regions {
		e.regions[r.Code] = r
		if len(r.Code) == 6 && r.Code[4:] == "00" && r.Code[2:] != "0000" {
			e.cities = append(e.cities, r)
		}
	}
}

// Step takes in the inbox and says what the turn comes to, or which fact it needs
// first. The same input gives the same bytes. A state that cannot be read, or
// that a newer engine wrote, counts as none: the person starts afresh and never
// sees an error. CodeInvalid when there is nothing in the inbox.
func (e *Engine) Step(in Input) (Outcome, *Need, error) {
	if len(in.Inbox) == 0 {
		return Outcome{}, nil, jiban.Errorf(jiban.CodeInvalid, "dialog.Step", "a turn needs at least one message")
	}
	t := &turn{e: e, in: in, st: loadState(in.State), said: hear(in.Inbox)}
	t.begin()
	t.run()
	if t.need != nil {
		return Outcome{}, t.need, nil
	}
	return t.finish()
}

// turn is one step in the making.
type turn struct {
	e    *Engine
	in   Input
	st   *state
	said utterance
	lang jiban.Lang

	need  *Need
	out   Outcome
	lines []line
	away  *request // the form the person comes back to after a long time
	back  string   // the question that the message is only the missing part of
	brief string   // a model's summary for the agent
}

// begin settles what is known before anything is understood.
func (t *turn) begin() {
	t.lang = t.in.Situation.Lang
	if t.lang == "" {
		t.lang = jiban.Chinese
	}
	if l, sure := t.said.language(); sure {
		t.lang = l
	}
	t.out.Lang = t.lang
	t.out.Decision = DecideNone
	if t.in.Situation.Holder == jiban.HeldByBot || t.in.Situation.Holder == "" {
		t.st.backFromPeople()
		t.comeBack()
	}
	t.st.At = t.in.Now
	if t.in.Situation.Roster {
		t.st.Roster = true
	}
	t.out.Roster = t.st.Roster
}

// comeBack drops a form that waited too long and notes one that waited a while.
func (t *turn) comeBack() {
	gap := t.in.Now.Sub(t.st.At)
	if t.st.At.IsZero() || gap < longAway {
		return
	}
	if gap <= patience {
		t.away = t.st.Request
		if t.away != nil && gap >= remindAfter {
			t.away.Reminded = true
		}
		return
	}
	if t.st.Request != nil {
		t.record(IntakeChange{Result: jiban.IntakeAbandoned})
		t.say("form.expired", nil)
	}
	t.st.forget()
}

// sayReturned tells who comes back later that the form stands where it stood.
func (t *turn) sayReturned() {
	if t.away != nil && t.away == t.st.Request && (t.out.Decision == DecideAskField || t.out.Decision == DecideConfirm) {
		t.lines = append([]line{{key: "form.returned", text: t.word("form.returned", nil)}}, t.lines...)
	}
}

// run asks each step of the order whether the turn is its own. Danger comes
// before everything, what was asked before anything new.
func (t *turn) run() {
	for _, step := range []func() bool{
		t.danger, t.heldByPeople, t.binding, t.personal, t.command, t.roster, t.corrected, t.answered, t.surveyed, t.empty, t.smalltalk, t.request,
	} {
		if step() || t.need != nil {
			return
		}
	}
	t.notUnderstood()
}

// finish words the replies and keeps the state.
func (t *turn) finish() (Outcome, *Need, error) {
	t.sayReturned()
	t.greet()
	t.offerHuman()
	t.keepMenu()
	t.out.Replies = t.render()
	if t.st.Request != nil || t.out.Slots == nil {
		t.out.Slots = t.slots()
	}
	t.describe()
	t.remind()
	state, err := json.Marshal(t.st)
	if err != nil {
		return Outcome{}, nil, jiban.Errorf(jiban.CodeInternal, "dialog.Step", "the state cannot be written: %w", err)
	}
	t.out.State = state
	return t.out, nil, nil
}

// remind has the person told once of a form in which they have put some work, should
// they stay away. Whoever came back after that is not told again.
func (t *turn) remind() {
	r, p := t.st.Request, t.st.Pending
	if r == nil || p == nil || r.Reminded || t.held() || t.out.Handoff != nil || !isOneOf(string(p.Kind), string(askedField), string(askedConfirm)) {
		return
	}
	if p.Kind == askedConfirm || r.Slots["place"] != "" {
		t.out.Reminder = &Reminder{At: t.in.Now.Add(remindAfter), Until: t.in.Now.Add(patience)}
	}
}

// describe names the request that the turn was about.
func (t *turn) describe() {
	r := t.st.Request
	if r == nil {
		return
	}
	if t.out.RequestType == "" {
		t.out.RequestType = r.Type
	}
	if t.out.Matter == "" {
		t.out.Matter = r.Matter
	}
}

// held reports whether people hold the conversation.
func (t *turn) held() bool {
	h := t.in.Situation.Holder
	return h == jiban.HeldByQueue || h == jiban.HeldByAgent
}

func (t *turn) sms() bool { return t.in.Situation.ChannelKind == jiban.ChannelSMS }

// month is how an hour and a day are told to people.
func (t *turn) when(at time.Time) string { return prompts.When(t.lang, at) }
