package lang

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
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
	if testing.Short() {
		t.Skip("slow")
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
