package dialog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"jiban"
	"jiban/dialog"
)

// phrases are what people and taps say, sense and nonsense mixed.
var phrases = []string{
	"小区停水超过24小时还没有恢复", "小区门前的建筑垃圾一直没人处理", "异地医保怎样报销", "社保流水明细可以异地打印吗", "证件怎么办", "转人工", "查进度", "催办",
	"补充：水表坏了", "补充", "撤单", "取消", "退订", "恢复通知", "帮助", "确认提交", "修改", "保密", "匿名", "跳过", "是", "不是", "1", "2", "3", "9", "100", "谢谢", "你好",
	"哈尔滨市南岗区学府路23号阳光小区3栋", "大庆", "北京市朝阳区停电了", "13800001234", "138000", "一三八零零零零一二三四", "昨天晚上八点", "三天了", "我叫王芳",
	"不是3栋是5栋", "电话错了", "电话改成13900001111", "地址不对", "另外，路灯坏了一个月没人修", "燃气味道很大", "着火了", "我不想活了", "昨天已经报过警了",
	"法院判决不公", "举报村长受贿", "我要投诉", "我要举报", "我要表扬", "建议加个红绿灯", "你们都是废物", "气死我了！！！", "嘎嘎嘎", "加进来", "单独登记", "……", "？", "👍🏽", "Hello", "I want to report a water cut",
	"楼下那个机器天天响，吵得睡不着", "那个呢", "那在哪里办", "老板拖欠我们工资，一共欠了三万二", "登记", "不用", "都不是", "详情", "医疗费用报销流程是什么", "解决了", "没解决", "不满意", "我是残疾人", "留言：请回电", "进度", "返回",
	"2611020000010", "", " ", "\x00\xff", "【测试】", "<script>", "{{.x}}", strings.Repeat("停水没人管。", 800),
}

func content(t *rapid.T) jiban.Content {
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0:
		return jiban.Content{Kind: jiban.KindTap, Text: rapid.SampledFrom(phrases).Draw(t, "tap")}
	case 1:
		return jiban.Content{Kind: jiban.KindLocation, Location: &jiban.Location{Lat: 45.7, Lng: 126.6, Label: rapid.SampledFrom([]string{"", "哈尔滨市南岗区红军街1号", "海上"}).Draw(t, "label")}}
	case 2:
		return jiban.Content{Kind: rapid.SampledFrom([]jiban.MessageKind{jiban.KindImage, jiban.KindVoice, jiban.KindFile, jiban.KindUnknown, jiban.KindEvent}).Draw(t, "media"), Event: "subscribe"}
	case 3:
		return jiban.Content{Kind: jiban.KindText, Text: rapid.StringN(0, 40, 200).Draw(t, "noise")}
	case 4:
		return jiban.Content{Kind: jiban.KindLocation}
	default:
		return jiban.Content{Kind: jiban.KindText, Text: rapid.SampledFrom(phrases).Draw(t, "say")}
	}
}

// TestAnyConversation throws anything at the engine, in any order, and checks what
// must hold whatever people do.
func TestAnyConversation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]jiban.ChannelKind{jiban.ChannelWeChat, jiban.ChannelWebChat, jiban.ChannelSMS}).Draw(rt, "channel")
		h := newHouse(t, kind)
		h.onDuty, h.sit.Roster = rapid.Bool().Draw(rt, "duty"), rapid.Bool().Draw(rt, "roster")
		if rapid.Bool().Draw(rt, "an incident is known") {
			h.incidents = []jiban.Incident{{ID: "i1", Matter: "020101", Region: "230000", Text: strings.Repeat("供水主管抢修，", rapid.IntRange(1, 60).Draw(rt, "words")), Until: h.now.Add(time.Hour)}}
		}
		h.model = rapid.SampledFrom([]func(*dialog.ModelAsk) string{nil, models["worst"], models["wild"]}).Draw(rt, "model")
		confirmed, failing := false, ""
		var last dialog.Outcome
		for range rapid.IntRange(1, 14).Draw(rt, "turns") {
			held := h.sit.Holder
			inbox := rapid.SliceOfN(rapid.Custom(content), 1, 3).Draw(rt, "inbox")
			if willing := cooperative(last); willing != "" && rapid.IntRange(0, 3).Draw(rt, "mood") > 0 {
				inbox = []jiban.Content{{Kind: jiban.KindText, Text: willing}}
			}
			out := h.send(inbox...)
			last = out
			always(rt, h, held, out)
			for _, a := range out.Tickets {
				if a.Kind == jiban.EventOpened && a.Draft.Kind == "request" && !confirmed {
					rt.Fatalf("a ticket without a summary before it")
				}
			}
			confirmed = out.Decision == dialog.DecideConfirm || confirmed && out.Decision != dialog.DecideTicket
			failing = neverTwice(rt, failing, out)
			h.now = h.now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(rt, "minutes")) * time.Minute)
			if held != jiban.HeldByBot && rapid.IntRange(0, 3).Draw(rt, "staff") == 0 {
				h.sit.Holder = rapid.SampledFrom([]jiban.Holder{jiban.HeldByAgent, jiban.HeldByBot}).Draw(rt, "holder")
			}
			if len(h.tickets) > 0 && rapid.IntRange(0, 4).Draw(rt, "department") == 0 && h.tickets[0].Status == jiban.TicketDispatched {
				h.resolve("已处理")
			}
		}
		replays(t, h)
	})
}

// cooperative is what a willing person says next: what was asked, or a yes.
func cooperative(last dialog.Outcome) string {
	if last.Decision == "" {
		return "小区停水两天了"
	}
	if last.Decision == dialog.DecideConfirm {
		return "确认提交"
	}
	if len(last.Ask) == 0 {
		return ""
	}
	return map[string]string{
		"place": "哈尔滨市南岗区学府路23号", "since": "三天了", "phone": "13800001234", "name": "王芳", "city": "大庆", "unit": "宏达公司",
		"amount": "三千元", "description": "路灯坏了没人修",
	}[last.Ask[0]]
}

// always holds for every turn, whoever holds the conversation.
func always(rt *rapid.T, h *house, held jiban.Holder, out dialog.Outcome) {
	if out.Decision == "" || out.Decision == dialog.DecideNone {
		rt.Fatalf("a turn without a decision: %+v", out)
	}
	if held == jiban.HeldByBot && len(out.Replies) == 0 {
		rt.Fatalf("silence: %+v", out)
	}
	units := 0
	for _, r := range out.Replies {
		if held == jiban.HeldByAgent && !r.Safety {
			rt.Fatalf("the bot speaks while a person does: %q", r.Text)
		}
		if strings.TrimSpace(r.Text) == "" || strings.Contains(r.Text, "<no value>") {
			rt.Fatalf("an empty reply: %q", r.Text)
		}
		if strings.HasPrefix(r.Text, "抱歉，刚才没有处理好") {
			rt.Fatalf("a sentence is missing: %q", r.Text)
		}
		units += len(utf16.Encode([]rune(r.Text)))
	}
	if h.sit.ChannelKind == jiban.ChannelSMS && units > 320 {
		rt.Fatalf("%d units by SMS", units)
	}
	if out.Decision == dialog.DecideAnswer && !cited(out) {
		rt.Fatalf("an answer without its source: %+v", out.Replies)
	}
	if held == jiban.HeldByAgent && (len(out.Tickets) > 0 || out.Handoff != nil) {
		rt.Fatalf("the bot acts while a person holds the conversation: %+v", out)
	}
	for _, a := range out.Tickets {
		complete(rt, a)
	}
}

func cited(out dialog.Outcome) bool {
	for _, r := range out.Replies {
		if len(r.Citations) > 0 {
			return true
		}
	}
	return false
}

func complete(rt *rapid.T, a jiban.TicketAction) {
	if a.Kind != jiban.EventOpened {
		if a.Number == "" {
			rt.Fatalf("an action on no ticket: %+v", a)
		}
		return
	}
	if a.Draft == nil || a.Plan == nil || a.Draft.Fields["description"] == "" {
		rt.Fatalf("a ticket that says nothing: %+v", a.Draft)
	}
	if a.Draft.Anonymous && (a.Draft.Fields["name"] != "" || a.Draft.Fields["phone"] != "") {
		rt.Fatalf("an anonymous ticket names its person: %+v", a.Draft)
	}
	if a.Draft.Kind == "request" && a.Draft.Type == "" {
		rt.Fatalf("a ticket of no type: %+v", a.Draft)
	}
}

// neverTwice remembers the last sentence that could not help.
func neverTwice(rt *rapid.T, last string, out dialog.Outcome) string {
	for _, r := range out.Replies {
		for _, failing := range []string{"我没太听懂", "没能明白", "好像不对", "还是没看清", "没有准确的答案", "拿不准", "查不到可靠", "I did not quite understand", "I still do not understand"} {
			if !strings.Contains(r.Text, failing) {
				continue
			}
			if failing == last {
				rt.Fatalf("the same failing sentence twice in a row: %s", failing)
			}
			return failing
		}
	}
	return ""
}

func FuzzStep(f *testing.F) {
	for _, p := range phrases {
		f.Add(p, []byte(`{"v":1}`))
	}
	f.Add("你好", []byte(`{"v":1,"pending":{"kind":"field"},"request":null}`))
	f.Add("确认", []byte(`{"v":1,"pending":{"kind":"confirm"},"request":{"text":"x"}}`))
	f.Add("1", []byte(`{"v":1,"pending":{"kind":"ticket","choices":[{"value":"x"}]}}`))
	f.Add("你好", []byte(`{"v":99}`))
	f.Add("你好", []byte(`[1]`))
	engine := newEngine(f)
	f.Fuzz(func(t *testing.T, text string, state []byte) {
		h := &house{t: t, engine: engine, onDuty: true, now: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC), sit: dialog.Situation{ChannelKind: jiban.ChannelWebChat, Region: "230000"}}
		in := dialog.Input{Now: h.now, Situation: h.sit, State: json.RawMessage(state), Inbox: []jiban.Message{{Content: jiban.Content{Kind: jiban.KindText, Text: text}}}}
		out, err := h.settle(&in)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Replies) == 0 {
			t.Fatal("silence")
		}
		again, _, err := engine.Step(in)
		if err != nil || !bytes.Equal(again.State, out.State) || fmt.Sprint(again.Replies) != fmt.Sprint(out.Replies) {
			t.Fatal("the same input gave other bytes")
		}
	})
}
