package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func slots() *cobra.Command {
	c := &cobra.Command{Use: "slots", Short: "times, places and telephone numbers in texts"}
	c.AddCommand(slotsEval())
	return c
}

func slotsEval() *cobra.Command {
	var in string
	var regions []string
	var asJSON bool
	c := &cobra.Command{
		Use: "eval --in ROWS.jsonl", Short: "measure precision and recall on labelled rows", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return app.EvalSlots(in, regions, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&in, "in", "", "labelled rows, or a folder of such files (docs/operations.md says what a row is)")
	c.Flags().StringSliceVar(&regions, "region", nil, "code of the region whose places these are, such as 230000; none: all of China alike")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return required(c, "in")
}
