package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func retention() *cobra.Command {
	var o app.RetentionOptions
	c := &cobra.Command{
		Use: "retention", Short: "let records go whose time is over, by the rules of the configuration, and print the report", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			good, err := app.LetGo(c.Context(), cfg, o, c.OutOrStdout())
			if err == nil && !good {
				return errFound
			}
			return err
		},
	}
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "say what would go, change nothing")
	c.Flags().StringSliceVar(&o.Kinds, "kind", nil, "only this kind; may be given several times")
	c.Flags().BoolVar(&o.JSON, "json", false, "print JSON")
	return c
}
