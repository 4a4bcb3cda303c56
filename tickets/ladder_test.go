package tickets

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jiban"
)

func TestLadderSaysWhatIsWrong(t *testing.T) {
	days := func(n int) Timing { return Timing{Usual: jiban.Limit{Days: n}} }
	step := func(change func(*Step)) Step {
		s := Step{Name: "二次督办", Over: days(4), To: jiban.ToHead, Document: "请{department}办理{number}"}
		change(&s)
		return s
	}
	for want, last := range map[string]Step{
		"":             step(func(*Step) {}),
		"出现了两次":        step(func(s *Step) { s.Name = "interview" }),
		"每一步要有名称":      step(func(s *Step) { s.Name = "" }),
		"汉字、字母或数字":     step(func(s *Step) { s.Name = `二次","督办` }),
		"系统自用":         step(func(s *Step) { s.Name = "follow_up" }),
		"系统自用的名称":      step(func(s *Step) { s.Name = "overdue" }),
		"0 到 1":        step(func(s *Step) { s.Share, s.Over = 1.5, Timing{} }),
		"到期前或到期后选一种":   step(func(s *Step) { s.Share = 0.5 }),
		"到期后时间不对":      step(func(s *Step) { s.Over = days(-1) }),
		"送给谁":          step(func(s *Step) { s.To = "mayor" }),
		"只能是黄或红":       step(func(s *Step) { s.Light = "blue" }),
		"请写“二次督办”的文书":  step(func(s *Step) { s.Document = "  " }),
		"不认识的 {phone}": step(func(s *Step) { s.Document = "请致电{phone}" }),
		"要晚于“约谈”":      step(func(s *Step) { s.Over = days(2) }),
		"请按先后排列":       step(func(s *Step) { s.Share, s.Over = 0.9, Timing{} }),
	} {
		r := DefaultRules()
		r.Ladder = append(r.Ladder, last)
		err := r.Check()
		if (err == nil) != (want == "") || err != nil && (jiban.CodeOf(err) != jiban.CodeInvalid || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", want, err)
		}
	}
	r := DefaultRules()
	for i := range mostSteps {
		r.Ladder = append(r.Ladder, step(func(s *Step) { s.Name = fmt.Sprint("s", i) }))
	}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "最多 12 步") {
		t.Errorf("too many: %v", err)
	}
}

// A ladder is read whole: its steps keep nothing of the usual ones in their places.
func TestRulesAreReadWhole(t *testing.T) {
	read := func(text string) Rules {
		r, err := ReadRules(func(into any) error { return json.Unmarshal([]byte(text), into) })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if got := read(`{"ladder":[{"name":"a","to":"head","document":"x"}]}`).Ladder; len(got) != 1 || got[0].Share != 0 || got[0].Light != "" {
		t.Errorf("a step took over what it does not say: %+v", got)
	}
	if got := read(`{"ladder":[]}`).Ladder; len(got) != 0 {
		t.Errorf("an empty ladder: %+v", got)
	}
	if got := read(`{}`); len(got.Ladder) != 4 || len(got.Pauses) != 2 {
		t.Errorf("what is left out: %+v", got)
	}
}
