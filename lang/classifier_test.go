package lang

import (
	"bytes"
	"strings"
	"testing"

	"jiban"
)

// examples are sentences of our own for two kinds of matter and a third.
func trainingSet() []Example {
	var out []Example
	add := func(label string, lines ...string) {
		for _, l := range lines {
			out = append(out, Example{l, label})
		}
	}
	add("供水", "小区停水了", "家里没有自来水", "水管爆了一直流水", "自来水有异味", "水压太低上不去水", "停水三天没人管", "水表坏了不走字", "楼上水管漏水")
	add("供热", "暖气不热", "屋里只有十五度", "供热公司不供暖", "暖气管道漏水", "热费怎么退", "室温不达标", "暖气片冰凉", "供热期什么时候开始")
	add("交通", "公交车不停站", "路口红绿灯坏了", "出租车拒载", "道路坑洼不平", "地铁什么时候开通", "公交线路太少", "停车位被占", "路面塌陷")
	return out
}

func TestClassifierLearns(t *testing.T) {
	c, err := TrainClassifier(trainingSet())
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"我家停水了": "供水", "暖气不热室温低": "供热", "公交车拒载": "交通"} {
		if p := c.Predict(in); p.Label != want || p.P <= 0 || p.P > 1 {
			t.Errorf("Predict(%q) = %+v, want %s", in, p, want)
		}
	}
	if got := strings.Join(c.Labels(), " "); got != "交通 供水 供热" {
		t.Errorf("labels %s", got)
	}
	if p := c.Predict(""); p.Sure {
		t.Errorf("sure of nothing: %+v", p)
	}
}

func TestClassifierSaveAndLoad(t *testing.T) {
	c, err := TrainClassifier(trainingSet())
	if err != nil {
		t.Fatal(err)
	}
	again, err := TrainClassifier(trainingSet())
	if err != nil {
		t.Fatal(err)
	}
	var one, two bytes.Buffer
	if err := c.Save(&one); err != nil {
		t.Fatal(err)
	}
	if err := again.Save(&two); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("the same examples gave another classifier (%v)", err)
	}
	loaded, err := LoadClassifier(bytes.NewReader(one.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range trainingSet() {
		if got, want := loaded.Predict(e.Text), c.Predict(e.Text); got != want {
			t.Errorf("Predict(%q) = %+v after loading, %+v before", e.Text, got, want)
		}
	}
	for _, damage := range [][]byte{nil, []byte("hello"), one.Bytes()[:one.Len()/2], flipped(one.Bytes())} {
		if _, err := LoadClassifier(bytes.NewReader(damage)); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("a damaged file of %d bytes: %v", len(damage), err)
		}
	}
}

func flipped(b []byte) []byte {
	out := bytes.Clone(b)
	out[len(out)-6] ^= 1
	return out
}

func TestTrainClassifierRefuses(t *testing.T) {
	for name, set := range map[string][]Example{
		"nothing": nil, "one label": {{"a", "x"}, {"b", "x"}}, "a lone example": {{"a", "x"}, {"b", "x"}, {"c", "y"}}, "no label": {{"a", ""}, {"b", ""}, {"c", "y"}, {"d", "y"}},
	} {
		if _, err := TrainClassifier(set); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzClassifier(f *testing.F) {
	c, err := TrainClassifier(trainingSet())
	if err != nil {
		f.Fatal(err)
	}
	var file bytes.Buffer
	if err := c.Save(&file); err != nil {
		f.Fatal(err)
	}
	f.Add("停水", []byte("x"))
	f.Add("a\nb", file.Bytes())
	f.Fuzz(func(t *testing.T, s string, data []byte) {
		if p := c.Predict(s); !(p.P > 0 && p.P <= 1) {
			t.Fatalf("Predict(%q) = %+v", s, p)
		}
		if got, err := LoadClassifier(bytes.NewReader(data)); err == nil {
			got.Predict(s)
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	c, err := TrainClassifier(trainingSet())
	if err != nil {
		b.Fatal(err)
	}
	s := strings.Repeat("我家住在阳光小区，从昨天晚上开始一直停水，打物业电话也没人接，", 10)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		c.Predict(s)
	}
}
