package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"

	"jiban"
)

// Periods are for how many days things are kept after they are over, 0 without a
// limit. The notice on personal data names them (PIPL 17).
type Periods struct {
	Talk    int // what was said
	Request int // requests but reports
	Report  int
}

// DefaultPeriods are two, five and three years.
func DefaultPeriods() Periods { return Periods{Talk: 731, Request: 1827, Report: 1096} }

const noticeOnData = "privacy."

// Keeping returns a book whose notice on personal data names other periods. That
// is another wording: its version says so.
func (b *Book) Keeping(p Periods) *Book {
	return &Book{langs: b.langs, sorry: b.sorry, periods: p}
}

// withPeriods adds to the parameters what the notice on personal data tells of the
// house.
func (b *Book) withPeriods(l jiban.Lang, params map[string]any) map[string]any {
	all := map[string]any{"talk": period(l, b.periods.Talk), "request": period(l, b.periods.Request),
		"report": period(l, b.periods.Report), "own": b.periods.mark()}
	maps.Copy(all, params)
	return all
}

// mark tells versions of the notice apart that differ by their periods: "" for the
// default ones.
func (p Periods) mark() string {
	if p == DefaultPeriods() {
		return ""
	}
	sum := sha256.Sum256(fmt.Append(nil, p.Talk, p.Request, p.Report))
	return "-" + hex.EncodeToString(sum[:2])
}

// period words a number of days, in years where it is some.
func period(l jiban.Lang, days int) string {
	years := (days + 30) / 365
	whole := years > 0 && (days == (years*1461+3)/4 || days == years*365)
	if l != jiban.English {
		switch {
		case days == 0:
			return "不限期"
		case whole:
			return fmt.Sprintf("%d年", years)
		}
		return fmt.Sprintf("%d天", days)
	}
	switch {
	case days == 0:
		return "without limit"
	case whole:
		return counted(years, "year")
	}
	return counted(days, "day")
}

// counted is a number of things in English.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
