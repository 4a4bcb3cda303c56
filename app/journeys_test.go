package app_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"jiban/app"
	"jiban/store/storetest"
)

// expectation is what a journey says of a turn: a part of the printed line. Only
// the keys that are named are compared; true means that the key is there.
type expectation map[string]any

type journey struct {
	Name  string `yaml:"name"`
	Turns []struct {
		Say    string      `yaml:"say"`
		Expect expectation `yaml:"expect"`
	} `yaml:"turns"`
}

const journeysDir = "../dialog/testdata/journeys"

// TestJourneys plays the journeys of the design through the real engine,
// knowledge base, tickets and handoff, twice: the second time must give the same
// bytes.
func TestJourneys(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(journeysDir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no journeys: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			printed := playFile(t, file)
			if again := playFile(t, file); again != printed {
				t.Errorf("the second play differs:\n%s\n%s", printed, again)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var j journey
			if err := yaml.Unmarshal(data, &j); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(printed), "\n")
			if len(lines) != len(j.Turns) {
				t.Fatalf("%d turns, %d lines", len(j.Turns), len(lines))
			}
			for i, turn := range j.Turns {
				var line map[string]any
				if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
					t.Fatal(err)
				}
				if !agrees(line, map[string]any(turn.Expect)) {
					t.Errorf("turn %d: expected %v, printed %s", i+1, turn.Expect, lines[i])
				}
			}
		})
	}
}

func playFile(t *testing.T, file string) string {
	t.Helper()
	var out bytes.Buffer
	if err := app.Talk(t.Context(), app.TalkOptions{Script: file, JSON: true, At: talkBegins(t), Out: &out, Log: app.NewLog(os.Stderr, "error"), Furnish: storetest.Furnish}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// agrees reports whether what was printed has everything that was expected.
func agrees(have, want any) bool {
	switch want := want.(type) {
	case expectation:
		return agrees(have, map[string]any(want))
	case map[string]any:
		m, ok := have.(map[string]any)
		if !ok {
			return len(want) == 0
		}
		for k, w := range want {
			if !agrees(m[k], w) {
				return false
			}
		}
		return true
	case []any:
		list, ok := have.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !agrees(list[i], want[i]) {
				return false
			}
		}
		return true
	case bool:
		if b, ok := have.(bool); ok {
			return b == want
		}
		return (have != nil) == want
	case string:
		if m, ok := have.(map[string]any); ok {
			return m["reason"] == want // a handoff, named by its reason
		}
		return have == want
	default:
		a, err1 := json.Marshal(have)
		b, err2 := json.Marshal(want)
		return err1 == nil && err2 == nil && bytes.Equal(a, b)
	}
}
