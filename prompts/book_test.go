package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"jiban"
)

// sample gives every parameter that any sentence takes.
func sample() map[string]any {
	p := map[string]any{"lines": []map[string]string{{"label": "地点", "value": "南岗区"}}, "privacy": true, "ahead": 3, "n": 2}
	for _, name := range []string{"number", "also", "sms", "text", "label", "department", "limit", "due", "matter", "status", "reply",
		"title", "detail", "name", "area", "wait", "by", "phone", "code", "agent", "position", "reason", "version", "date", "tail", "minutes", "left", "what", "into"} {
		p[name] = "甲"
	}
	p["number"] = "2611020000018"
	return p
}

func TestEverySentenceCanBeSaid(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	bracket := regexp.MustCompile(`[【】]`)
	for _, l := range []jiban.Lang{jiban.Chinese, jiban.English} {
		for _, key := range b.Keys() {
			text, err := b.word(l, key, sample())
			if err != nil {
				t.Errorf("%s %s: %v", l, key, err)
			}
			if text == "" && key != "answer.chinese_only" {
				t.Errorf("%s %s says nothing", l, key)
			}
			if bracket.MatchString(text) {
				t.Errorf("%s %s uses the brackets of a signature", l, key)
			}
			numberFollowsItsName(t, l, key, text)
			if key == "privacy.full" {
				continue // a document, which is asked for
			}
			if n := len([]rune(text)); n > 420 || l == jiban.Chinese && n > 160 {
				t.Errorf("%s %s is too long: %d", l, key, n)
			}
		}
	}
}

func numberFollowsItsName(t *testing.T, l jiban.Lang, key, text string) {
	t.Helper()
	if !strings.Contains(text, "2611020000018") || strings.HasPrefix(key, "emergency.") || strings.HasPrefix(key, "no_answer.") {
		return
	}
	named := regexp.MustCompile(`工单编号：2611020000018`)
	if l == jiban.English {
		named = regexp.MustCompile(`[Tt]icket number: 2611020000018`)
	}
	if !named.MatchString(text) {
		t.Errorf("%s %s: the number does not follow its name: %s", l, key, text)
	}
}

func TestEnglishHasNoChineseAndChineseNoJargon(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	params := sample()
	for name, v := range params {
		if v == "甲" {
			params[name] = "x"
		}
	}
	params["lines"] = nil
	jargon := regexp.MustCompile(`贵司|知悉|予以|兹|敬请|上述|该诉求|工单号|系统繁忙|无法识别|非法|请知晓|承办`)
	han := regexp.MustCompile(`\p{Han}`)
	for _, key := range b.Keys() {
		if text := b.Say(jiban.English, key, params); han.MatchString(text) {
			t.Errorf("en %s has Chinese: %s", key, text)
		}
		if text := b.Say(jiban.Chinese, key, params); jargon.MatchString(text) {
			t.Errorf("zh %s has jargon: %s", key, text)
		}
	}
}

func TestEveryNoticeIsWorded(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	need := map[jiban.NoticeKind]map[string]string{
		jiban.NoticeSafety:           {"text": "请拨打119"},
		jiban.NoticeCode:             {"code": "123456", "minutes": "5"},
		jiban.NoticeHandoffJoined:    {},
		jiban.NoticeHandoffReturned:  {},
		jiban.NoticeHandoffClosed:    {},
		jiban.NoticeHandoffWaiting:   {},
		jiban.NoticeTicketAccepted:   {"number": "2611020000018"},
		jiban.NoticeTicketDispatched: {"number": "2611020000018", "department": "水务局"},
		jiban.NoticeTicketSigned:     {"number": "2611020000018", "department": "水务局"},
		jiban.NoticeTicketReturned:   {"number": "2611020000018"},
		jiban.NoticeTicketExtended:   {"number": "2611020000018", "due": "11月9日"},
		jiban.NoticeTicketDelayed:    {"number": "2611020000018", "due": "11月9日"},
		jiban.NoticeTicketAnswered:   {"number": "2611020000018", "reply": "已恢复供水"},
		jiban.NoticeTicketSurvey:     {"number": "2611020000018"},
		jiban.NoticeTicketReopened:   {"number": "2611020000018"},
		jiban.NoticeTicketMessage:    {"number": "2611020000018", "text": "请问是几号楼？"},
		jiban.NoticeTicketMerged:     {"number": "2611020000018", "into": "2611020000026"},
		jiban.NoticeCallbackDone:     {"number": "2611020000018"},
		jiban.NoticeFormReminder:     {"until": "2026-11-05T09:00:00+08:00"},
	}
	for kind, params := range need {
		for _, l := range []jiban.Lang{jiban.Chinese, jiban.English} {
			if _, err := b.Notice(l, kind, params); err != nil {
				t.Errorf("%s %s: %v", l, kind, err)
			}
		}
	}
	if _, err := b.Notice(jiban.Chinese, jiban.NoticeTicketSigned, nil); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("a notice without its number was worded: %v", err)
	}
	if _, err := b.Notice(jiban.Chinese, jiban.NoticeReply, nil); err == nil {
		t.Error("a reply carries its own text and has no wording here")
	}
}

func TestNobodyIsToldNothing(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"no such key", "ticket.opened"} {
		if text := b.Say(jiban.English, key, nil); !strings.Contains(text, "转人工") {
			t.Errorf("%s: %q is no apology with a way on", key, text)
		}
	}
	if b.Misses() != 2 {
		t.Errorf("misses = %d, want 2", b.Misses())
	}
	if b.Say("fr", "hello", nil) != b.Say(jiban.Chinese, "hello", nil) {
		t.Error("an unknown language is not spoken to in Chinese")
	}
}

func TestNoticesTellTimesAsPeopleDo(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]string{"number": "2611020000018", "due": "2026-11-03T01:00:00Z"}
	for l, want := range map[jiban.Lang]string{jiban.Chinese: "11月3日09:00", jiban.English: "3 November, 09:00"} {
		text, err := b.Notice(l, jiban.NoticeTicketDelayed, params)
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %q, %v: no %s", l, text, err, want)
		}
	}
}

func TestErrorsBecomeWords(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []jiban.Code{jiban.CodeInvalid, jiban.CodeNotFound, jiban.CodeConflict, jiban.CodeDuplicate, jiban.CodeForbidden,
		jiban.CodeUnauthorized, jiban.CodeLimited, jiban.CodeUnavailable, jiban.CodeInternal} {
		if !b.Has(errorPrefix + string(c)) {
			t.Errorf("code %s has no words", c)
		}
	}
	if b.Error(jiban.Chinese, "new") != b.Error(jiban.Chinese, jiban.CodeInternal) {
		t.Error("an unknown code should read as a defect of ours")
	}
}

func TestBrokenSentencesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"not yaml": "a: [", "empty": "", "list": "a: [x]", "template": "a: '{{.x'", "twice": "a: {_: x}\na._: y",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse([]byte(text)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func ExampleBook_Say() {
	b, err := New()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Say(jiban.Chinese, "urge.done", map[string]any{"number": "2611020000018", "department": "哈尔滨市水务局", "due": "11月3日9:00"}))
	// Output: 已经为您催办，工单编号：2611020000018。我们已经提醒哈尔滨市水务局尽快办理，最晚11月3日9:00答复您。
}

// A consent names the version of the wording that was shown: whoever changes the
// wording gives it a new version and a date, and writes both down here.
func TestTheVersionOfThePrivacyNoticeNamesItsWording(t *testing.T) {
	const version, wording = "2", "8b54cd3c37e667f0"
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for _, l := range []jiban.Lang{jiban.Chinese, jiban.English} {
		for _, key := range []string{"privacy.date", "privacy.full", "privacy.full.sms", "bind.ask", "bind.notice"} {
			sum.Write([]byte(b.Say(l, key, map[string]any{"version": "", "date": ""})))
		}
		if got := b.Say(l, "privacy.version", nil); got != version {
			t.Errorf("%s says version %s, want %s", l, got, version)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)[:8]); got != wording {
		t.Errorf("the wording is %s, and version %s was %s: raise version and date", got, version, wording)
	}
}

// The notice names the periods of the house, and another version with each.
func TestThePrivacyNoticeNamesThePeriodsOfTheHouse(t *testing.T) {
	b, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if b.Keeping(DefaultPeriods()).Say(jiban.Chinese, "privacy.version", nil) != "2" {
		t.Error("the default periods are the wording's own")
	}
	edition := map[string]any{"version": "甲", "date": "乙"}
	seen := map[string]bool{}
	for _, c := range []struct {
		p      Periods
		zh, en string
	}{
		{DefaultPeriods(), "对话保存2年，诉求工单保存5年，举报工单保存3年", "conversations 2 years, requests 5 years, reports 3 years"},
		{Periods{Talk: 180, Request: 365, Report: 0}, "对话保存180天，诉求工单保存1年，举报工单保存不限期", "conversations 180 days, requests 1 year, reports without limit"},
		{Periods{Talk: 1, Request: 3653, Report: 366}, "对话保存1天，诉求工单保存10年，举报工单保存1年", "conversations 1 day, requests 10 years, reports 1 year"},
	} {
		own := b.Keeping(c.p)
		if got := own.Say(jiban.Chinese, "privacy.full", edition); !strings.Contains(got, c.zh) {
			t.Errorf("%+v: %s", c.p, got)
		}
		if got := own.Say(jiban.English, "privacy.full", edition); !strings.Contains(got, c.en) {
			t.Errorf("%+v: %s", c.p, got)
		}
		version := own.Say(jiban.Chinese, "privacy.version", nil)
		if seen[version] || version != own.Say(jiban.English, "privacy.version", nil) {
			t.Errorf("version %s is not of these periods alone", version)
		}
		seen[version] = true
	}
}
