package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func classify() *cobra.Command {
	c := &cobra.Command{Use: "classify", Short: "the text classifier"}
	c.AddCommand(classifyTrain(), classifyEval())
	return c
}

func classifyTrain() *cobra.Command {
	var in, model string
	c := &cobra.Command{
		Use: "train --in ROWS.jsonl --model FILE", Short: "learn from rows {id, text, label}", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return app.TrainClassifier(in, model, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&in, "in", "", "rows {id, text, label}")
	c.Flags().StringVar(&model, "model", "", "file to write")
	return required(c, "in", "model")
}

func classifyEval() *cobra.Command {
	var in, model string
	var asJSON bool
	c := &cobra.Command{
		Use: "eval --in ROWS.jsonl --model FILE", Short: "measure a trained model", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return app.EvalClassifier(in, model, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&in, "in", "", "rows {id, text, label}")
	c.Flags().StringVar(&model, "model", "", "file to read")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return required(c, "in", "model")
}
