package prompts

import (
	"fmt"
	"time"

	"jiban"
)

// When words a point in time for people, in Beijing: 11月3日9:00.
func When(l jiban.Lang, at time.Time) string {
	at = at.In(jiban.Beijing)
	if l == jiban.English {
		return at.Format("2 January, 15:04")
	}
	return fmt.Sprintf("%d月%d日%s", at.Month(), at.Day(), at.Format("15:04"))
}

// timed words a parameter that holds a time in RFC 3339 and leaves any other as
// it is: rooms hand over times, not wordings.
func timed(l jiban.Lang, value string) string {
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return value
	}
	return When(l, at)
}
