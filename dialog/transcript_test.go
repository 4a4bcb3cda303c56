package dialog_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"gopkg.in/yaml.v3"

	"jiban"
	"jiban/dialog"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// script is a conversation as the talk command takes it, with what the test's
// house needs beside it.
type script struct {
	Name     string `yaml:"name"`
	Channel  string `yaml:"channel"`
	Audience string `yaml:"audience"`
	Region   string `yaml:"region"`
	Roster   bool   `yaml:"roster"`
	Off      bool   `yaml:"off_duty"`
	Model    bool   `yaml:"model"` // there is a model, which answers what each turn's replies say
	Known    []struct {
		Matter string `yaml:"matter"`
		Region string `yaml:"region"`
		Text   string `yaml:"text"`
		Hours  int    `yaml:"hours"` // until it is over
	} `yaml:"known"`
	Turns []scriptTurn `yaml:"turns"`
}

// scriptTurn is one turn; one of its fields is set.
type scriptTurn struct {
	Say      *string         `yaml:"say"`
	Tap      *string         `yaml:"tap"`
	Location *jiban.Location `yaml:"location"`
	Image    *string         `yaml:"image"`
	Wait     *string         `yaml:"wait"`
	Resolve  *string         `yaml:"resolve"`
	Agent    *string         `yaml:"agent"` // a member of staff accepts or returns
	Expect   map[string]any  `yaml:"expect"`

	Answers map[string]string `yaml:"model"` // raw, by task
}

func turnOf(say string) scriptTurn { return scriptTurn{Say: &say} }

func readScripts(t *testing.T, file string) []script {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var many []script
	if err := yaml.Unmarshal(data, &many); err == nil {
		return many
	}
	var one script
	if err := yaml.Unmarshal(data, &one); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return []script{one}
}

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(strings.TrimSuffix(file, ".yaml"), "testdata/"), func(t *testing.T) {
			var got bytes.Buffer
			for _, s := range readScripts(t, file) {
				t.Run(s.Name, func(t *testing.T) { play(t, s, &got) })
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", got.Bytes())
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it and run with -update if it is right\n%s", file, firstDifference(want, got))
	}
}

func firstDifference(want, got []byte) string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := 0; i < len(w) && i < len(g); i++ {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n-%s\n+%s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

func play(t *testing.T, s script, w *bytes.Buffer) *house {
	h := newHouse(t, jiban.ChannelKind(s.Channel))
	h.onDuty, h.sit.Roster = !s.Off, s.Roster
	if s.Audience != "" {
		h.sit.Audience = jiban.Audience(s.Audience)
	}
	if s.Region != "" {
		h.sit.Region = s.Region
	}
	for i, k := range s.Known {
		h.incidents = append(h.incidents, jiban.Incident{ID: fmt.Sprint("i", i+1), State: jiban.IncidentOpen, Matter: k.Matter, Region: k.Region,
			Text: k.Text, Until: h.now.Add(time.Duration(k.Hours) * time.Hour)})
	}
	fmt.Fprintf(w, "## %s (%s)\n", s.Name, s.Channel)
	for i, turn := range s.Turns {
		var out dialog.Outcome
		if s.Model {
			h.model = func(a *dialog.ModelAsk) string { return turn.Answers[string(a.Task)] }
		}
		switch {
		case turn.Say != nil:
			fmt.Fprintf(w, "> %s\n", *turn.Say)
			out = h.text(*turn.Say)
		case turn.Tap != nil:
			fmt.Fprintf(w, "> [%s]\n", *turn.Tap)
			out = h.tap(*turn.Tap)
		case turn.Location != nil:
			fmt.Fprintf(w, "> (position %s)\n", turn.Location.Label)
			out = h.send(jiban.Content{Kind: jiban.KindLocation, Location: turn.Location})
		case turn.Image != nil:
			fmt.Fprintf(w, "> (picture)\n")
			out = h.send(jiban.Content{Kind: jiban.KindImage, Attachments: []jiban.Attachment{{Ref: "x"}}})
		case turn.Wait != nil:
			d, err := time.ParseDuration(*turn.Wait)
			if err != nil {
				t.Fatal(err)
			}
			h.now = h.now.Add(d)
			fmt.Fprintf(w, "(%s later)\n", *turn.Wait)
			continue
		case turn.Resolve != nil:
			h.resolve(*turn.Resolve)
			fmt.Fprintf(w, "(the department answers: %s)\n", *turn.Resolve)
			continue
		case turn.Agent != nil:
			h.sit.Holder = map[string]jiban.Holder{"accept": jiban.HeldByAgent, "return": jiban.HeldByBot}[*turn.Agent]
			fmt.Fprintf(w, "(staff: %s)\n", *turn.Agent)
			continue
		}
		writeModels(w, h.turns[len(h.turns)-1].Facts.Models)
		write(w, out)
		fits(t, h, out)
		for key, want := range turn.Expect {
			if err := expect(out, key, want); err != nil {
				t.Errorf("turn %d: %v", i+1, err)
			}
		}
	}
	w.WriteString("\n")
	replays(t, h)
	return h
}

// replays plays the recorded turns again: the same bytes must come out.
func replays(t *testing.T, h *house) {
	t.Helper()
	state := json.RawMessage(nil)
	for i, in := range h.turns {
		if !bytes.Equal(in.State, state) {
			t.Fatalf("turn %d starts from another state", i+1)
		}
		out, need, err := h.engine.Step(in)
		if err != nil || need != nil {
			t.Fatalf("turn %d cannot be replayed from its facts: %v, %+v", i+1, err, need)
		}
		state = out.State
	}
	if !bytes.Equal(state, h.state) {
		t.Error("the replay ends in another state")
	}
}

// fits checks what must hold for every turn.
func fits(t *testing.T, h *house, out dialog.Outcome) {
	t.Helper()
	units := 0
	for _, r := range out.Replies {
		if strings.TrimSpace(r.Text) == "" || strings.ContainsAny(r.Text, "【】") || strings.Contains(r.Text, "<no value>") {
			t.Errorf("a bad reply: %q", r.Text)
		}
		units += len(utf16.Encode([]rune(r.Text)))
	}
	if h.sit.ChannelKind == jiban.ChannelSMS && units > 323 {
		t.Errorf("%d units are more than five parts of an SMS", units)
	}
}

func writeModels(w *bytes.Buffer, facts []dialog.ModelFact) {
	for _, f := range facts {
		said := f.Output
		if f.Refused != "" {
			said = "nothing, " + f.Refused
		}
		fmt.Fprintf(w, "  {%s: %s}\n", f.Task, said)
	}
}

func write(w *bytes.Buffer, out dialog.Outcome) {
	head := string(out.Decision)
	for _, part := range []struct{ name, value string }{
		{"command", string(out.Command)}, {"ask", strings.Join(out.Ask, "+")}, {"type", string(out.RequestType)}, {"matter", out.Matter},
		{"emergency", out.Emergency}, {"region", out.Region},
	} {
		if part.value != "" {
			head += " " + part.name + "=" + part.value
		}
	}
	if out.Intake != nil {
		head += fmt.Sprintf(" intake=%s", out.Intake.Result)
		if out.Intake.Open {
			head += "(new)"
		}
	}
	if out.Handoff != nil {
		head += fmt.Sprintf(" handoff=%s:%s", out.Handoff.Move, out.Handoff.Request.Reason)
	}
	for _, a := range out.Tickets {
		head += fmt.Sprintf(" %s=%s", a.Kind, a.Number)
	}
	fmt.Fprintf(w, "  [%s]\n", head)
	if slots, err := json.Marshal(out.Slots); err == nil && len(out.Slots) > 0 {
		fmt.Fprintf(w, "  %s\n", slots)
	}
	for _, r := range out.Replies {
		fmt.Fprintf(w, "< %s\n", strings.ReplaceAll(r.Text, "\n", "\n  "))
		if r.Generated {
			fmt.Fprintf(w, "  (generated)\n")
		}
		for i, o := range r.Options {
			fmt.Fprintf(w, "  (%d) %s\n", i+1, o.Label)
		}
		for _, c := range r.Citations {
			fmt.Fprintf(w, "  cites %s v%d %s\n", c.ArticleID, c.Version, c.Date)
		}
	}
}

func expect(out dialog.Outcome, key string, want any) error {
	got := map[string]any{}
	data, err := json.Marshal(out)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &got); err != nil {
		return err
	}
	switch key {
	case "ticket":
		opened := len(out.Tickets) > 0 && out.Tickets[0].Kind == jiban.EventOpened
		if opened != (want == true) {
			return fmt.Errorf("ticket opened: %v, want %v", opened, want)
		}
		return nil
	case "handoff":
		reason := ""
		if out.Handoff != nil {
			reason = string(out.Handoff.Request.Reason)
		}
		if reason != want {
			return fmt.Errorf("handoff %q, want %q", reason, want)
		}
		return nil
	case "intake":
		result := ""
		if out.Intake != nil {
			result = string(out.Intake.Result)
		}
		if result != want {
			return fmt.Errorf("intake %q, want %q", result, want)
		}
		return nil
	case "reminder":
		if (out.Reminder != nil) != (want == true) {
			return fmt.Errorf("reminder %+v, want %v", out.Reminder, want)
		}
		return nil
	case "says", "says_not":
		var all string
		for _, r := range out.Replies {
			all += r.Text + "\n"
		}
		if strings.Contains(all, want.(string)) != (key == "says") {
			return fmt.Errorf("%s %q: %s", key, want, all)
		}
		return nil
	case "slots":
		for k, v := range want.(map[string]any) {
			if out.Slots[k] != fmt.Sprint(v) {
				return fmt.Errorf("slot %s = %q, want %v", k, out.Slots[k], v)
			}
		}
		return nil
	}
	if w, g := fmt.Sprint(want), fmt.Sprint(got[key]); w != g && !(want == "" && got[key] == nil) {
		return fmt.Errorf("%s = %s, want %s", key, g, w)
	}
	return nil
}
