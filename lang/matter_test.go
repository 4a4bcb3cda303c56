package lang

import (
	"fmt"
	"testing"

	"jiban"
)

func catalogue() []jiban.Matter {
	return []jiban.Matter{
		{Code: "020101", Name: "停水", NameEN: "water outage", Aliases: []string{"断水", "没水", "不来水"}, Samples: []string{"小区从昨天开始停水到现在没有恢复", "家里水龙头一滴水也没有"}},
		{Code: "020201", Name: "供热温度不达标", NameEN: "heating too weak", Aliases: []string{"暖气不热", "室温低"}, Samples: []string{"屋里只有十五度老人孩子冻得不行", "家里才十几度太冷了", "供热公司烧得不好家里冷"}},
		{Code: "030101", Name: "建筑垃圾清运", Aliases: []string{"建筑垃圾", "装修垃圾"}, Samples: []string{"小区门前堆了一堆建筑垃圾没有人清走"}},
		{Code: "030201", Name: "油烟扰民", Aliases: []string{"油烟"}, Samples: []string{"楼下饭店的油烟往家里灌"}},
		{Code: "060101", Name: "拖欠工资", Aliases: []string{"欠薪", "不发工资", "欠工资"}, Samples: []string{"老板三个月没给我们发工资"}},
		{Code: "060201", Name: "异地就医备案", Aliases: []string{"异地就医", "异地医保"}, Samples: []string{"人在外地看病医保怎么报销"}},
	}
}

func TestMatterRecognizer(t *testing.T) {
	m := NewMatterRecognizer(catalogue())
	for in, want := range map[string]string{
		"小区停水超过24小时还没有恢复": "020101", "我家一滴水也没有了": "020101", "暖气一直不热": "020201", "家里才十五度太冷了": "020201",
		"門前堆著裝修垃圾": "030101", "饭店油烟太大": "030201", "老板欠我工资不给": "060101", "異地醫保怎樣報銷": "060201", "water outage in my building": "020101",
	} {
		got := m.Guess(in, 3)
		if len(got) == 0 || got[0].Code != want || got[0].Score < 0.3 || got[0].Score > 1 {
			t.Errorf("Guess(%q) = %+v, want %s", in, got, want)
		}
	}
	for _, in := range []string{"你好", "张伟", "13800001234", "道里区安静街12号", "三天了", "今天天气不错", "", "转人工", "是的"} {
		if got := m.Guess(in, 3); len(got) > 0 && got[0].Score >= 0.4 {
			t.Errorf("Guess(%q) = %+v, want none", in, got)
		}
	}
	if got := m.Guess("停水还有油烟", 1); len(got) != 1 {
		t.Errorf("asked for one: %+v", got)
	}
	if got := NewMatterRecognizer(nil).Guess("停水", 3); len(got) != 0 {
		t.Errorf("an empty catalogue guesses %+v", got)
	}
}

func TestMatterRecognizerRepeats(t *testing.T) {
	s := "小区停水暖气也不热还有油烟和建筑垃圾"
	want := fmt.Sprint(NewMatterRecognizer(catalogue()).Guess(s, 6))
	for range 20 {
		if got := fmt.Sprint(NewMatterRecognizer(catalogue()).Guess(s, 6)); got != want {
			t.Fatalf("got %s, then %s", want, got)
		}
	}
}

func FuzzMatterRecognizer(f *testing.F) {
	m := NewMatterRecognizer(catalogue())
	f.Add("停水", 3)
	f.Add("停", -1)
	f.Fuzz(func(t *testing.T, s string, k int) {
		for _, g := range m.Guess(s, k) {
			if !(g.Score > 0 && g.Score <= 1) || g.Code == "" {
				t.Fatalf("Guess(%q) = %+v", s, g)
			}
		}
	})
}

// hundred is a catalogue of a hundred matters with a dozen phrases each.
func hundred() []jiban.Matter {
	var out []jiban.Matter
	for n := range 100 {
		m := catalogue()[n%len(catalogue())]
		m.Code = fmt.Sprintf("%06d", n)
		for k := range 10 {
			m.Samples = append(m.Samples, fmt.Sprintf("%s的第%d种说法，%s在%d号发生", m.Name, k, m.Aliases[0], n))
		}
		out = append(out, m)
	}
	return out
}

func BenchmarkGuess(b *testing.B) {
	m := NewMatterRecognizer(hundred())
	s := "我家住在阳光小区3栋2单元，从昨天晚上开始一直停水，打物业电话也没人接，请问什么时候能恢复供水，谢谢"
	for b.Loop() {
		m.Guess(s, 3)
	}
}
