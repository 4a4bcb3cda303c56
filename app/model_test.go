package app

import (
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/llm/llmtest"
)

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
