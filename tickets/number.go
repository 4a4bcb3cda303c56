package tickets

import (
	"fmt"
	"strconv"
	"time"

	"jiban"
)

// maxSerial is the most tickets that one day's six digits can number.
const maxSerial = 999_999

// Number returns the ticket number of a serial: yymmdd of the day in Beijing,
// six digits of the serial and a Luhn check digit, 13 digits in all. A serial
// outside 1 to 999,999 is CodeUnavailable: no more can be numbered that day.
func Number(day time.Time, serial int64) (string, error) {
	if serial < 1 || serial > maxSerial {
		return "", jiban.Errorf(jiban.CodeUnavailable, "tickets.Number",
			"serial %d does not fit into six digits: no more tickets can be numbered today", serial)
	}
	body := dayOf(day) + fmt.Sprintf("%06d", serial)
	return body + strconv.Itoa(luhn(body)), nil
}

// ValidNumber reports whether s is a ticket number: 13 digits, a possible day
// and the right check digit. One wrong digit, or two neighbours changed over,
// are found (but for 09 and 90).
func ValidNumber(s string) bool {
	if len(s) != 13 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	if _, err := time.Parse("060102", s[:6]); err != nil {
		return false
	}
	return luhn(s[:12]) == int(s[12]-'0')
}

func dayOf(t time.Time) string { return t.In(jiban.Beijing).Format("060102") }

// luhn is the check digit for a row of digits (ISO/IEC 7812-1, annex B).
func luhn(digits string) int {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return (10 - sum%10) % 10
}
