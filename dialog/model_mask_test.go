package dialog

import (
	"strings"
	"testing"

	"jiban"
	"jiban/prompts"
)

func maskTurn(t testing.TB) *turn {
	t.Helper()
	book, err := prompts.New()
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Book: book, Region: "230000", Catalogue: jiban.Catalogue{Regions: []jiban.Region{
		{Code: "230000", Name: "黑龙江省"}, {Code: "230100", Name: "哈尔滨市", Parent: "230000"}, {Code: "230103", Name: "南岗区", Parent: "230100"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return &turn{e: e, st: &state{}, lang: jiban.Chinese}
}

// TestWhatAModelDoesNotGet: numbers, names and addresses are placeholders, the same
// one each time, and come back where they stood.
func TestWhatAModelDoesNotGet(t *testing.T) {
	for _, c := range []struct {
		text   string
		hidden []string
		kept   string
	}{
		{"我叫王芳，电话13800001234，王芳在等", []string{"王芳", "13800001234"}, "在等"},
		{"电话是138 0000 1234或者一三八零零零零一二三四", []string{"138 0000 1234", "一三八零零零零一二三四"}, "或者"},
		{"座机0451-82345678没人接", []string{"82345678"}, "没人接"},
		{"身份证23010219900101123X办居住证", []string{"23010219900101123X", "19900101"}, "办居住证"},
		{"身份证２３０１０２１９９００１０１１２３４", []string{"２３０１０２"}, "身份证"},
		{"卡号6222021234567890123扣了钱", []string{"6222021234567890123"}, "扣了钱"},
		{"住在哈尔滨市南岗区学府路23号阳光小区3栋2单元501，停水了", []string{"学府路23号", "阳光小区", "501"}, "停水了"},
		{"车牌黑A12345乱停", []string{"黑A12345"}, "乱停"},
		{"邮箱zhang.san@example.com收不到", []string{"zhang.san", "example.com"}, "收不到"},
		{"工单编号2611020000018没动静", []string{"2611020000018"}, "没动静"},
		{"微信号abc123456789", []string{"123456789"}, "微信号"},
	} {
		tt := maskTurn(t)
		cv := &cover{}
		masked := tt.hide(cv, c.text)
		for _, h := range c.hidden {
			if strings.Contains(masked, h) {
				t.Errorf("%s: %q shows in %s", c.text, h, masked)
			}
		}
		if !strings.Contains(masked, c.kept) || !strings.Contains(masked, "⟨") {
			t.Errorf("%s became %s", c.text, masked)
		}
		if back := cv.restore(masked); back != c.text {
			t.Errorf("%s came back as %s", c.text, back)
		}
	}
}

// TestAPlaceholderThatAPersonWrites is none: nothing can be put in its place.
func TestAPlaceholderThatAPersonWrites(t *testing.T) {
	tt := maskTurn(t)
	cv := &cover{}
	masked := tt.hide(cv, "⟨电话1⟩是13800001234，⟨姓名1")
	if strings.Count(masked, "⟨") != 1 || strings.Contains(masked, "138") {
		t.Errorf("%s", masked)
	}
}

// TestWhatIsKnownIsHidden: a name told in an earlier turn.
func TestWhatIsKnownIsHidden(t *testing.T) {
	tt := maskTurn(t)
	tt.st.Known = map[string]string{"name": "欧阳明珠", "phone": "13800001234"}
	if masked := tt.hide(&cover{}, "欧阳明珠还在等，欧阳明珠很急"); strings.Contains(masked, "欧阳") || strings.Count(masked, "⟨姓名1⟩") != 2 {
		t.Errorf("%s", masked)
	}
}

func FuzzHide(f *testing.F) {
	for _, s := range []string{"我叫王芳，电话13800001234", "⟨⟩⟨电话1⟩", "\xff138", "学府路23号学府路23号", strings.Repeat("1", 100), "一三八零零零零一二三四"} {
		f.Add(s)
	}
	tt := maskTurn(f) // nothing is changed in it
	f.Fuzz(func(t *testing.T, text string) {
		cv := &cover{}
		masked := tt.hide(cv, text)
		if again := tt.hide(&cover{}, text); again != masked {
			t.Fatalf("%q is masked as %q and %q", text, masked, again)
		}
		if longNumber.MatchString(masked) {
			t.Fatalf("a number shows: %q", masked)
		}
		if want := firstRunes(holderMarks.Replace(text), mostAsked); cv.restore(masked) != want {
			t.Fatalf("%q came back as %q", want, cv.restore(masked))
		}
	})
}
