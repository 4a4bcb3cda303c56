package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// The types below stand between a field of a noun and its column: each holds a
// pointer to the field, gives its value when written and fills it when read.

// stamp is a time as microseconds of UTC, 0 for the zero time.
type stamp struct{ at *time.Time }

func (s stamp) Value() (driver.Value, error) { return micros(*s.at), nil }

func (s stamp) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time column holds %T, want an integer", src)
	}
	*s.at = time.Time{}
	if n != 0 {
		*s.at = time.UnixMicro(n).UTC()
	}
	return nil
}

// micros is the stored form of a time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// packed is a nested thing as JSON text; an empty column leaves the field alone.
type packed struct{ v any }

func (p packed) Value() (driver.Value, error) {
	b, err := json.Marshal(p.v)
	if err != nil {
		return nil, fmt.Errorf("pack %T: %w", p.v, err)
	}
	return string(b), nil
}

func (p packed) Scan(src any) error {
	b, err := bytesOf(src)
	if err != nil || len(b) == 0 {
		return err
	}
	if err := json.Unmarshal(b, p.v); err != nil {
		return fmt.Errorf("unpack %T: %w", p.v, err)
	}
	return nil
}

// raw is JSON that the store does not look into, "" for nil.
type raw struct{ v *json.RawMessage }

func (r raw) Value() (driver.Value, error) { return cleaned(string(*r.v)), nil }

func (r raw) Scan(src any) error {
	b, err := bytesOf(src)
	*r.v = nil
	if len(b) > 0 {
		*r.v = json.RawMessage(b)
	}
	return err
}

// nullable is a string whose "" is NULL, so that a unique column may lack it.
type nullable struct{ s *string }

func (n nullable) Value() (driver.Value, error) {
	if *n.s == "" {
		return nil, nil
	}
	return *n.s, nil
}

func (n nullable) Scan(src any) error {
	b, err := bytesOf(src)
	*n.s = string(b)
	return err
}

// words is free text. What people send may hold NUL or broken UTF-8, which
// PostgreSQL refuses: these characters are lost, the rest is kept.
type words struct{ s *string }

func (w words) Value() (driver.Value, error) { return cleaned(*w.s), nil }

func (w words) Scan(src any) error {
	b, err := bytesOf(src)
	*w.s = string(b)
	return err
}

func cleaned(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// bytesOf copies a text column; NULL is empty.
func bytesOf(src any) ([]byte, error) {
	switch v := src.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	case []byte:
		return append([]byte(nil), v...), nil
	}
	return nil, fmt.Errorf("a text column holds %T", src)
}
