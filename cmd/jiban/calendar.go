package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func calendar() *cobra.Command {
	c := &cobra.Command{Use: "calendar", Short: "holidays and make-up workdays"}
	var check bool
	in := &cobra.Command{
		Use: "import FILE", Short: "take in newly published years (YAML, or JSON with isOffDay) and compute open due times anew", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ImportCalendar(c.Context(), cfg, args[0], check, c.OutOrStdout())
		},
	}
	in.Flags().BoolVar(&check, "check", false, "a dry run: say what the file holds, write nothing")
	c.AddCommand(in, &cobra.Command{
		Use: "check", Short: "print the known years and whether they end too soon", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			ok, err := app.CheckCalendar(c.Context(), cfg, c.OutOrStdout())
			if err == nil && !ok {
				return errFound
			}
			return err
		},
	})
	return c
}
