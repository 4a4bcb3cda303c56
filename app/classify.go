package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"jiban"
	"jiban/lang"
)

// maxRow bounds one row of a file of labelled texts.
const maxRow = 4 << 20

// TrainClassifier learns from labelled rows and writes the model.
func TrainClassifier(in, model string, out io.Writer) error {
	examples, err := readRows(in, readExamples)
	if err != nil {
		return err
	}
	c, err := lang.TrainClassifier(examples)
	if err != nil {
		return err
	}
	f, err := os.Create(model)
	if err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "classify train", "%w", err)
	}
	if err := c.Save(f); err != nil {
		f.Close()
		return jiban.Errorf(jiban.CodeUnavailable, "classify train", "cannot write %s: %w", model, err)
	}
	if err := f.Close(); err != nil {
		return jiban.Errorf(jiban.CodeUnavailable, "classify train", "cannot write %s: %w", model, err)
	}
	_, err = fmt.Fprintf(out, "learned %d labels from %d rows into %s\n", len(c.Labels()), len(examples), model)
	return err
}

// EvalClassifier measures a model on labelled rows.
func EvalClassifier(in, model string, asJSON bool, out io.Writer) error {
	examples, err := readRows(in, readExamples)
	if err != nil {
		return err
	}
	f, err := os.Open(model)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "classify eval", "%w", err)
	}
	defer f.Close()
	c, err := lang.LoadClassifier(bufio.NewReader(f))
	if err != nil {
		return fmt.Errorf("%s: %w", model, err)
	}
	e := c.Evaluate(examples)
	if asJSON {
		return printJSON(out, e)
	}
	_, err = fmt.Fprintf(out, "n %d  accuracy %.3f  macro-F1 %.3f  sure %.3f, of these right %.3f\n", e.N, e.Accuracy, e.MacroF1, e.Sure, e.SureAccuracy)
	return err
}

// readExamples reads rows {id, text, label}, one JSON object a line.
func readExamples(r io.Reader) ([]lang.Example, error) {
	var examples []lang.Example
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxRow)
	for line := 1; in.Scan(); line++ {
		if len(in.Bytes()) == 0 {
			continue
		}
		var row struct{ Text, Label string }
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			return nil, jiban.Errorf(jiban.CodeInvalid, "classify", "line %d is not {id, text, label}: %w", line, err)
		}
		if row.Label == "" {
			return nil, jiban.Errorf(jiban.CodeInvalid, "classify", "line %d has no label", line)
		}
		examples = append(examples, lang.Example{Text: row.Text, Label: row.Label})
	}
	if err := in.Err(); err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "classify", "after line %d: %w", len(examples), err)
	}
	return examples, nil
}
