package tickets

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
)

func TestNumber(t *testing.T) {
	late := time.Date(2026, 11, 1, 16, 30, 0, 0, time.UTC) // past midnight in Beijing
	got, err := Number(late, 42)
	if err != nil || got[:12] != "261102000042" || !ValidNumber(got) {
		t.Errorf("got %q, %v", got, err)
	}
	// 7992739871 with check digit 3 is the usual example of the method.
	if d := luhn("7992739871"); d != 3 {
		t.Errorf("the check digit of 7992739871 is 3, got %d", d)
	}
	for _, serial := range []int64{0, -1, 1_000_000} {
		if _, err := Number(late, serial); jiban.CodeOf(err) != jiban.CodeUnavailable {
			t.Errorf("serial %d: got %v", serial, err)
		}
	}
}

func TestValidNumberFindsSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(2026, 1, 1, 0, 0, 0, 0, jiban.Beijing).AddDate(0, 0, rapid.IntRange(0, 2000).Draw(t, "day"))
		n, err := Number(day, rapid.Int64Range(1, maxSerial).Draw(t, "serial"))
		if err != nil || !ValidNumber(n) {
			t.Fatalf("%q is not valid: %v", n, err)
		}
		i := rapid.IntRange(0, 12).Draw(t, "place")
		wrong := []byte(n)
		wrong[i] = '0' + byte((int(n[i]-'0')+rapid.IntRange(1, 9).Draw(t, "by"))%10)
		if ValidNumber(string(wrong)) {
			t.Fatalf("%s misheard as %s is taken", n, wrong)
		}
		swapped := []byte(n)
		if i < 12 {
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		}
		ninety := i < 12 && (n[i:i+2] == "09" || n[i:i+2] == "90")
		if string(swapped) != n && !ninety && ValidNumber(string(swapped)) {
			t.Fatalf("%s changed over to %s is taken", n, swapped)
		}
	})
}

func FuzzValidNumber(f *testing.F) {
	f.Add("2611020000421")
	f.Add("")
	f.Add("２６１１０２０００")
	f.Add("9999999999999")
	f.Fuzz(func(t *testing.T, s string) {
		if ValidNumber(s) && len(s) != 13 {
			t.Fatalf("%q is valid", s)
		}
	})
}
