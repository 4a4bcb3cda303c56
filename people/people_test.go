package people

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"jiban"
)

func TestPhone(t *testing.T) {
	for in, want := range map[string]string{
		"13800001234":           "+8613800001234",
		" 138-0000 1234 ":       "+8613800001234",
		"+86 138 0000 1234":     "+8613800001234",
		"0086-13800001234":      "+8613800001234",
		"8613800001234":         "+8613800001234",
		"１３８００００１２３４":           "+8613800001234",
		"（0451）8765-4321":       "+8645187654321",
		"0451 87654321":         "+8645187654321",
		"010-62345678":          "+861062345678",
		"+8645187654321":        "+8645187654321",
		"+1 202 555 0100":       "+12025550100",
		"0012025550100":         "+12025550100",
		"":                      "",
		"87654321":              "", // no area
		"12345":                 "",
		"12800001234":           "",
		"138000012345":          "",
		"13800001234x":          "",
		"+":                     "",
		"+86":                   "",
		"++8613800001234":       "",
		"138+00001234":          "",
		strings.Repeat("1", 99): "",
	} {
		got, ok := Phone(in)
		if got != want || ok != (want != "") {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// broken is a store that cannot be read.
type broken struct{ RosterStore }

func (broken) RosterBlock(context.Context, int) ([]byte, []string, error) {
	return nil, nil, errors.New("the disk is gone")
}

// Every look-up is counted by what came of it, a failed one too.
func TestEveryLookUpIsHeardOf(t *testing.T) {
	var heard []RosterResult
	of := func(s RosterStore) *Roster {
		return NewRoster(RosterDeps{Store: s, Hash: &plain{}, Clock: jiban.NewManualClock(time.Unix(0, 0)),
			Looked: func(_ context.Context, r RosterResult) { heard = append(heard, r) }})
	}
	if _, ok, err := of(&plain{}).OnRoster(t.Context(), "13800001234"); ok || err != nil {
		t.Error(ok, err)
	}
	if _, ok, err := of(broken{}).OnRoster(t.Context(), "13800001234"); ok || err == nil {
		t.Error(ok, err)
	}
	if _, _, err := of(broken{}).OnRoster(t.Context(), "no number"); err != nil {
		t.Error(err)
	}
	if want := []RosterResult{RosterNotListed, RosterFailed}; !slices.Equal(heard, want) {
		t.Errorf("heard of %v, want %v", heard, want)
	}
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"13800001234", "+86 138", "（0451）8765-4321", "++1", "０"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := Phone(s)
		if !ok {
			return
		}
		if again, ok := Phone(n); !ok || again != n {
			t.Fatalf("%q became %q, which became %q", s, n, again)
		}
		if len(n) > 16 || n[0] != '+' {
			t.Fatalf("%q is no E.164 number", n)
		}
	})
}

// plain hashes without a key and stores in memory.
type plain struct {
	use    jiban.Roster
	blocks map[string]map[int][]byte
}

func (*plain) Digest(domain, value string) [32]byte { return sha256.Sum256([]byte(domain + value)) }

func (p *plain) ActiveRoster(context.Context) (jiban.Roster, error) {
	if p.use.ID == "" {
		return p.use, jiban.Errorf(jiban.CodeNotFound, "plain", "none")
	}
	return p.use, nil
}

func (p *plain) RosterBlock(_ context.Context, b int) ([]byte, []string, error) {
	return p.blocks[p.use.ID][b], p.use.Kinds, nil
}

func (p *plain) RosterBlocks(_ context.Context, id string, after, limit int) ([]jiban.RosterBlock, error) {
	var out []jiban.RosterBlock
	for b, data := range p.blocks[id] {
		if b > after {
			out = append(out, jiban.RosterBlock{Bucket: b, Data: data})
		}
	}
	slices.SortFunc(out, func(a, b jiban.RosterBlock) int { return a.Bucket - b.Bucket })
	return out[:min(limit, len(out))], nil
}

func (p *plain) AddRoster(_ context.Context, r jiban.Roster) error {
	p.blocks[r.ID] = map[int][]byte{}
	return nil
}

func (p *plain) AddRosterBlocks(_ context.Context, id string, blocks []jiban.RosterBlock) error {
	for _, b := range blocks {
		p.blocks[id][b.Bucket] = b.Data
	}
	return nil
}

func (p *plain) UseRoster(_ context.Context, r jiban.Roster, _ string, _ []jiban.AuditEntry) error {
	p.use = r
	return nil
}

func (p *plain) SweepRosters(context.Context, time.Time, string) error { return nil }

func (p *plain) DropRoster(_ context.Context, id string) error {
	delete(p.blocks, id)
	return nil
}

func newPlain() *Roster {
	p := &plain{blocks: map[string]map[int][]byte{}}
	return NewRoster(RosterDeps{Store: p, Hash: p, Clock: jiban.NewManualClock(time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)),
		IDs: &jiban.SerialIDs{Prefix: "r"}})
}

// TestTheRosterHoldsWhatTheFilesSaid plays imports and changes against a map.
func TestTheRosterHoldsWhatTheFilesSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, want := newPlain(), map[string]string{}
		for range rapid.IntRange(1, 4).Draw(t, "imports") {
			delta := rapid.Bool().Draw(t, "delta")
			if !delta {
				clear(want)
			}
			var file strings.Builder
			file.WriteString("phone,kind,until")
			if delta {
				file.WriteString(",action")
			}
			file.WriteByte('\n')
			for range rapid.IntRange(0, 30).Draw(t, "rows") {
				number := "1380000000" + rapid.StringMatching(`\d`).Draw(t, "phone")
				kind := rapid.SampledFrom([]string{"残疾人", "老年人", "a,b", "\"c\""}).Draw(t, "kind")
				until := rapid.SampledFrom([]string{"", "2025", "2026", "2030"}).Draw(t, "until")
				off := delta && rapid.Bool().Draw(t, "off")
				file.WriteString(number + ",\"" + strings.ReplaceAll(kind, "\"", "\"\"") + "\"," + until)
				switch {
				case off:
					file.WriteString(",删除")
				case delta:
					file.WriteString(",新增")
				}
				file.WriteByte('\n')
				switch {
				case off, until == "2025" && delta:
					delete(want, number)
				case until == "2025":
				default:
					want[number] = kind
				}
			}
			report, err := r.Import(context.Background(), strings.NewReader(file.String()), ImportOptions{Delta: delta})
			if err != nil || report.Bad != 0 || report.Phones != len(want) {
				t.Fatalf("%+v, error %v, want %d numbers", report, err, len(want))
			}
			for i := range 10 {
				number := "1380000000" + string(rune('0'+i))
				kind, ok, err := r.OnRoster(context.Background(), number)
				if err != nil || kind != want[number] || ok != (want[number] != "") {
					t.Fatalf("%s is %q %v %v, want %q", number, kind, ok, err, want[number])
				}
			}
		}
	})
}

func TestLookUpsAreRecordedWithoutTheNumber(t *testing.T) {
	r := newPlain()
	var seen []RosterResult
	r.d.Looked = func(_ context.Context, result RosterResult) { seen = append(seen, result) }
	if _, err := r.Import(t.Context(), strings.NewReader("phone,kind\n13800001234,a\n"), ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"13800001234", "13800001235"} {
		if _, _, err := r.OnRoster(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(seen, []RosterResult{RosterListed, RosterNotListed}) {
		t.Errorf("%v", seen)
	}
}

func TestAnImportCanBeStopped(t *testing.T) {
	r := newPlain()
	ctx, stop := context.WithCancel(t.Context())
	file := "phone\n" + strings.Repeat("13800001234\n", 30_000)
	_, err := r.Import(ctx, strings.NewReader(file), ImportOptions{Progress: func(ImportProgress) { stop() }})
	if err == nil {
		t.Fatal("it went on")
	}
	if _, ok, _ := r.OnRoster(t.Context(), "13800001234"); ok {
		t.Error("half imported")
	}
}

func FuzzImport(f *testing.F) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("电话,类别\n13800001234,残疾人\n")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"phone,kind\n13800001234,a\n", gb, "\ufeff电话\t类别\n1380\t\"\n", "phone\n\"", "phone,操作\n13800001234,删除\n", "\xff\xfe"} {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, file []byte, delta bool) {
		r := newPlain()
		report, err := r.Import(t.Context(), bytes.NewReader(file), ImportOptions{Delta: delta, SkipBad: true})
		if err == nil && (report.Bad > report.Rows || !report.Applied) {
			t.Fatalf("%+v", report)
		}
		if err != nil && jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Fatalf("a bad file is not our failure: %v", err)
		}
	})
}

func TestRowsAreSplitLikeTheStandardSays(t *testing.T) {
	for in, want := range map[string][]string{
		`a,b`: {"a", "b"}, ``: {""}, `,`: {"", ""}, `"a,b",c`: {"a,b", "c"}, `"a""b"`: {`a"b`}, `"",x`: {"", "x"}, `a,""`: {"a", ""},
		`"a`: nil, `a"b`: nil, `"a"b`: nil,
	} {
		got, err := splitRow(in, ',')
		if !slices.Equal(got, want) || (err != nil) != (want == nil) {
			t.Errorf("%q: %q, error %v", in, got, err)
		}
	}
}

func TestAFileIsReadInItsEncoding(t *testing.T) {
	long := strings.Repeat("汉字，", peekSize) // the peek ends inside a character
	for _, cut := range []int{0, 1, 2} {
		tab, err := newTable(strings.NewReader("phone"+strings.Repeat("x", cut)+"\n"+long), "")
		if err != nil || tab.encoding != UTF8 {
			t.Errorf("cut %d: %v, error %v", cut, tab, err)
		}
	}
	if _, err := newTable(strings.NewReader("phone"), "latin1"); err == nil {
		t.Error("an unknown encoding was taken")
	}
	tab, err := newTable(strings.NewReader("\xef\xbb\xbfphone\n"), GB18030)
	if err != nil || tab.encoding != UTF8 {
		t.Error("the mark at the beginning says UTF-8")
	}
	if fields, _, err := tab.next(); err != nil || fields[0] != "phone" {
		t.Errorf("%q, error %v", fields, err)
	}
	if _, _, err := tab.next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestQuietHours(t *testing.T) {
	for _, bad := range []string{"22", "22:00", "22:00-", "25:00-08:00", "22:00-08:60", "22:00-08:00x", "a", "-1:00-08:00", "24:30-08:00"} {
		if q, err := ParseQuiet(bad); err == nil {
			t.Errorf("%q became %v", bad, q)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.IntRange(0, 24*60-1)
		q := Quiet{From: time.Duration(minutes.Draw(t, "from")) * time.Minute, To: time.Duration(minutes.Draw(t, "to")) * time.Minute}
		now := time.Date(2026, 11, 2, 0, 0, 0, 0, jiban.Beijing).Add(time.Duration(rapid.IntRange(0, 3*86400).Draw(t, "now")) * time.Second)
		end := q.Until(now)
		local := now.In(jiban.Beijing)
		at := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
		within := q.From < q.To && at >= q.From && at < q.To || q.From > q.To && (at >= q.From || at < q.To)
		if within == end.IsZero() {
			t.Fatalf("%v at %v ends %v", q, at, end)
		}
		if !within {
			return
		}
		if wait := end.Sub(now); wait <= 0 || wait > 24*time.Hour || !q.Until(end).IsZero() {
			t.Fatalf("%v at %v waits %v, and then %v", q, at, wait, q.Until(end))
		}
	})
}

// failing has no store: what comes before it is tested.
type failing struct{ CodeStore }

func TestWhatIsNoCodeOrNumberReachesNoStore(t *testing.T) {
	c, err := NewCodes(CodeConfig{Channel: "sms"}, CodeDeps{Store: failing{}, Hash: &plain{}, Clock: jiban.SystemClock{}, IDs: &jiban.SerialIDs{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, phone := range []string{"", "12345", "0451-87654321", "+1 202 555 0100", "tel:"} {
		if _, err := c.Send(t.Context(), Ask{Phone: phone}); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%q: %v", phone, err)
		}
	}
	for _, code := range []string{"", "12345", "1234567", strings.Repeat("1", 1<<16)} {
		if _, err := c.Check(t.Context(), "c", "13800001234", code); jiban.CodeOf(err) != jiban.CodeInvalid {
			t.Errorf("%q: %v", code, err)
		}
	}
	if _, err := NewCodes(CodeConfig{}, CodeDeps{}); err == nil {
		t.Error("codes without a channel")
	}
	seen := map[string]bool{}
	for range 200 {
		d, err := c.digits()
		if err != nil || len(d) != 6 {
			t.Fatal(d, err)
		}
		seen[d] = true
	}
	if len(seen) < 190 {
		t.Errorf("only %d different codes of 200", len(seen))
	}
}
