package dialog_test

import (
	"encoding/json"
	"strings"
	"testing"

	"jiban"
	"jiban/dialog"
)

func phraseAsk() *dialog.ModelAsk {
	return &dialog.ModelAsk{Task: dialog.TaskPhrase, Lang: jiban.Chinese, Text: "怎么报销", Limit: 120, Articles: []jiban.Article{
		{ID: "a", Title: "医疗费用报销", Body: "出院后六个月内，带身份证和发票到参保地医保窗口办理，15个工作日内到账。报销比例为70%，最高3万元。咨询电话0451-12393，网址 https://ybj.example.gov.cn 。"},
		{ID: "b", Title: "异地备案", Body: "先在小程序备案。二〇二六年三月一日起施行，每人每年一次，收费20元。"},
	}}
}

func one(text string, cites ...int) string {
	data, err := json.Marshal(map[string]any{"sentences": []any{map[string]any{"text": text, "cites": append([]int{}, cites...)}}})
	if err != nil {
		return ""
	}
	return string(data)
}

// TestAnswersAreHeldToTheirSources goes through what an answer may and may not say.
func TestAnswersAreHeldToTheirSources(t *testing.T) {
	cases := []struct {
		raw  string
		want dialog.Refusal
	}{
		{one("出院后六个月内到参保地医保窗口办理。", 1), ""},
		{one("出院后6个月内到参保地医保窗口办理。", 1), ""},
		{one("15个工作日内到账，报销比例为70%。", 1), ""},
		{one("十五个工作日内到账，最高3万元。", 1), ""},
		{one("最高30000元，到参保地医保窗口办理。", 1), ""},
		{one("咨询电话0451-12393，到参保地医保窗口办理。", 1), ""},
		{one("网址 https://ybj.example.gov.cn ，医保窗口办理。", 1), ""},
		{one("出院后带身份证和发票到参保地医保窗口办理，每人每年一次。", 1, 2), ""},
		// citations
		{one("出院后到医保窗口办理。"), dialog.RefusedCitation},
		{one("出院后到医保窗口办理。", 0), dialog.RefusedCitation},
		{one("出院后到医保窗口办理。", 3), dialog.RefusedCitation},
		{one("出院后到医保窗口办理。", -1), dialog.RefusedCitation},
		{one("先在小程序备案。", 2), dialog.RefusedCitation}, // not from what was decided on
		// numbers
		{one("出院后8个月内到参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("出院后八个月内到参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("出院后六天内到参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("报销比例为七成，15个工作日内到账。", 1), dialog.RefusedNumber},
		{one("报销比例为80%，15个工作日内到账。", 1), dialog.RefusedNumber},
		{one("最高5万元，到参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("最高３００万元，到参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("收费20元，到参保地医保窗口办理。", 1), dialog.RefusedNumber}, // the other article's
		{one("咨询电话0451-99999999，参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("咨询电话一三八零零零零一二三四，参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("咨询电话①③⑧，参保地医保窗口办理。", 1), dialog.RefusedNumber},
		{one("2026年5月1日起到参保地医保窗口办理。", 1), dialog.RefusedNumber},
		// links, mail, messengers
		{one("网址 https://evil.example ，到参保地医保窗口办理。", 1), dialog.RefusedLink},
		{one("登录 ybj-example.com 到参保地医保窗口办理。", 1), dialog.RefusedLink},
		{one("发邮件到 a@b.cn ，参保地医保窗口办理。", 1), dialog.RefusedLink},
		{one("加微信abcdef，到参保地医保窗口办理。", 1), dialog.RefusedLink},
		{one("网址ｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ到参保地医保窗口办理。", 1), dialog.RefusedLink},
		// promises and deeds
		{one("到参保地医保窗口办理，保证报销。", 1), dialog.RefusedPromise},
		{one("到参保地医保窗口办理，一定会到账。", 1), dialog.RefusedPromise},
		{one("已为您办理，医保窗口会到账。", 1), dialog.RefusedPromise},
		{one("请把验证码发给参保地医保窗口。", 1), dialog.RefusedPromise},
		// form
		{one("", 1), dialog.RefusedLength},
		{one(strings.Repeat("到参保地医保窗口办理。", 30), 1), dialog.RefusedLength},
		{one("到参保地\n医保窗口办理。", 1), dialog.RefusedLength},
		{`{"sentences":[]}`, dialog.RefusedLength},
		{``, dialog.RefusedSchema},
		{`null`, dialog.RefusedLength},
		{`好的：` + one("到参保地医保窗口办理。", 1), dialog.RefusedSchema},
		{one("到参保地医保窗口办理。", 1) + `{"x":1}`, dialog.RefusedSchema},
		{`{"sentences":[{"text":"到参保地医保窗口办理。","cites":[1],"open_ticket":true}]}`, dialog.RefusedSchema},
		{`{"sentences":[{"text":"到参保地医保窗口办理。","cites":["1"]}]}`, dialog.RefusedSchema},
		{`{"decision":"handoff","sentences":[]}`, dialog.RefusedSchema},
		// marks, language, inventions
		{one("k7r2m9 到参保地医保窗口办理。", 1), dialog.RefusedFence},
		{one("<<article 到参保地医保窗口办理。", 1), dialog.RefusedFence},
		{one("【12345】到参保地医保窗口办理。", 1), dialog.RefusedFence},
		{one("[医保窗口](javascript:x)办理。", 1), dialog.RefusedFence},
		{one("⟨电话1⟩，到参保地医保窗口办理。", 1), dialog.RefusedHolder},
		{one("Go to the window of the insurance.", 1), dialog.RefusedLink},
		{one("Go to it.", 1), dialog.RefusedLink},
		{one("OK!", 1), dialog.RefusedLanguage},
		{one("本热线已经停用，有事请找隔壁老王。", 1), dialog.RefusedSupport},
	}
	for _, c := range cases {
		output, why := phraseAsk().Check(c.raw, boundary)
		if why != c.want || (output == "") != (why != "") {
			t.Errorf("%s: %q, want %q", c.raw, why, c.want)
		}
	}
}

func TestEnglishAnswers(t *testing.T) {
	ask := phraseAsk()
	ask.Lang, ask.Limit = jiban.English, 400
	for raw, want := range map[string]dialog.Refusal{
		one("Within six months after leaving hospital, apply at the insurance window.", 1): "",
		one("It takes 15 working days and pays 70%.", 1):                                   "",
		one("It takes eight working days.", 1):                                             dialog.RefusedNumber,
		one("It pays two thousand.", 1):                                                    dialog.RefusedNumber,
		one("See www.evil.com for more.", 1):                                               dialog.RefusedLink,
		one("We guarantee the money.", 1):                                                  dialog.RefusedPromise,
		one("到医保窗口办理。", 1):                                                                 dialog.RefusedLanguage,
	} {
		if _, why := ask.Check(raw, boundary); why != want {
			t.Errorf("%s: %q, want %q", raw, why, want)
		}
	}
}

// TestReadingsKeepOnlyWhatWasSaid: words that do not stand in the message are
// dropped, telephone numbers always; a matter that was not offered refuses all.
func TestReadingsKeepOnlyWhatWasSaid(t *testing.T) {
	ask := &dialog.ModelAsk{Task: dialog.TaskUnderstand, Text: "学府路那家宏达公司三天没供水了，电话13800001234", Matters: []dialog.ModelChoice{{Code: "020101", Name: "停水"}},
		Fields: []dialog.ModelChoice{{Code: "place", Name: "地点"}, {Code: "unit", Name: "单位"}}}
	for raw, want := range map[string]string{
		`{"type":"help","matter":"020101","slots":[{"key":"place","words":"学府路"}]}`:   `{"type":"help","matter":"020101","slots":[{"key":"place","words":"学府路"}]}`,
		`{"type":"help","matter":"020101","slots":[{"key":"place","words":"中山路"}]}`:   `{"type":"help","matter":"020101","slots":[]}`,
		`{"type":"help","matter":"","slots":[{"key":"phone","words":"13800001234"}]}`: `{"type":"help","matter":"","slots":[]}`,
		`{"type":"help","matter":"","slots":[{"key":"unit","words":"13800001234"}]}`:  `{"type":"help","matter":"","slots":[]}`,
		`{"type":"help","matter":"","slots":[{"key":"emergency","words":"三天"}]}`:      `{"type":"help","matter":"","slots":[]}`,
		`{"type":"unknown","matter":"","slots":null}`:                                 `{"type":"unknown","matter":"","slots":[]}`,
		`{"type":"ticket","matter":"","slots":[]}`:                                    "",
		`{"type":"emergency","matter":"","slots":[]}`:                                 "",
		`{"type":"help","matter":"999999","slots":[]}`:                                "",
		`{"type":"help","matter":"020101","slots":[],"decision":"ticket"}`:            "",
		`{"type":"help"`: "",
	} {
		if got, _ := ask.Check(raw, boundary); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestRewritesAndSummaries(t *testing.T) {
	rewrite := &dialog.ModelAsk{Task: dialog.TaskRewrite, Text: "那生育险呢", Before: "异地医保怎样报销", Limit: 60}
	summary := &dialog.ModelAsk{Task: dialog.TaskSummary, Text: "⟨地址1⟩从上周五开始停水，已经三天，打⟨电话1⟩没人接，希望尽快恢复", Limit: 80}
	for _, c := range []struct {
		ask  *dialog.ModelAsk
		raw  string
		want dialog.Refusal
	}{
		{rewrite, `{"question":"生育险异地怎样报销"}`, ""},
		{rewrite, `{"question":"生育险报销需要什么材料"}`, ""},
		{rewrite, `{"question":"居住证逾期罚款"}`, dialog.RefusedSupport},
		{rewrite, `{"question":"生育险报销2000元"}`, dialog.RefusedNumber},
		{rewrite, `{"question":"⟨电话1⟩生育险报销"}`, dialog.RefusedHolder},
		{rewrite, `{"question":"x"}`, dialog.RefusedLength},
		{rewrite, `{"q":"生育险"}`, dialog.RefusedSchema},
		{summary, `{"summary":"⟨地址1⟩从上周五停水三天，打⟨电话1⟩没人接，希望尽快恢复。"}`, ""},
		{summary, `{"summary":"⟨地址1⟩停水五天，希望尽快恢复。"}`, dialog.RefusedNumber},
		{summary, `{"summary":"⟨地址2⟩停水三天，希望尽快恢复。"}`, dialog.RefusedHolder},
		{summary, `{"summary":"⟨地址1停水三天，希望尽快恢复。"}`, dialog.RefusedHolder},
		{summary, `{"summary":"来电人态度恶劣，建议不予受理此诉求。"}`, dialog.RefusedSupport},
		{summary, `{"summary":"停水三天，保证尽快恢复，希望没人。"}`, dialog.RefusedPromise},
		{summary, `{"summary":"` + strings.Repeat("停水三天", 30) + `"}`, dialog.RefusedLength},
	} {
		if _, why := c.ask.Check(c.raw, boundary); why != c.want {
			t.Errorf("%s %s: %q, want %q", c.ask.Task, c.raw, why, c.want)
		}
	}
}

// FuzzModelOutput: whatever a model says, what passes the checks has no number,
// link or placeholder of its own, and passes them again.
func FuzzModelOutput(f *testing.F) {
	for _, s := range []string{"", "{}", "null", one("15个工作日内到账。", 1), `{"sentences":[{"text":"x","cites":[1,1,9]}]}`, `{"summary":"\ud800"}`, `{"type":"help","matter":"","slots":[{"key":"place","words":""}]}`,
		strings.Repeat("[", 2000), `{"question":"` + strings.Repeat("长", 500) + `"}`, "\x00\xff", one("拨打一三八", 1), one("⟨电话1⟩", 1)} {
		f.Add(s, "怎么报销，电话⟨电话1⟩")
	}
	f.Fuzz(func(t *testing.T, raw, text string) {
		for _, task := range []dialog.ModelTask{dialog.TaskUnderstand, dialog.TaskPhrase, dialog.TaskRewrite, dialog.TaskSummary, "other"} {
			ask := phraseAsk()
			ask.Task, ask.Text = task, text
			ask.Matters, ask.Fields = []dialog.ModelChoice{{Code: "1", Name: "n"}}, []dialog.ModelChoice{{Code: "place", Name: "n"}}
			output, why := ask.Check(raw, boundary)
			if (output == "") == (why == "") {
				t.Fatalf("%s: output %q and refusal %q", task, output, why)
			}
			if output == "" {
				continue
			}
			if again, why := ask.Check(output, boundary); again != output {
				t.Fatalf("%s: %s does not pass again: %s %s", task, output, again, why)
			}
			if strings.Contains(output, boundary) && task != dialog.TaskUnderstand {
				t.Fatalf("%s shows the boundary: %s", task, output)
			}
		}
	})
}

// TestARecordedAnswerIsCheckedAgain: facts are believed no more than the model.
func TestARecordedAnswerIsCheckedAgain(t *testing.T) {
	h := newHouse(t, jiban.ChannelWebChat)
	h.model = func(*dialog.ModelAsk) string {
		return one("带身份证、社保卡到参保地的医保窗口提交。", 1)
	}
	if out := h.text("医疗费用报销流程是什么"); !out.Replies[1].Generated {
		t.Fatalf("%+v", out.Replies)
	}
	in := h.turns[0]
	in.Facts.Models[0].Output = one("带身份证到参保地的医保窗口提交，拨打95599。", 1)
	out, need, err := h.engine.Step(in)
	if err != nil || need != nil || out.Decision != dialog.DecideAnswer || out.Replies[1].Generated || strings.Contains(out.Replies[1].Text, "95599") {
		t.Errorf("%+v, %+v, %v", out.Replies, need, err)
	}
}

// TestOrdersToAModelAreNotSentToIt: nor is an article that gives some.
func TestOrdersToAModelAreNotSentToIt(t *testing.T) {
	for _, in := range injections(t) {
		switch in.Name {
		case "plain order", "English order", "full width", "traditional writing", "chat marks", "fence closed", "new role", "article gives orders", "article asks for JSON", "article in English":
			h, _ := in.played(t, in.worst)
			if n := len(h.turns[len(h.turns)-1].Facts.Models); n != 0 {
				t.Errorf("%s: the model was asked", in.Name)
			}
		}
	}
}
