package config_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jiban/app/config"
)

// key is one key of the configuration with a value that is refused ("" where any
// is good) and one that is taken, as it is printed then.
type key struct{ name, wrong, good, printed string }

// personKeys are the keys about people, what they send and how long it is kept.
func personKeys() []key {
	keys := []key{
		{"keys.free_text", "perhaps", "true", "true"},
		{"audit.anchor", "", "unix:/run/log", "unix:/run/log"},
		{"audit.every", "0s", "2m", "2m0s"},
		{"people.quiet_hours", "evening", "21:00-08:00", "21:00-08:00"},
		{"people.request_days", "0", "20", "20"},
		{"people.codes.channel", "nowhere", "main", "main"},
		{"people.codes.life", "10s", "10m", "10m0s"},
		{"people.codes.tries", "11", "5", "5"},
		{"attachments.max_bytes", "104857601", "1048576", "1048576"},
		{"attachments.max_per_message", "10", "3", "3"},
		{"attachments.max_per_conversation_per_day", "0", "7", "7"},
		{"attachments.allow", "exe", "jpeg,png", "[jpeg png]"},
		{"attachments.scan", "clamd", "tcp:127.0.0.1:3310", "tcp:127.0.0.1:3310"},
		{"attachments.scan_down", "ignore", "quarantine", "quarantine"},
		{"attachments.link_life", "25h", "5m", "5m0s"},
		{"retention.at", "25:00", "02:15", "02:15"},
		{"retention.archive", "", "/srv/archive", "/srv/archive"},
		{"retention.audit", "30d", "4y", "1461"},
		{"retention.codes", "1d", "10d", "10"},
		{"retention.tickets.deletion", "1y", "20y", "7305"},
	}
	for _, n := range []string{"phone_minute", "phone_hour", "phone_day", "visitor_minute", "visitor_hour", "visitor_day", "network_minute",
		"network_day", "house_day", "quarantine_days"} {
		keys = append(keys, key{"people.codes." + n, "0", "123", "123"})
	}
	for _, n := range []string{"messages", "turns", "handoffs", "conversations"} { // a ticket that is anonymous before is none
		keys = append(keys, key{"retention." + n, "9y", "100d", "100"})
	}
	for _, n := range []string{"consultation", "help", "complaint", "report", "suggestion", "praise", "untyped"} {
		keys = append(keys, key{"retention.tickets." + n, "10d", "6y", "2192"})
	}
	for _, n := range []string{"intakes", "alerts", "files", "sessions", "joins", "consents", "requests", "contacts"} {
		keys = append(keys, key{"retention." + n, "two years", "400d", "400"})
	}
	return keys
}

// leaves calls visit with every key of a group and its value.
func leaves(v reflect.Value, path string, visit func(key string, v reflect.Value)) {
	for i := range v.NumField() {
		name := strings.TrimPrefix(path+"."+v.Type().Field(i).Tag.Get("yaml"), ".")
		if f := v.Field(i); f.Kind() == reflect.Struct {
			leaves(f, name, visit)
		} else {
			visit(name, f)
		}
	}
}

func variable(key string) string {
	return "JIBAN_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

const oneSMS = "channels:\n  sms:\n    - {name: main, signature: \"【12345热线】\"}"

// Every one of these keys is refused by its name when it is wrong, and the
// environment sets it.
func TestEveryKeyAboutPeople(t *testing.T) {
	cases := map[string]key{}
	for _, k := range personKeys() {
		cases[k.name] = k
		t.Run(k.name, func(t *testing.T) {
			if k.wrong != "" {
				_, err := load(t, oneSMS, variable(k.name)+"="+k.wrong)
				if err == nil || !strings.Contains(err.Error(), k.name) && !strings.Contains(err.Error(), variable(k.name)) {
					t.Errorf("%q gives %v", k.wrong, err)
				}
			}
			c, err := load(t, oneSMS, variable(k.name)+"="+k.good)
			if err != nil {
				t.Fatalf("%q gives %v", k.good, err)
			}
			leaves(reflect.ValueOf(c), "", func(name string, v reflect.Value) {
				if name == k.name && fmt.Sprint(v.Interface()) != k.printed {
					t.Errorf("%q became %v", k.good, v.Interface())
				}
			})
		})
	}
	leaves(reflect.ValueOf(config.Default()), "", func(name string, _ reflect.Value) {
		group, _, _ := strings.Cut(name, ".")
		if _, ok := cases[name]; !ok && slices.Contains([]string{"people", "retention", "attachments", "audit"}, group) {
			t.Errorf("%s is tried by no case", name)
		}
	})
}

// What can only be written in the file is wrong there, too, and the whole report
// of what is wrong comes at once.
func TestEveryWrongValueIsReportedAtOnce(t *testing.T) {
	_, err := load(t, "retention: {archive: \"\", codes: 1d}\nattachments: {allow: []}\npeople: {request_days: 99}")
	for _, want := range []string{"retention.archive", "retention.codes", "attachments.allow", "people.request_days"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named by %v", want, err)
		}
	}
	c, err := load(t, "retention: {archive: \"\", audit: 0}\npeople: {codes: {life: 2m}}")
	if err != nil || c.Retention.Audit != 0 || c.People.Codes.Life != 2*time.Minute {
		t.Errorf("a record that is kept for ever needs no archive: %v", err)
	}
}
