package lang

import (
	"testing"
	"time"
)

func scoreOf(scores []SlotScore, kind string) SlotScore {
	for _, s := range scores {
		if s.Kind == kind {
			return s
		}
	}
	return SlotScore{}
}

func TestEvalSlots(t *testing.T) {
	at := monday.AddDate(0, 0, -1)
	rows := []SlotRow{
		{Text: "昨天停水", Now: monday, Times: []SlotLabel{{Text: "昨天", From: []time.Time{midnight(at)}}}},
		{Text: "停了三天，上周五修过", Now: monday, Times: []SlotLabel{{Text: "上周五", From: []time.Time{monday}}}},
		{Text: "没有说什么时候", Now: monday, Times: []SlotLabel{}},
		{Text: "电话13800001234", Phones: []SlotLabel{{Text: "13800001234"}}},
		{Text: "电话是12", Phones: []SlotLabel{{Text: "12"}}},
		{Text: "昨天13900001234", Now: monday},
	}
	scores := EvalSlots(heilongjiang(), rows)
	for kind, want := range map[string]SlotScore{
		SlotTime:     {Kind: SlotTime, N: 2, Found: 3, Right: 2, Touched: 2, Precision: 0.667, Recall: 1, F1: 0.8},
		SlotTimeFrom: {Kind: SlotTimeFrom, N: 2, Found: 2, Right: 1, Touched: 2, Precision: 0.5, Recall: 0.5, F1: 0.5},
		SlotPhone:    {Kind: SlotPhone, N: 2, Found: 1, Right: 1, Touched: 1, Precision: 1, Recall: 0.5, F1: 0.667},
	} {
		if got := scoreOf(scores, kind); got != want {
			t.Errorf("%s: %+v, want %+v", kind, got, want)
		}
	}
}

func TestEvalPlaces(t *testing.T) {
	rows := []SlotRow{
		{Text: "哈尔滨市南岗区学府路52号 电联", Parts: []SlotLabel{{Text: "哈尔滨市", Part: "city"}, {Text: "南岗区", Part: "district"}, {Text: "学府路", Part: "road"}, {Text: "52号", Part: "number"}, {Text: "电联"}}},
		{Text: "无处可寻", Parts: []SlotLabel{{Text: "无处", Part: "landmark"}}},
	}
	scores := EvalSlots(heilongjiang(), rows)
	for kind, want := range map[string][3]int{
		SlotPlace: {2, 1, 1}, "city": {1, 1, 1}, "district": {1, 1, 1}, "road": {1, 1, 1}, "number": {1, 1, 1}, "landmark": {1, 0, 0}, SlotPlacePart: {5, 4, 4},
	} {
		if s := scoreOf(scores, kind); [3]int{s.N, s.Found, s.Right} != want {
			t.Errorf("%s: %+v, want %v", kind, s, want)
		}
	}
}
