package dialog

import (
	"jiban"
	"jiban/lang"
)

// personal does what a person orders about themselves: what they want to be told,
// what they consent to, and what is held about them.
func (t *turn) personal() bool {
	if t.tookChoice() {
		return false
	}
	c, _, ok := t.said.ordered(lang.CommandPrivacy, lang.CommandBind, lang.CommandRevoke, lang.CommandSeeData, lang.CommandCopyData,
		lang.CommandCorrectData, lang.CommandDeleteData, lang.CommandOutOfProgress, lang.CommandOutOfSurvey, lang.CommandIntoProgress,
		lang.CommandIntoSurvey)
	if !ok {
		return false
	}
	switch c {
	case lang.CommandPrivacy:
		return t.privacy()
	case lang.CommandBind:
		return t.bind()
	case lang.CommandRevoke:
		return t.revoke()
	case lang.CommandOutOfProgress, lang.CommandIntoProgress:
		return t.opt(c == lang.CommandOutOfProgress, jiban.GroupProgress)
	case lang.CommandOutOfSurvey, lang.CommandIntoSurvey:
		return t.opt(c == lang.CommandOutOfSurvey, jiban.GroupSurvey)
	case lang.CommandDeleteData:
		return t.askDelete()
	case lang.CommandCopyData:
		return t.data(jiban.DataCopy)
	case lang.CommandCorrectData:
		return t.data(jiban.DataCorrect)
	default:
		return t.data(jiban.DataSee)
	}
}

// opt takes a person off the notices of a group, or puts them back; of all that
// can be refused when no group is named.
func (t *turn) opt(out bool, g jiban.NoticeGroup) bool {
	if out {
		t.ordered(CommandOptOut)
	} else {
		t.ordered(CommandOptIn)
	}
	t.wants(out, g)
	return t.resume()
}

func (t *turn) wants(out bool, g jiban.NoticeGroup) {
	t.out.OptOut, t.out.OptGroup = &out, g
	key := "opt_in"
	if out {
		key = "opt_out"
	}
	if g != "" {
		key += "_" + string(g)
	}
	t.say(key, nil)
}

// privacy shows the whole notice of what is kept and why.
func (t *turn) privacy() bool {
	t.ordered(CommandPrivacy)
	t.say("privacy.full", t.edition())
	return t.resume()
}

// edition is the version and the date of the privacy notice.
func (t *turn) edition() map[string]any {
	return map[string]any{"version": t.word("privacy.version", nil), "date": t.word("privacy.date", nil)}
}

func (t *turn) consent(purpose string, given bool) {
	t.out.Consents = append(t.out.Consents, ConsentChange{Purpose: purpose, Wording: t.word("privacy.version", nil), Given: given})
}

// revoke takes the consent back, and what was built on it.
func (t *turn) revoke() bool {
	t.ordered(CommandRevoke)
	f, ok := t.deed(Need{Kind: NeedUnbind})
	if !ok {
		return true
	}
	t.consent(jiban.ConsentBind, false)
	delete(t.st.Known, "phone")
	if p := t.st.Pending; p != nil && (p.Kind == askedPhone || p.Kind == askedCode) {
		t.st.Pending = p.Back
	}
	key := "revoke.done"
	if f.Result == DeedNone {
		key = "revoke.none"
	}
	t.say(key, nil)
	return t.resume()
}

// data makes a task of the staff: who asks must be checked first, and by people.
func (t *turn) data(kind jiban.DataRequestKind) bool {
	t.ordered(CommandData)
	f, ok := t.deed(Need{Kind: NeedData, Data: kind})
	if !ok {
		return true
	}
	key := "data.taken"
	if f.Result == DeedAgain {
		key = "data.again"
	}
	t.say(key, map[string]any{"what": t.word("data."+string(kind), nil)})
	return t.resume()
}

func (t *turn) askDelete() bool {
	t.ordered(CommandData)
	l := t.say("data.confirm", nil)
	l.options = t.options("delete_data", "keep_data")
	t.ask(pending{Kind: askedDelete, Back: t.st.Pending}, l)
	return true
}

// answerDelete goes on only with a clear yes; anything but yes and no is a
// message of its own.
func (t *turn) answerDelete(p pending) bool {
	o, chose := t.said.choice(p.Choices)
	yes := chose && o.Value == t.zh("delete_data") || t.said.is(lang.CommandYes)
	no := chose && !yes || t.said.is(lang.CommandNo)
	t.st.Pending = p.Back
	switch {
	case yes:
		return t.data(jiban.DataDelete)
	case no:
		t.ordered(CommandData)
		t.say("data.kept", nil)
		return t.resume()
	}
	return false
}

// deed returns what came of something done, or leaves the need for it.
func (t *turn) deed(n Need) (DeedFact, bool) {
	for _, f := range t.in.Facts.Deeds {
		if f.Kind == n.Kind {
			return f, true
		}
	}
	t.need = &n
	return DeedFact{}, false
}
