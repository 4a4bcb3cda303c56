package channels

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplitPrefersEndsOfSentences(t *testing.T) {
	cases := []struct {
		name, in string
		limit    int
		want     []string
	}{
		{"fits", "您好。", 70, []string{"您好。"}},
		{"nothing", " \n ", 70, nil},
		{"sentence", "一二三四五。六七八九十。", 8, []string{"一二三四五。", "六七八九十。"}},
		{"clause", "一二三四五，六七八九十", 8, []string{"一二三四五，", "六七八九十"}},
		{"early sentence end is not worth it", "一。二三四五六七八九十", 8, []string{"一。二三四五六七", "八九十"}},
		{"number stays whole", "工单编号2611020000018", 14, []string{"工单编号", "2611020000018"}},
		{"closing quote stays", "他说：“好。”然后走了。", 7, []string{"他说：“好。”", "然后走了。"}},
		{"surrogates", "𠮷𠮷𠮷", 3, []string{"𠮷", "𠮷", "𠮷"}},
		{"family stays together", "好👨‍👩‍👧好", 9, []string{"好👨‍👩‍👧", "好"}},
		{"word too long", "aaaaaaaaaa", 4, []string{"aaaa", "aaaa", "aa"}},
		{"latin words", "water is gone today", 9, []string{"water is", "gone", "today"}},
		{"line break", "一、甲\n二、乙", 4, []string{"一、甲", "二、乙"}},
	}
	for _, c := range cases {
		got := Split(c.in, c.limit, UTF16Units)
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"您好，世界。", "👨‍👩‍👧🇨🇳👍🏽", "a b c", "e\u0301\u0301", "\u200d", "工单编号2611020000018。"} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if !utf8.ValidString(s) || limit < 2 || limit > 1000 {
			t.Skip()
		}
		var joined strings.Builder
		for _, p := range Split(s, limit, UTF16Units) {
			if UTF16Units(p) > limit || p == "" || !utf8.ValidString(p) {
				t.Errorf("piece %q of limit %d", p, limit)
			}
			joined.WriteString(p)
		}
		if squeeze(joined.String()) != squeeze(s) {
			t.Errorf("words were lost: %q became %q", s, joined.String())
		}
	})
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }
