package app

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/app/talk"
	"jiban/dialog/runner"
	"jiban/keys"
	"jiban/llm/llmtest"
	"jiban/store/storetest"
)

// rootKey is the one of all nodes of these tests.
var rootKey = sync.OnceValues(keys.NewRoot)

func sharedKey(t *testing.T) string {
	t.Helper()
	key, err := rootKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newTownLogging is a town with a model, whose log is kept.
func newTownLogging(t *testing.T, log *bytes.Buffer, s *llmtest.Server) *town {
	t.Helper()
	c := config.Default()
	c.DataDir = t.TempDir()
	c.Database, c.Keys.File, c.Files = "sqlite:"+filepath.Join(c.DataDir, "jiban.db"), filepath.Join(c.DataDir, "keys"), filepath.Join(c.DataDir, "files")
	c.Channels.SMS = []config.SMS{{Name: talk.Channel(jiban.ChannelSMS, jiban.Citizen)}}
	c.LLM.BaseURL, c.LLM.APIKey, c.LLM.Model = s.URL, llmtest.Key, "scripted"
	if err := storetest.Furnish(t.Context(), c.Database); err != nil {
		t.Fatal(err)
	}
	o := Options{Config: c, Clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)), Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	h, err := newTalkHouse(t.Context(), o.withDefaults(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.close() })
	return &town{t: t, h: h}
}

// withModel is a town with a scripted model behind real HTTP.
func withModel(t *testing.T, dsn string, s *llmtest.Server) *town {
	return newTownWith(t, dsn, func(c *config.Config) {
		c.LLM.BaseURL, c.LLM.APIKey, c.LLM.Model = s.URL, llmtest.Key, "scripted"
		c.LLM.CallTime, c.LLM.TurnTime = 500*time.Millisecond, 1500*time.Millisecond
	})
}

const (
	visitor  = jiban.Address("web:0191d1a0-0000-7000-8000-000000000001")
	aQuery   = "异地就医备案怎样办理"
	aiLabel  = "AI根据下列来源生成"
	asStands = "《异地就医备案怎样办理》"
)

// TestAPhrasedAnswer is the way from the endpoint to the person: few words from the
// article, labelled, with its source, and the original for who wants it.
func TestAPhrasedAnswer(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		s := llmtest.New(t).Always(llmtest.Honest)
		w := withModel(t, dsn, s)
		got := w.says(jiban.ChannelWebChat, visitor, aQuery)
		w.wants(got, aiLabel)
		w.wants(got, asStands)
		sent := w.messages(jiban.ChannelWebChat, visitor)
		last := sent[len(sent)-1]
		if !last.Content.Generated || len(last.Content.Citations) == 0 {
			t.Errorf("the message is not marked as generated: %+v", last.Content)
		}
		if more := w.says(jiban.ChannelWebChat, visitor, "详情"); strings.Contains(more, aiLabel) || !strings.Contains(more, "咨询电话12393") {
			t.Errorf("the original: %s", more)
		}
		for _, r := range s.Requests() {
			if r.Key != llmtest.Key || r.Model != "scripted" || r.Format != "json_schema" {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestAModelThatFailsIsNoticedByNobody: in each way that a model can fail the
// person reads what they read without one.
func TestAModelThatFailsIsNoticedByNobody(t *testing.T) {
	plain := newTown(t, "sqlite:"+t.TempDir()+"/plain.db").says(jiban.ChannelWebChat, visitor, aQuery)
	for name, reply := range map[string]llmtest.Reply{
		"slow":               {Content: "{}", Delay: 3 * time.Second},
		"cut":                {Content: llmtest.Answer(llmtest.Sentence{Text: "先备案。", Cites: []int{1}}), CutAfter: 1},
		"429":                {Status: 429, RetryAfter: "30"},
		"500":                {Status: 500},
		"HTML":               {Body: "<html></html>", Type: "text/html"},
		"broken":             {Content: `{"sentences":[{"text":"先`},
		"schema":             {Content: `{"answer":"先备案"}`},
		"invented citation":  {Content: llmtest.Answer(llmtest.Sentence{Text: "异地就医先备案。", Cites: []int{7}})},
		"no citation":        {Content: llmtest.Answer(llmtest.Sentence{Text: "异地就医先备案。"})},
		"invented telephone": {Content: llmtest.Answer(llmtest.Sentence{Text: "异地就医备案请拨打0451-99998888。", Cites: []int{1}})},
		"invented link":      {Content: llmtest.Answer(llmtest.Sentence{Text: "异地就医备案请打开 https://evil.example/x 。", Cites: []int{1}})},
		"promise":            {Content: llmtest.Answer(llmtest.Sentence{Text: "异地就医备案保证办成。", Cites: []int{1}})},
		"oversized":          {Content: strings.Repeat("长", 300_000)},
	} {
		t.Run(name, func(t *testing.T) {
			s := llmtest.New(t).Always(func(llmtest.Request) llmtest.Reply { return reply })
			w := withModel(t, "sqlite:"+t.TempDir()+"/jiban.db", s)
			if got := w.says(jiban.ChannelWebChat, visitor, aQuery); got != plain {
				t.Errorf("the person notices:\n%s\nwithout a model:\n%s", got, plain)
			}
			if len(s.Requests()) == 0 {
				t.Error("the model was not asked at all")
			}
		})
	}
}

// TestWhatAModelIsSent: not who the person is, where they live or how to reach
// them, in any task; and nothing of it, nor the key, is in the log.
func TestWhatAModelIsSent(t *testing.T) {
	s := llmtest.New(t).Always(llmtest.Honest)
	var log bytes.Buffer
	w := newTownLogging(t, &log, s)
	for _, text := range []string{
		"我要投诉，楼下机器天天响，我叫欧阳明珠，电话13812345678，身份证23010219900101123X，住哈尔滨市南岗区学府路23号阳光小区3栋2单元501",
		"欧阳明珠还想问" + aQuery + "，我的电话是13812345678",
		"我要投诉" + strings.Repeat("楼下机器天天响吵得人睡不着，找谁都没有用，", 12) + "我叫欧阳明珠，住学府路23号阳光小区，电话138-1234-5678",
		"转人工",
	} {
		w.says(jiban.ChannelWebChat, visitor, text)
		w.says(jiban.ChannelWebChat, visitor+"9", text)
		w.says(jiban.ChannelWebChat, visitor+"9", "取消")
	}
	tasks := map[string]int{}
	for _, r := range s.Requests() {
		tasks[r.Task()]++
		for _, secret := range []string{"13812345678", "138-1234", "23010219900101", "欧阳明珠", "学府路23号", "阳光小区", "501"} {
			if strings.Contains(r.User+r.System, secret) {
				t.Errorf("%s: the model is sent %q", r.Task(), secret)
			}
		}
	}
	if len(tasks) < 2 {
		t.Errorf("too little was asked to show anything: %v", tasks)
	}
	for _, secret := range []string{llmtest.Key, "13812345678", "欧阳明珠", "学府路"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// TestTheDaysTokensOutliveARestart, and are one for all nodes on the same store.
func TestTheDaysTokensOutliveARestart(t *testing.T) {
	onBothStores(t, func(t *testing.T, dsn string) {
		dir := t.TempDir()
		s := llmtest.New(t).Always(llmtest.Honest)
		node := func() *base {
			c := config.Default()
			c.DataDir, c.Database, c.Keys.Value, c.Files = dir, dsn, sharedKey(t), dir+"/files"
			c.LLM.BaseURL, c.LLM.Model, c.LLM.DayTokens = s.URL, "scripted", 3000
			b, err := open(t.Context(), Options{Config: c, Clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC))}.withDefaults())
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		spent := 0
		ask := func(b *base) (failed string) {
			var d runner.Deps
			if err := newModel(b, &d); err != nil {
				t.Fatal(err)
			}
			got, _ := d.Model.Ask(t.Context(), runner.ModelQuestion{Task: "summary", System: "概括", User: "小区停水", Schema: []byte(`{}`), MaxTokens: 800})
			spent += got.PromptTokens + got.CompletionTokens
			return got.Failed
		}
		if err := storetest.Furnish(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
		one := node()
		for range 8 {
			ask(one)
		}
		if err := one.close(); err != nil {
			t.Fatal(err)
		}
		two := node()
		defer two.close()
		last := ""
		for range 20 {
			last = ask(two)
		}
		if last != "day_spent" || spent > 3000 || spent < 1500 {
			t.Errorf("after a restart: %q, %d tokens of 3000", last, spent)
		}
	})
}
