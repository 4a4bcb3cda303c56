package dialog

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jiban"
	"jiban/prompts"
)

func testEngine(t *testing.T) *Engine {
	t.Helper()
	book, err := prompts.New()
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Book: book, Catalogue: jiban.Catalogue{Regions: []jiban.Region{{Code: "230000", Name: "黑龙江省"}, {Code: "230100", Name: "哈尔滨市"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func step(t *testing.T, e *Engine, sit Situation, state string, cs ...jiban.Content) (Outcome, *Need) {
	t.Helper()
	in := Input{Now: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC), Situation: sit, State: json.RawMessage(state)}
	for _, c := range cs {
		in.Inbox = append(in.Inbox, jiban.Message{Content: c})
	}
	out, need, err := e.Step(in)
	if err != nil {
		t.Fatal(err)
	}
	return out, need
}

func said(s string) jiban.Content { return jiban.Content{Kind: jiban.KindText, Text: s} }

func TestAnEngineNeedsWordsAndRegions(t *testing.T) {
	if _, err := New(Config{}); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("New without anything: %v", err)
	}
}

func TestAnEmptyInboxIsRefused(t *testing.T) {
	if _, _, err := testEngine(t).Step(Input{}); jiban.CodeOf(err) != jiban.CodeInvalid {
		t.Errorf("a turn of nothing: %v", err)
	}
}

func TestABrokenStateStartsAfresh(t *testing.T) {
	e := testEngine(t)
	for _, state := range []string{"", "null", "{", "[]", `"x"`, `{"v":99,"pending":{"kind":"confirm"}}`, `{"v":1,"pending":{"kind":"no such"}}`,
		`{"v":1,"pending":{"kind":"field","keys":["phone"]}}`, `{"v":1,"pending":{"kind":"confirm"}}`} {
		out, need := step(t, e, Situation{Holder: jiban.HeldByBot}, state, said("转人工"))
		if need == nil || need.Kind != NeedHandoff {
			t.Errorf("state %s: %+v, need %+v", state, out, need)
		}
	}
}

func TestTheBotIsSilentWhileAPersonSpeaks(t *testing.T) {
	e := testEngine(t)
	sit := Situation{Holder: jiban.HeldByAgent, First: true, SafetySaid: map[string]time.Time{}}
	for _, text := range []string{"你好", "转人工", "查进度", "取消", "退订", "1", "嘎嘎嘎"} {
		out, need := step(t, e, sit, "", said(text))
		if need != nil || len(out.Replies) != 0 || out.Decision != DecideHandoff {
			t.Errorf("%s: %+v, need %+v", text, out, need)
		}
	}
}

func TestTheSafetyLineIsSaidOnceAnHourWhileAPersonSpeaks(t *testing.T) {
	e := testEngine(t)
	now := time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	for ago, want := range map[time.Duration]int{0: 0, 59 * time.Minute: 0, time.Hour: 1, 48 * time.Hour: 1} {
		sit := Situation{Holder: jiban.HeldByAgent, SafetySaid: map[string]time.Time{"119": now.Add(-ago)}}
		out, _ := step(t, e, sit, "", said("家里燃气泄漏了"))
		if len(out.Replies) != want || out.Emergency != "119" {
			t.Errorf("said %v ago: %d replies, emergency %q", ago, len(out.Replies), out.Emergency)
		}
		for _, r := range out.Replies {
			if !r.Safety {
				t.Errorf("%q is not marked as the safety line", r.Text)
			}
		}
	}
}

func TestEmergencyNeedsNoState(t *testing.T) {
	e := testEngine(t)
	if s := e.Emergency("今天天气不错", jiban.Chinese, jiban.ChannelWeChat); s != nil {
		t.Errorf("a false alarm: %+v", s)
	}
	s := e.Emergency("有人拿刀砍人", jiban.Chinese, jiban.ChannelSMS)
	if s == nil || s.Number != "110" || !strings.Contains(s.Text, "110") || !strings.Contains(s.Text, "12110") {
		t.Errorf("by SMS the text way is missing: %+v", s)
	}
	if s := e.Emergency("有人拿刀砍人", jiban.Chinese, jiban.ChannelWeChat); s == nil || strings.Contains(s.Text, "12110") {
		t.Errorf("the text way is for those who cannot call: %+v", s)
	}
	if s := e.Emergency("我是聋人，家里进贼了", jiban.Chinese, jiban.ChannelWeChat); s != nil && !strings.Contains(s.Text, "12110") {
		t.Errorf("a deaf person needs the text way: %+v", s)
	}
}

func TestTwoMessagesAreOneTurn(t *testing.T) {
	e := testEngine(t)
	out, need := step(t, e, Situation{Holder: jiban.HeldByBot}, "", said("请快一点"), said("转人工"))
	if need == nil || need.Kind != NeedHandoff {
		t.Errorf("the order among two messages was not heard: %+v", out)
	}
}

func TestANumberTakesAChoice(t *testing.T) {
	options := []jiban.Option{{Label: "甲", Value: "a"}, {Label: "乙", Value: "b"}, {Label: "丙", Value: "c"}}
	for text, want := range map[string]string{"1": "a", "２": "b", "3.": "c", "第二个": "b", "选1": "a", "三": "c", "乙": "b", "c": "c", "4": "", "0": "", "13": "", "1栋": ""} {
		u := hear([]jiban.Message{{Content: said(text)}})
		if o, _ := u.choice(options); o.Value != want {
			t.Errorf("%q took %q, want %q", text, o.Value, want)
		}
	}
}

func TestRequestsInOneMessageAreParted(t *testing.T) {
	for text, want := range map[string][]string{
		"小区停水。": {"小区停水。"},
		"小区停水。另外，路灯坏了没人修。":          {"小区停水", "路灯坏了没人修。"},
		"小区停水，还有一件事，路灯坏了没人修":        {"小区停水", "路灯坏了没人修"},
		"小区停水。另外，急。":                {"小区停水。另外，急。"},
		"另外，路灯坏了没人修":                {"路灯坏了没人修"},
		"停水。另外，路灯坏了没人修。顺便问一下居住证怎么办": {"停水", "路灯坏了没人修", "居住证怎么办"},
	} {
		first, rest := further(text)
		if got := append([]string{first}, rest...); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestTheLanguageIsThatOfTheLastWords(t *testing.T) {
	for text, want := range map[string]jiban.Lang{"你好": jiban.Chinese, "Hello there": jiban.English, "wifi坏了": jiban.Chinese, "my 小区 has no water": jiban.Chinese} {
		u := hear([]jiban.Message{{Content: said(text)}})
		if l, sure := u.language(); l != want || !sure {
			t.Errorf("%q is %s (%v)", text, l, sure)
		}
	}
	for _, text := range []string{"1", "TD", "13800001234", "👍", "OK"} {
		u := hear([]jiban.Message{{Content: said(text)}})
		if _, sure := u.language(); sure {
			t.Errorf("%q tells no language", text)
		}
	}
	u := hear([]jiban.Message{{Content: jiban.Content{Kind: jiban.KindTap, Text: "确认提交"}}})
	if _, sure := u.language(); sure {
		t.Error("a tap tells no language")
	}
}

func TestMarkdownIsReadAloudWithoutItsMarks(t *testing.T) {
	in := "## 怎么办\n\n\n1. 带**身份证**\n- 到[窗口](https://a.b/c)\n> 注意：`材料`要齐【通知】"
	want := "怎么办\n1. 带身份证\n· 到窗口\n注意：材料要齐“通知”"
	if got := plain(in); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAreaCodes(t *testing.T) {
	for region, want := range map[string]string{"110000": "010", "110105": "010", "310115": "021", "440305": "0755", "231281": "0455", "659001": "", "23": "", "": ""} {
		if got := areaCode(region); got != want {
			t.Errorf("%s: %q, want %q", region, got, want)
		}
	}
}

func TestCutUnitsKeepsCharactersWhole(t *testing.T) {
	for limit := range 12 {
		got := cutUnits("停水👍🏽好", limit)
		if units(got) > limit || !utf8.ValidString(got) {
			t.Errorf("%d: %q has %d units", limit, got, units(got))
		}
	}
}

func TestALongAnswerIsReadToItsEnd(t *testing.T) {
	e := testEngine(t)
	body := strings.Repeat("第一步准备材料，第二步到窗口提交。", 60)
	for _, kind := range []jiban.ChannelKind{jiban.ChannelSMS, jiban.ChannelWeChat} {
		tr := &turn{e: e, st: &state{V: 1}, in: Input{Situation: Situation{ChannelKind: kind}}, lang: jiban.Chinese}
		tr.add(line{key: "answer", text: body + footMark + "来源：《办法》", long: true})
		var read string
		for range 20 {
			replies := tr.render()
			text := replies[0].Text
			if kind == jiban.ChannelSMS && units(text) > smsUnits {
				t.Fatalf("%d units", units(text))
			}
			if len(read) == 0 && !strings.Contains(text, "来源：《办法》") {
				t.Fatalf("the source was cut off: %s", text)
			}
			head, _, _ := strings.Cut(text, "\n内容较长")
			read += strings.TrimSuffix(head, "\n\n来源：《办法》")
			if tr.st.More == "" {
				break
			}
			tr.lines = []line{{key: "answer", text: tr.st.More, long: true}}
			tr.st.More = ""
		}
		if read != body {
			t.Errorf("%s: %d characters were read, %d written", kind, len([]rune(read)), len([]rune(body)))
		}
	}
}
