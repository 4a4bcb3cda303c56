package lang

import (
	"testing"

	"jiban"
)

func heilongjiang() *Gazetteer {
	return NewGazetteer([]jiban.Region{{Code: "230000", Name: "黑龙江省"}})
}

func TestGazetteerFind(t *testing.T) {
	g := heilongjiang()
	for _, c := range []struct{ in, text, region, detail string }{
		{"哈尔滨", "哈尔滨", "230100", ""},
		{"哈尔滨市道里区安静街12号停水了", "哈尔滨市道里区安静街12号", "230102", "安静街12号"},
		{"道里区安静街12号", "道里区安静街12号", "230102", "安静街12号"},
		{"我家住在南岗学府路52号", "南岗学府路52号", "230103", "学府路52号"},
		{"阳光小区3栋2单元没有暖气", "阳光小区3栋2单元", "", "阳光小区3栋2单元"},
		{"香坊区幸福家园门口垃圾没人清", "香坊区幸福家园门口", "230110", "幸福家园门口"},
		{"学府路与保健路交口红绿灯坏了", "学府路与保健路交口", "", "学府路与保健路交口"},
		{"大庆市让胡路区西宾路", "大庆市让胡路区西宾路", "230604", "西宾路"},
		{"牡丹江西安区没有水", "牡丹江西安区", "231005", ""},
		{"哈爾濱市道外區", "哈爾濱市道外區", "230104", ""},
		{"北京市朝阳区", "北京市朝阳区", "110105", ""},
		{"我在深圳，社保怎么打印", "深圳", "440300", ""},
		{"齐齐哈尔龙沙区", "齐齐哈尔龙沙区", "230202", ""},
		{"杜尔伯特县", "杜尔伯特县", "230624", ""},
		{"黑龙江省哈尔滨市", "黑龙江省哈尔滨市", "230100", ""},
		{"兆麟街道", "兆麟街道", "230102", ""},
		{"红旗小区三号楼二单元401室", "红旗小区三号楼二单元401室", "", "红旗小区三号楼二单元401室"},
		{"位于中山路和文昌街交叉口", "中山路和文昌街交叉口", "", "中山路和文昌街交叉口"},
		{"加格达奇区", "加格达奇区", "232761", ""},
		{"友谊县", "友谊县", "230522", ""},
		{"哈尔滨火车站附近", "哈尔滨火车站附近", "230100", "火车站附近"},
		{"群力第五大道", "群力第五大道", "", "群力第五大道"},
		{"南岗区学府路52", "南岗区学府路52", "230103", "学府路52"},
		{"道外区红旗大厦1203", "道外区红旗大厦1203", "230104", "红旗大厦1203"},
		{"301国道旁", "301国道旁", "", "301国道旁"},
		{"呼兰区幸福镇王家沟10号", "呼兰区幸福镇王家沟10号", "230111", "幸福镇王家沟10号"},
		{"哈南工业区", "哈南工业区", "", "哈南工业区"},
	} {
		got := g.Find(c.in)
		if len(got) != 1 || got[0].Text != c.text || got[0].Region != c.region || got[0].Detail != c.detail {
			t.Errorf("Find(%q) = %+v, want %q %s %q", c.in, got, c.text, c.region, c.detail)
		}
	}
}

func TestGazetteerFindsNone(t *testing.T) {
	g := heilongjiang()
	for _, in := range []string{
		"小区停水超过24小时还没有恢复", "小区门前的建筑垃圾一直没人处理", "我家门口", "我们小区", "老旧小区改造", "单位", "楼上漏水", "这条路太黑了",
		"马路上", "农村医保", "公路养护", "医院太远", "友谊长存", "我要投诉物业", "全村停电", "铁路", "公园里", "网络太慢", "3天了", "异地医保怎样报销",
		"转人工", "人在外地", "学校不让进", "菜市场太脏", "13800001234", "张伟", "前进的道路",
	} {
		if got := g.Find(in); len(got) > 0 {
			t.Errorf("Find(%q) = %+v, want none", in, got)
		}
	}
}

func TestGazetteerAmbiguity(t *testing.T) {
	g := heilongjiang()
	if got := g.Find("向阳区"); len(got) != 1 || got[0].Region != "" {
		t.Errorf("two cities have a 向阳区: %+v", got)
	}
	if got := g.Find("佳木斯的向阳区"); len(got) != 1 || got[0].Region != "230803" || got[0].City != "230800" {
		t.Errorf("got %+v", got)
	}
	if got := g.FindNear("向阳区", "230400"); len(got) != 1 || got[0].Region != "230402" {
		t.Errorf("near 鹤岗: %+v", got)
	}
	if got := g.Find("南山区停水了，我在鹤岗"); len(got) != 2 || got[0].Region != "230404" {
		t.Errorf("resolved by the other: %+v", got)
	}
	if got := g.Find("深圳南山区"); len(got) != 1 || got[0].Region != "440305" || !got[0].Outside {
		t.Errorf("got %+v", got)
	}
	if got := g.Find("哈尔滨"); got[0].Outside || got[0].Name != "黑龙江省哈尔滨市" {
		t.Errorf("got %+v", got)
	}
	if got := g.Find("宾县"); len(got) != 1 || got[0].City != "230100" {
		t.Errorf("got %+v", got)
	}
}

func FuzzGazetteer(f *testing.F) {
	g := heilongjiang()
	for _, s := range []string{"道里区安静街12号", "阳光小区3栋2单元", "学府路与保健路交口", "路路路路", "哈 尔 滨 市", "区区区", "a-b-1路"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, p := range g.Find(s) {
			if p.Start < end || p.End <= p.Start || p.End > len(s) || s[p.Start:p.End] != p.Text {
				t.Fatalf("Find(%q): %+v", s, p)
			}
			end = p.End
		}
	})
}

func BenchmarkGazetteer(b *testing.B) {
	g := heilongjiang()
	s := "我家住在哈尔滨市道里区阳光小区3栋2单元，从昨天晚上开始一直停水，打物业电话也没人接，请问什么时候能恢复供水，谢谢"
	for b.Loop() {
		g.Find(s)
	}
}
