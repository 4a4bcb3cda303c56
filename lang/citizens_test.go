package lang

import (
	"testing"

	"jiban"
)

// What people write in passing, and what it is.
func TestRequestsInEverydayWords(t *testing.T) {
	for say, want := range map[string]jiban.RequestType{
		"出租车司机拒载":                                jiban.Complaint,
		"医生态度不好":                                 jiban.Complaint,
		"邻居半夜装修":                                 jiban.Complaint,
		"公积金取不出来":                                jiban.Help,
		"养老金没发":                                  jiban.Help,
		"房产证办不下来":                                jiban.Help,
		"自来水发黄有味":                                jiban.Help,
		"出生证明丢了":                                 jiban.Consultation,
		"地铁几点停运":                                 jiban.Consultation,
		"感谢派出所民警帮忙找人":                            jiban.Praise,
		"the water has been off since yesterday": jiban.Help,
	} {
		if got, sure := RequestType(say); got != want {
			t.Errorf("%s: %s (%.2f), want %s", say, got, sure, want)
		}
	}
}

func TestPlacesPeopleName(t *testing.T) {
	g := NewGazetteer([]jiban.Region{{Code: "230000", Name: "黑龙江省"}})
	for say, want := range map[string]string{
		"How about Daqing?":                   "230600",
		"12 Huayuan Street, Nangang District": "230103",
		"Longsha district, Zhonghua Road 5":   "230202",
		"大庆河的水臭得不行":                           "",
		"大庆河北街":                               "230600",
		"a harbinger of winter":               "",
		"Beijing":                             "110000",
	} {
		got := ""
		if found := g.Find(say); len(found) > 0 {
			got = found[0].Region
		}
		if got != want {
			t.Errorf("%s: region %q, want %q", say, got, want)
		}
	}
	for _, say := range []string{"培训机构跑路了", "网约车绕路", "天天修路"} {
		if found := g.Find(say); len(found) > 0 {
			t.Errorf("%s: a place %+v", say, found[0])
		}
	}
	if found := g.Find("哈尔滨道外区靖宇小区3栋201，15度"); len(found) != 1 || found[0].Detail != "靖宇小区3栋201" {
		t.Errorf("the room is lost: %+v", found)
	}
}

func TestMend(t *testing.T) {
	for wrong, right := range map[string]string{"小区听水了": "小区停水了", "暧气不热": "暖气不热", "没听电话": "没听电话", "燥音太大": "噪音太大"} {
		if got := Mend(wrong); got != right {
			t.Errorf("%s: %s, want %s", wrong, got, right)
		}
	}
}

func TestGibberish(t *testing.T) {
	for say, want := range map[string]bool{"asdfasdf": true, "😀😀": true, "。。。": true, "哈哈哈": false, "停水了": false, "hello": false} {
		if got := Gibberish(say); got != want {
			t.Errorf("%q: %v, want %v", say, got, want)
		}
	}
}
