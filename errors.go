package jiban

import (
	"errors"
	"fmt"
)

// Code says what the caller of a failed operation should do. Codes become HTTP
// statuses and words in one place only (rooms web and prompts).
type Code string

// The error codes of the house.
const (
	CodeInvalid      Code = "invalid"      // the input is wrong: correct it and try again
	CodeNotFound     Code = "not_found"    // there is no such thing, or not for this person
	CodeConflict     Code = "conflict"     // somebody was faster: load anew and decide again
	CodeDuplicate    Code = "duplicate"    // it was already taken in: nothing to do
	CodeForbidden    Code = "forbidden"    // this person may not do that
	CodeUnauthorized Code = "unauthorized" // log in first
	CodeReauth       Code = "reauth"       // prove again who you are, then repeat it
	CodeLimited      Code = "limited"      // too often: wait
	CodeUnavailable  Code = "unavailable"  // a part we stand on is down: try again later
	CodeInternal     Code = "internal"     // a defect of ours: see the log
)

// Error is an error with a code. Op names the operation that failed; Msg says in
// words what failed and what the caller or person should do.
type Error struct {
	Code Code
	Op   string
	Msg  string
	Err  error
}

// Error returns the operation, the words and the cause.
func (e *Error) Error() string {
	s := e.Op
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with the given code; a %w verb keeps the cause.
func Errorf(code Code, op, format string, args ...any) error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Op: op, Err: wrapped}
}

// CodeOf returns the code of the nearest Error in the chain, CodeInternal where
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
