package lang

import (
	"strings"
	"testing"
)

func TestAddressParts(t *testing.T) {
	g := heilongjiang()
	for in, want := range map[string]string{
		"黑龙江省哈尔滨市道里区安静街12号3栋2单元401室": "province:黑龙江省 city:哈尔滨市 district:道里区 road:安静街 number:12号 building:3栋 unit:2单元 room:401室",
		"南岗区学府路52":           "district:南岗区 road:学府路 number:52",
		"阳光小区3-2-401":        "landmark:阳光小区 building:3 unit:2 room:401",
		"香坊区幸福镇新发村王家沟10号":    "district:香坊区 town:幸福镇 community:新发村 landmark:王家沟 number:10号",
		"哈尔滨太平区水泥路街道南直路8号7楼": "city:哈尔滨 district:太平区 town:水泥路街道 road:南直路 number:8号 floor:7楼",
		"学府路与保健路交口":          "road:学府路 road:保健路",
		"三棵桥村5号":             "community:三棵桥村 number:5号",
		"爱建路66号14栋3号":        "road:爱建路 number:66号 building:14栋 room:3号",
		"301国道旁":             "road:301国道",
		"我们小区没有水":            "",
	} {
		var got []string
		end := 0
		for _, p := range g.Parts(in) {
			if p.Start < end || in[p.Start:p.End] != p.Text {
				t.Errorf("Parts(%q): %+v", in, p)
			}
			end = p.End
			got = append(got, p.Kind+":"+p.Text)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("Parts(%q) =\n%s, want\n%s", in, s, want)
		}
	}
}

func FuzzAddressParts(f *testing.F) {
	g := heilongjiang()
	for _, s := range []string{"道里区安静街12号", "阳光小区3-2-401", "学府路与保健路交口", "路路路路街道", "哈尔滨市江东区", "幸福村王家沟10号", "a-b-1路f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, p := range g.Parts(s) {
			if p.Start < end || p.End <= p.Start || p.End > len(s) || s[p.Start:p.End] != p.Text || p.Kind == "" {
				t.Fatalf("Parts(%q): %+v", s, p)
			}
			end = p.End
		}
	})
}
