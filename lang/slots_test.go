package lang

import (
	"strings"
	"testing"
)

func values(slots []Slot) string {
	var out []string
	for _, s := range slots {
		out = append(out, s.Value)
	}
	return strings.Join(out, " ")
}

func TestPhones(t *testing.T) {
	for in, want := range map[string]string{
		"我电话13800001234":                 "13800001234",
		"138 0000 1234":                  "13800001234",
		"138-0000-1234 谢谢":               "13800001234",
		"+86 13800001234":                "13800001234",
		"+8613800001234":                 "13800001234",
		"8613800001234":                  "13800001234",
		"一三八零零零零一二三四":                    "13800001234",
		"幺三九四五六七八九零幺":                    "13945678901",
		"１３８００００１２３４":                    "13800001234",
		"0451-82345678":                  "0451-82345678",
		"045182345678":                   "0451-82345678",
		"(0451)82345678":                 "0451-82345678",
		"（0451）8234 5678转8001":           "0451-82345678-8001",
		"010-62345678":                   "010-62345678",
		"家里电话是82345678":                  "82345678",
		"座机 8234567":                     "8234567",
		"400-810-8888":                   "4008108888",
		"13800001234，或者13900005678都行":    "13800001234 13900005678",
		"13800001234 0451-82345678":      "13800001234 0451-82345678",
		"工单2611020000017":                "",
		"身份证230102199001011234":          "",
		"12345":                          "",
		"一二三四五六七":                        "",
		"2026年11月2日":                     "",
		"1380000123":                     "",
		"138000012345":                   "",
		"我住82345678号":                    "",
		"My number is 138 0000 1234, ok": "13800001234",
		"我在国外，+49 176 12345678":          "+4917612345678",
		"打 0049-176-12345678":            "+4917612345678",
		"+44 (0)20 7946 0123":            "+442079460123",
		"(+852) 2345-6789":               "+85223456789",
		"+86 451 8234 5678":              "0451-82345678",
		"+86-10-62345678":                "010-62345678",
		"电话是541-754-3010":                "",
		"座机8234567转8":                    "8234567",
		"电话82345678 13800001234":         "82345678 13800001234",
		"编号T0451-82345678":               "",
		"单元(16)92089-4635":               "",
		"+123":                           "",
	} {
		if got := values(Phones(in)); got != want {
			t.Errorf("Phones(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPhoneNorm(t *testing.T) {
	for in, want := range map[string]string{"0451-82345678": "+8645182345678", "138 0000 1234": "+8613800001234"} {
		if got := Phones(in); len(got) != 1 || got[0].Norm != want {
			t.Errorf("Phones(%q) = %+v, want norm %s", in, got, want)
		}
	}
}

// withLuhn appends the check digit that makes a row of digits valid.
func withLuhn(d string) string {
	for c := '0'; c <= '9'; c++ {
		if luhn(d + string(c)) {
			return d + string(c)
		}
	}
	return ""
}

func TestTicketNumbers(t *testing.T) {
	n := withLuhn("261102000001")
	spaced := n[:6] + " " + n[6:12] + " " + n[12:]
	chinese := strings.NewReplacer("0", "零", "1", "一", "2", "二", "3", "三", "4", "四", "5", "五", "6", "六", "7", "七", "8", "八", "9", "九").Replace(n)
	wrong := n[:12] + string('0'+(n[12]-'0'+1)%10)
	for in, want := range map[string]string{
		n: n, "查" + n + "的进度": n, spaced: n, chinese: n, wrong: "", n + "5": "", "1" + n: "", withLuhn("269902000001"): "",
	} {
		if got := values(TicketNumbers(in)); got != want {
			t.Errorf("TicketNumbers(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCreditCodes(t *testing.T) {
	for in, want := range map[string]string{
		"信用代码91350100M000100Y43":      "91350100M000100Y43",
		"91350100m000100y43":          "91350100M000100Y43",
		"９１３５０１００Ｍ０００１００Ｙ４３":          "91350100M000100Y43",
		"9135 0100 M000 100Y 43 你好":   "91350100M000100Y43",
		"91350100M000100Y44":          "",
		"91350100M000100Y435":         "",
		"信用代码91350100M000100Y43，还有别的": "91350100M000100Y43",
	} {
		if got := values(CreditCodes(in)); got != want {
			t.Errorf("CreditCodes(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestQuantities(t *testing.T) {
	for _, c := range []struct {
		of   func(string) []Slot
		in   string
		want string
		norm string
	}{
		{Amounts, "欠我3000元", "3000元", "3000"},
		{Amounts, "三万二千块钱", "三万二千块钱", "32000"},
		{Amounts, "1.5万元押金不退", "1.5万元", "15000"},
		{Amounts, "五百多块", "五百多块", "500"},
		{Amounts, "五十多万元", "五十多万元", "500000"},
		{Amounts, "元旦放几天", "", ""},
		{Amounts, "12栋", "", ""},
		{Counts, "我们12个人", "12个人", "12"},
		{Counts, "二十多个工人没发工资", "二十多个工人", "20"},
		{Counts, "三百户居民停水", "三百户居民", "300"},
		{Counts, "我要转人工", "", ""},
		{Counts, "第1人民医院", "", ""},
		{Temperatures, "屋里只有15度", "15度", "15"},
		{Temperatures, "室温十六℃", "十六℃", "16"},
		{Temperatures, "零下20度", "20度", "-20"},
		{Temperatures, "用了30度电", "", ""},
		{Plates, "车牌黑A12345乱停", "黑A12345", ""},
		{Plates, "黑A·D12345", "黑AD12345", ""},
		{Plates, "黑a12345", "黑A12345", ""},
		{Plates, "黑龙江", "", ""},
	} {
		got := c.of(c.in)
		norm := ""
		if len(got) > 0 {
			norm = got[0].Norm
		}
		if values(got) != c.want || norm != c.norm {
			t.Errorf("%q = %q %q, want %q %q", c.in, values(got), norm, c.want, c.norm)
		}
	}
}
