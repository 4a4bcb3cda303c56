package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// body decodes the JSON body of a request: application/json, one object of
// known fields, valid UTF-8 without NUL. The content type is insisted on because
// a foreign page cannot send it without being allowed to.
func body[T any](c *fiber.Ctx) (T, error) {
	var v T
	if !isType(c, fiber.MIMEApplicationJSON) {
		return v, fiber.ErrUnsupportedMediaType
	}
	return v, decode(c.BodyRaw(), &v)
}

// isType reports whether the request says its body is of a type.
func isType(c *fiber.Ctx, want string) bool {
	kind, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	return strings.EqualFold(strings.TrimSpace(kind), want)
}

// decode reads one JSON value strictly.
func decode(data []byte, into any) error {
	const op = "web.decode"
	if !utf8.Valid(data) {
		return jiban.Errorf(jiban.CodeInvalid, op, "the body is not valid UTF-8")
	}
	if bytes.Contains(data, []byte(`\u0000`)) {
		return jiban.Errorf(jiban.CodeInvalid, op, "the body contains NUL characters")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return jiban.Errorf(jiban.CodeInvalid, op, "the body is not the JSON expected here: %w", reason(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return jiban.Errorf(jiban.CodeInvalid, op, "something follows the JSON value")
	}
	return nil
}

// errShape stands for the decoder's errors, which may quote what was sent.
var errShape = errors.New("wrong shape or syntax")

// reason reduces a decoder's error to what may be logged.
func reason(err error) error {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		return errors.New("wrong type for " + typed.Field)
	}
	return errShape
}

// param returns a path parameter that is an identifier; anything else names
// nothing here.
func param(c *fiber.Ctx, name string) (string, error) {
	v := c.Params(name)
	if !identifier(v) {
		return "", notFound("web.param", "no %s of that form", name)
	}
	return v, nil
}

// identifier reports whether s could be one of our ids, numbers or names.
func identifier(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
}

// query returns a query parameter, at most max bytes of printable UTF-8.
func query(c *fiber.Ctx, name string, most int) (string, error) {
	v := c.Query(name)
	if len(v) > most || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		return "", jiban.Errorf(jiban.CodeInvalid, "web.query", "the parameter %s is too long or not text", name)
	}
	return v, nil
}

// number returns a query parameter that is a whole number from 0 to most, and
// otherwise the default when it is absent.
func number(c *fiber.Ctx, name string, otherwise, most int64) (int64, error) {
	v := c.Query(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, jiban.Errorf(jiban.CodeInvalid, "web.query", "the parameter %s is no whole number", name)
	}
	return min(n, most), nil
}

// text checks something that a person wrote: present, at most so many
// characters.
func text(op, label, v string, most int) error {
	v = strings.TrimSpace(v)
	if v == "" {
		return refuse(jiban.CodeInvalid, op, "请填写"+label+" (missing)")
	}
	if utf8.RuneCountInString(v) > most {
		return refuse(jiban.CodeInvalid, op, label+"最多 "+strconv.Itoa(most)+" 字 (too long)")
	}
	return nil
}
