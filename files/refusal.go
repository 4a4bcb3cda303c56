package files

import (
	"errors"
	"fmt"

	"jiban"
)

// Reason says in one word why a file was not taken; prompts has the sentence.
type Reason string

// The reasons.
const (
	TooLarge Reason = "too_large" // more bytes than allowed
	TooMany  Reason = "too_many"  // more files with one message than allowed
	TooOften Reason = "too_often" // more files in a day than allowed
	BadKind  Reason = "bad_kind"  // a type that is not taken
	Broken   Reason = "broken"    // cut short, disguised, or not what it says it is
	Infected Reason = "infected"  // the scanner found something
	NoScan   Reason = "no_scan"   // the scanner cannot be reached
	Lost     Reason = "lost"      // the provider has it no more
	Deleted  Reason = "deleted"
)

// Refusal is why a file was not taken.
type Refusal struct {
	Reason Reason
	Detail string // for the log, never anything of the file's content
}

// Error names the reason.
func (r *Refusal) Error() string {
	return fmt.Sprintf("the file is refused (%s): %s", r.Reason, r.Detail)
}

// ReasonOf returns the reason of a refusal, "" for other errors.
func ReasonOf(err error) Reason {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

func refused(reason Reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

func broken(format string, args ...any) error { return refused(Broken, format, args...) }

// coded gives a refusal the code that its caller acts on.
func coded(op string, err error) error {
	switch ReasonOf(err) {
	case "":
		return err
	case TooOften:
		return jiban.Errorf(jiban.CodeLimited, op, "%w", err)
	case NoScan:
		return jiban.Errorf(jiban.CodeUnavailable, op, "%w", err)
	default:
		return jiban.Errorf(jiban.CodeInvalid, op, "%w", err)
	}
}
