package lang

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"醫療保險報銷", "医疗保险报销"},
		{"ＡＢＣ１２３", "abc123"},
		{"“停水”　了", "\"停水\" 了"},
		{"a\u200bb\ufe0f", "ab"},
		{"㎡", "m2"},
		{"e\u0301", "é"},
		{"二〇二六", "二0二六"},
		{"bad\xff", "bad\uFFFD"},
		{"", ""},
		{"𠮷", "𠮷"},
	} {
		if got := Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFoldIsSafeForManyAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if got := Fold("燃氣洩漏"); got != "燃气泄漏" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"停水", "醫", "ﬃ", "e\u0301\u0327", "\xf0\x28", "가"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if !utf8.ValidString(once) {
			t.Fatalf("not UTF-8: %q", once)
		}
		if twice := Fold(once); twice != once {
			t.Fatalf("folding again changes %q to %q", once, twice)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	s := strings.Repeat("小區停水超過24小時還沒有恢復，請問什麼時候能來水？", 40)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Fold(s)
	}
}

func TestTerms(t *testing.T) {
	got := strings.Join(Terms("停水24小时，VIP怎么办"), "|")
	want := "停|水|停水|24|小|时|小时|vip|怎|么|怎么|办|么办"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		in   string
		want float64
		n    int
	}{
		{"12栋", 12, 2}, {"三十二", 32, 3}, {"十五天", 15, 2}, {"二百五", 250, 3},
		{"两万三", 23000, 3}, {"一亿三千万", 130000000, 5}, {"1,200元", 1200, 5},
		{"3.5万", 35000, 4}, {"二零二六年", 2026, 4}, {"一千零五", 1005, 4}, {"停", 0, 0}, {"百", 100, 1},
	} {
		v := newView(c.in, false)
		n, j := v.number(0)
		if n != c.want || j != c.n {
			t.Errorf("number(%q) = %v,%d want %v,%d", c.in, n, j, c.want, c.n)
		}
	}
}

func TestDetect(t *testing.T) {
	for in, want := range map[string]string{
		"小区停水": "zh", "My water is off": "en", "12345": "zh", "😀": "zh", "我要办VISA": "zh",
		"hello 你好": "zh", "T": "zh", "gas leak at 道里区 please send somebody now": "en",
	} {
		if got := string(Detect(in)); got != want {
			t.Errorf("Detect(%q) = %s, want %s", in, got, want)
		}
	}
}
