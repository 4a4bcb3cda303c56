package lang

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jiban"
)

// sharedData opens a file of the data that is kept beside the project for
// measuring, or skips.
func sharedData(t *testing.T, name string) *os.File {
	t.Helper()
	dir := os.Getenv("JIBAN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("the data for measuring is not here (JIBAN_DATA names its folder): %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func rows[T any](t *testing.T, name string) []T {
	t.Helper()
	var out []T
	lines := bufio.NewScanner(sharedData(t, name))
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// crossValidate trains on all parts but one and predicts that one, in turn.
func crossValidate(t *testing.T, all []Example, parts int) Evaluation {
	t.Helper()
	var tested []Example
	var predictions []Prediction
	for part := range parts {
		var train, held []Example
		for i, e := range all {
			if i*7919%len(all)%parts == part {
				held = append(held, e)
			} else {
				train = append(train, e)
			}
		}
		c, err := TrainClassifier(train)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range held {
			tested, predictions = append(tested, e), append(predictions, c.Predict(e.Text))
		}
	}
	return evaluate(tested, predictions)
}

func TestMeasureClassifier(t *testing.T) {
	if os.Getenv("JIBAN_DATA") == "" {
		t.Skip("takes a minute: name the folder of the data in JIBAN_DATA to run it")
	}
	all := rows[Example](t, "classify/dev.jsonl")
	e := crossValidate(t, all, 5)
	t.Logf("5-fold: %+v", e)
	if e.Accuracy < 0.87 || e.MacroF1 < 0.85 {
		t.Errorf("the classifier got worse: %+v", e)
	}
	start := time.Now()
	c, err := TrainClassifier(all)
	if err != nil {
		t.Fatal(err)
	}
	trained := time.Since(start)
	start = time.Now()
	c.Evaluate(all)
	t.Logf("trained on all in %v, %.0f texts/s", trained, float64(len(all))/time.Since(start).Seconds())
}

func TestMeasureEmergency(t *testing.T) {
	all := rows[Example](t, "classify/dev.jsonl")
	hits := 0
	for _, e := range all {
		if _, ok := Emergency(e.Text); ok {
			hits++
		}
	}
	t.Logf("alarms in %d messages of a public board: %d", len(all), hits)
	if hits*50 > len(all) {
		t.Errorf("%d alarms in %d messages, more than 2 %%", hits, len(all))
	}
}

func TestMeasureRequestType(t *testing.T) {
	names := map[string]jiban.RequestType{"咨询": jiban.Consultation, "求助": jiban.Help, "投诉": jiban.Complaint, "举报": jiban.Report, "建议": jiban.Suggestion, "表扬": jiban.Praise}
	type ticket struct{ Text, Intent string }
	var all []Example
	var said []Prediction
	for _, row := range rows[ticket](t, "intent/dev.jsonl") {
		all = append(all, Example{row.Text, string(names[row.Intent])})
		got, p := RequestType(row.Text)
		said = append(said, Prediction{Label: string(got), P: p})
	}
	e := evaluate(all, said)
	t.Logf("words alone: accuracy %.3f, macro-F1 %.3f over %d titles", e.Accuracy, e.MacroF1, e.N)
}

func TestMeasurePlaces(t *testing.T) {
	g := NewGazetteer(nil)
	type address struct{ Text string }
	whole, some, all := 0, 0, rows[address](t, "address_zh/dev.jsonl")
	for _, a := range all {
		covered := 0
		for _, p := range g.Find(a.Text) {
			covered += len(p.Text)
		}
		if covered > 0 {
			some++
		}
		if covered*10 >= len(a.Text)*8 {
			whole++
		}
	}
	t.Logf("addresses of which something was found: %d of %d; four fifths of the text: %d", some, len(all), whole)
}

func TestMeasureTimes(t *testing.T) {
	lines := bufio.NewScanner(sharedData(t, "time_zh/time_extractor_cases.jsonl"))
	hit, missed, extra := 0, 0, 0
	for lines.Scan() {
		var row []json.RawMessage
		var text string
		var want []struct{ Text string }
		if json.Unmarshal(lines.Bytes(), &row) != nil || len(row) != 2 || json.Unmarshal(row[0], &text) != nil || json.Unmarshal(row[1], &want) != nil {
			t.Fatalf("unexpected row: %s", lines.Text())
		}
		got := map[string]bool{}
		for _, x := range Times(text, monday) {
			got[x.Text] = true
		}
		for _, w := range want {
			if got[w.Text] {
				hit++
				delete(got, w.Text)
			} else {
				missed++
			}
		}
		extra += len(got)
	}
	t.Logf("times: precision %.2f, recall %.2f of exact texts", float64(hit)/float64(max(hit+extra, 1)), float64(hit)/float64(max(hit+missed, 1)))
}
