package lang

import "time"

// Slot is something found in a text. Text is what was said, and always equals
// the text from byte Start to byte End. Value is the same tidied for people
// (digits in place of numerals, no blanks); Norm is for machines, and "" where
// there is nothing better than Value.
type Slot struct {
	Key        string // phone, ticket, name, amount, people, company, credit_code, plate, unit, temperature
	Value      string
	Text       string
	Start, End int
	Norm       string
}

// TimeSpan is a time or a duration found in a text. Text equals the text from
// byte Start to byte End. From and To bound it, To being exclusive; a duration
// ("三天了") reaches from then until now. Since says that it has lasted from From
// until now; Duration that a length was said, not a date; Vague that the bounds
// are our reading of a loose word (最近, 前几天).
type TimeSpan struct {
	Text       string
	Start, End int
	From, To   time.Time
	Since      bool
	Duration   bool
	Vague      bool
}
