package runner

import (
	"encoding/json"
	"testing"
)

func TestMask(t *testing.T) {
	cases := []struct{ in, want string }{
		{"电话13800001234。", "电话138****1234。"},
		{"+8613800001234", "+86138****1234"},
		{"138 0000 1234", "138 **** 1234"},
		{"138-0000-1234", "138-****-1234"},
		{"0451-82345678", "0451-****5678"},
		{"230102199001011234", "230102********1234"},
		{"23010219900101123X", "230102********123X"},
		{"工单编号2611020000018", "工单编号2611020000018"},
		{"2026-11-02", "2026-11-02"},
		{"2026-11-02 09:00", "2026-11-02 09:00"},
		{"13800001234 13900001234", "138****1234 139****1234"},
		{"2611020000018 13800001234", "2611020000018 138****1234"},
		{"12345", "12345"},
		{"3栋2单元501", "3栋2单元501"},
	}
	for _, c := range cases {
		if got := string(mask([]byte(c.in), false)); got != c.want {
			t.Errorf("%s became %s, want %s", c.in, got, c.want)
		}
	}
}

func TestMaskLeavesJSONWhole(t *testing.T) {
	in := `{"score":0.13800001234567,"n":13800001234,"at":"2026-11-02T09:00:00.123456789+08:00","t":"a\"13800001234\u0031","k":["13800001234"]}`
	want := `{"score":0.13800001234567,"n":13800001234,"at":"2026-11-02T09:00:00.123456789+08:00","t":"a\"138****1234\u0031","k":["138****1234"]}`
	if got := string(mask([]byte(in), true)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzMask(f *testing.F) {
	f.Add(`{"a":"13800001234","b":1.5}`)
	f.Add(`"\u0031\\"`)
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, s string) {
		got := mask([]byte(s), true)
		if json.Valid([]byte(s)) != json.Valid(got) || len(got) != len(s) {
			t.Errorf("%q became %q", s, got)
		}
	})
}
