package tickets

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jiban"
)

// The limits of the ladder of supervision.
const (
	mostSteps       = 12
	longestStep     = 20   // characters of a name
	longestDocument = 1000 // characters
)

// checkLadder refuses steps that nobody could tell apart, that reach nobody, or
// that do not climb: those before the end of the limit come first, and none comes
// before the one above it. CodeInvalid says in words of staff which step is wrong.
func checkLadder(steps []Step) error {
	if len(steps) > mostSteps {
		return badStep("最多 %d 步 (at most %[1]d steps)", mostSteps)
	}
	seen := map[string]bool{}
	for i := range steps {
		s := &steps[i]
		if seen[s.Name] {
			return badStep("“%s”出现了两次，每一步要有自己的名称 (two steps of one name)", stepWords(s.Name))
		}
		seen[s.Name] = true
		if err := s.check(); err != nil {
			return err
		}
		if i > 0 && !climbs(&steps[i-1], s) {
			return badStep("“%s”要晚于“%s”，请按先后排列 (the steps do not climb)", stepWords(s.Name), stepWords(steps[i-1].Name))
		}
	}
	return nil
}

func badStep(format string, args ...any) error {
	return jiban.Errorf(jiban.CodeInvalid, "tickets.Rules", "督办阶梯："+format, args...)
}

// check refuses a step that is wrong by itself.
func (s *Step) check() error {
	name := stepWords(s.Name)
	switch {
	case s.Name == "" || utf8.RuneCountInString(s.Name) > longestStep || strings.ContainsFunc(s.Name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }):
		return badStep("每一步要有名称，由不超过 %d 个汉字、字母或数字组成 (a name of letters and digits, %[1]d at most)", longestStep)
	case slices.Contains(append(timerNames(), taskKinds()...), s.Name):
		return badStep("“%s”是系统自用的名称，请换一个 (a name of the house)", s.Name)
	case s.Share < 0 || s.Share > 1:
		return badStep("“%s”的用去时限须在 0 到 1 之间 (share: from 0 to 1)", name)
	case s.Share > 0 && s.Over != (Timing{}):
		return badStep("“%s”只能在到期前或到期后选一种 (either share or over)", name)
	case !s.Over.sane():
		return badStep("“%s”的到期后时间不对 (over: days or hours, not less than nothing)", name)
	case !slices.Contains([]jiban.Addressee{jiban.ToHandler, jiban.ToHead, jiban.ToManagement, jiban.ToDesk}, s.To):
		return badStep("请选择“%s”送给谁 (to: handler, head, management or desk)", name)
	case !slices.Contains([]jiban.Light{jiban.LightNone, jiban.LightYellow, jiban.LightRed}, s.Light):
		return badStep("“%s”的灯色只能是黄或红 (light: yellow or red)", name)
	case strings.TrimSpace(s.Document) == "" || utf8.RuneCountInString(s.Document) > longestDocument:
		return badStep("请写“%s”的文书，不超过 %d 字 (document: up to %[2]d characters)", name, longestDocument)
	}
	for _, blank := range regexp.MustCompile(`\{[^{}]*\}`).FindAllString(s.Document, -1) {
		if !slices.Contains([]string{"{number}", "{matter}", "{department}", "{due}", "{step}"}, blank) {
			return badStep("“%s”的文书里有不认识的 %s (an unknown placeholder)", name, blank)
		}
	}
	return nil
}

// taskKinds are the kinds of task that the house gives by itself: a step of such a
// name would be taken for one.
func taskKinds() []string {
	return []string{"follow_up", "urged", "take_part", string(jiban.EventReturnRefused), string(jiban.EventExtensionRefused), string(jiban.EventReplyRefused)}
}

// stepWords are the names of the usual steps in the words of the trade.
func stepWords(name string) string {
	switch name {
	case "reminder":
		return "提醒"
	case "urging":
		return "催办"
	case "supervision":
		return "督办"
	case "interview":
		return "约谈"
	default:
		return name
	}
}

// sane reports whether both limits are limits, or none.
func (t Timing) sane() bool {
	for _, l := range []jiban.Limit{t.Usual, t.Urgent} {
		if l.Days < 0 || l.Hours < 0 || l.Days > mostLimit || l.Hours > mostLimit || l.Days > 0 && l.Hours > 0 {
			return false
		}
	}
	return true
}

// climbs reports whether a step comes after the one before it, as far as that can
// be told: working days and hours on the clock are compared by their usual length.
func climbs(before, s *Step) bool {
	switch {
	case before.Share > 0 && s.Share > 0:
		return s.Share > before.Share
	case before.Share > 0 || s.Share > 0:
		return before.Share > 0
	}
	for _, urgent := range []bool{false, true} {
		if roughly(s.Over.of(urgent)) < roughly(before.Over.of(urgent)) {
			return false
		}
	}
	return true
}

// roughly is the usual length of a limit on the clock: a working day has eight
// hours of work.
func roughly(l jiban.Limit) time.Duration {
	const day, work = 24 * time.Hour, 8
	switch {
	case l.Days > 0:
		return time.Duration(l.Days) * day
	case l.OnClock:
		return time.Duration(l.Hours) * time.Hour
	default:
		return time.Duration(l.Hours) * day / work
	}
}
