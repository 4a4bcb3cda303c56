package jiban_test

import (
	"strings"
	"testing"

	"jiban"
)

func TestFieldTakes(t *testing.T) {
	for _, c := range []struct {
		field jiban.Field
		value string
		want  bool
	}{
		{jiban.Field{}, strings.Repeat("长", 5000), true},
		{jiban.Field{MaxLength: 3}, "三个字", true},
		{jiban.Field{MaxLength: 3}, "四个字了", false},
		{jiban.Field{Pattern: `[A-Z]{2}|[0-9]+`}, "12", true},
		{jiban.Field{Pattern: `[A-Z]{2}|[0-9]+`}, "x12", false},
		{jiban.Field{Pattern: `[A-Z]{2}|[0-9]+`}, "AB1", false},
		{jiban.Field{Pattern: `(`}, "whatever", true},
	} {
		if got := c.field.Takes(c.value); got != c.want {
			t.Errorf("%+v takes %.20q: %v", c.field, c.value, got)
		}
	}
	c := jiban.Catalogue{Matters: []jiban.Matter{{Code: "1"}, {Code: "2", Retired: true}, {Code: "3"}}}
	if o := c.Offered(); len(o) != 2 || o[1].Code != "3" {
		t.Errorf("offered are %v", o)
	}
}
