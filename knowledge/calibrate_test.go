package knowledge

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"
	"time"

	"jiban"
)

var update = flag.Bool("update", false, "write the embedded calibration anew")

// sampleTime is a moment at which the whole sample is in force.
var sampleTime = time.Date(2026, 11, 2, 9, 0, 0, 0, jiban.Beijing)

func calibrated(t *testing.T) Calibration {
	t.Helper()
	articles, err := Sample()
	if err != nil {
		t.Fatal(err)
	}
	questions, err := SampleQuestions()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Calibrate(articles, questions, sampleTime)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The embedded thresholds come from this code and these questions, not from a
// hand.
func TestDefaultCalibrationIsWhatTheSampleGives(t *testing.T) {
	fresh := calibrated(t)
	if *update {
		b, err := json.MarshalIndent(fresh, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("sample/calibration.json", append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	embedded, err := DefaultCalibration()
	if err != nil {
		t.Fatal(err)
	}
	for i := range fresh.Weights {
		if !*update && math.Abs(fresh.Weights[i]-embedded.Weights[i]) > 0.05 {
			t.Errorf("weight of %s is %.3f, embedded %.3f: run with -update", fresh.Features[i], fresh.Weights[i], embedded.Weights[i])
		}
	}
	t.Logf("weights %.2f bias %.2f answer %.3f clarify %.3f: precision %.3f coverage %.3f refused %.3f of %d",
		fresh.Weights, fresh.Bias, fresh.Answer, fresh.Clarify, fresh.Precision, fresh.Coverage, fresh.Refused, fresh.Questions)
	for _, p := range fresh.Curve {
		t.Logf("from %.2f: precision %.3f coverage %.3f refused %.3f", p.Threshold, p.Precision, p.Coverage, p.Refused)
	}
}
