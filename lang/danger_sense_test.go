package lang

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// labelled is a sentence with the number that has to be told, or others that will
// do; none for everyday matters.
type labelled struct {
	ID     string   `json:"id"`
	Text   string   `json:"text"`
	Label  string   `json:"label"`     // in the corpus
	Number string   `json:"emergency"` // in the sets
	Also   []string `json:"also"`
}

func labelledIn(t testing.TB, file string) (all []labelled) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var l labelled
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, l)
	}
	return all
}

func corpus(t testing.TB) (all []Example) {
	t.Helper()
	for _, l := range labelledIn(t, "danger/corpus.jsonl") {
		all = append(all, Example{Text: l.Text, Label: l.Label})
	}
	return all
}

// told counts what became of a set: dangers found, found with a number that will
// do, and false alarms.
func told(t testing.TB, set []labelled, judge func(string) (Danger, bool)) (dangers, found, right, calm, alarms int) {
	t.Helper()
	for _, l := range set {
		d, ok := judge(l.Text)
		if l.Number == "" {
			if calm++; ok {
				alarms++
				t.Logf("false alarm %s: %s", d.Number, l.Text)
			}
			continue
		}
		dangers++
		if !ok {
			t.Logf("missed, want %s: %s", l.Number, l.Text)
			continue
		}
		found++
		all := append([]string{d.Number}, d.Also...)
		if slices.Contains(all, l.Number) || slices.Contains(l.Also, d.Number) {
			right++
		} else {
			t.Logf("%v, want %s: %s", all, l.Number, l.Text)
		}
	}
	return dangers, found, right, calm, alarms
}

// TestEmergencySet holds the set that was worked on to what was reached.
func TestEmergencySet(t *testing.T) {
	dangers, found, right, calm, alarms := told(t, labelledIn(t, "testdata/emergency/work.jsonl"), Emergency)
	t.Logf("found %d of %d dangers, %d with the right number; %d false alarms of %d", found, dangers, right, alarms, calm)
	if found < dangers || right < found-1 || alarms*50 > calm {
		t.Errorf("found %d of %d dangers, %d with the right number; %d false alarms of %d", found, dangers, right, alarms, calm)
	}
}

// TestEmergencyFrozen prints what becomes of the part that nobody tunes by. It is
// run for the record only: JIBAN_FROZEN=1.
func TestEmergencyFrozen(t *testing.T) {
	if os.Getenv("JIBAN_FROZEN") == "" {
		t.Skip("run for the record only, with JIBAN_FROZEN=1")
	}
	dangers, found, right, calm, alarms := told(t, labelledIn(t, "testdata/emergency/frozen.jsonl"), Emergency)
	t.Logf("found %d of %d dangers, %d with the right number; %d false alarms of %d", found, dangers, right, alarms, calm)
}

// TestDangerSense trains on four parts of the corpus and judges the fifth, with the
// phrases: what becomes of sentences that the classifier did not learn from.
// senseAlarm and senseVeto rest on this.
func TestDangerSense(t *testing.T) {
	parts := 1
	if os.Getenv("JIBAN_SOAK") != "" {
		parts = 5
	}
	all := corpus(t)
	var dangers, found, calm, alarms int
	for part := range parts {
		var train, held []Example
		for i, x := range all {
			if i%5 == part {
				held = append(held, x)
			} else {
				train = append(train, x)
			}
		}
		c, err := TrainClassifier(train)
		if err != nil {
			t.Fatal(err)
		}
		s := newSense(c)
		for _, x := range held {
			d, ok := toldDanger(x.Text)
			_, ok = s.weigh(x.Text, d, ok)
			switch {
			case x.Label == calmLabel && ok:
				alarms++
			case x.Label != calmLabel && ok:
				found++
			}
			if x.Label == calmLabel {
				calm++
			} else {
				dangers++
			}
		}
	}
	t.Logf("held out: found %d of %d dangers; %d false alarms of %d", found, dangers, alarms, calm)
	if found*100 < dangers*87 || alarms*100 > calm*5 {
		t.Errorf("held out: found %d of %d dangers; %d false alarms of %d", found, dangers, alarms, calm)
	}
}

// TestDangerModelIsOfItsCorpus trains anew: the embedded classifier must be what
// comes of the corpus.
func TestDangerModelIsOfItsCorpus(t *testing.T) {
	c, err := TrainClassifier(corpus(t))
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if err := c.Save(&made); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made.Bytes(), dangerModel) {
		t.Error("danger/model is not what danger/corpus.jsonl gives; train it anew: jiban classify train --in lang/danger/corpus.jsonl --model lang/danger/model")
	}
}

// Without a second opinion the phrases still decide.
func TestPhrasesNeedNoSecondOpinion(t *testing.T) {
	var none *sense
	for text, want := range map[string]bool{"家里燃气味很大，怎么办": true, "小区停水两天了": false} {
		told, found := toldDanger(text)
		if _, got := none.weigh(text, told, found); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
