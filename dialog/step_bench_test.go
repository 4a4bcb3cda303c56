package dialog_test

import (
	"strings"
	"testing"

	"jiban"
	"jiban/dialog"
)

// BenchmarkStep measures a turn of a form without any search.
func BenchmarkStep(b *testing.B) {
	engine := newEngine(b)
	in := dialog.Input{
		Situation: dialog.Situation{ChannelKind: jiban.ChannelWeChat, Region: "230000", Holder: jiban.HeldByBot},
		Inbox:     []jiban.Message{{Content: jiban.Content{Kind: jiban.KindText, Text: "小区停水超过24小时还没有恢复，在哈尔滨市南岗区学府路23号，电话13800001234"}}},
	}
	for b.Loop() {
		if _, _, err := engine.Step(in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStepLong measures the longest message that is taken in.
func BenchmarkStepLong(b *testing.B) {
	engine := newEngine(b)
	in := dialog.Input{
		Situation: dialog.Situation{ChannelKind: jiban.ChannelWeChat, Region: "230000", Holder: jiban.HeldByBot},
		Inbox:     []jiban.Message{{Content: jiban.Content{Kind: jiban.KindText, Text: strings.Repeat("停水没人管。", 800)}}},
	}
	for b.Loop() {
		if _, _, err := engine.Step(in); err != nil {
			b.Fatal(err)
		}
	}
}
