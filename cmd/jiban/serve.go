package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func serve() *cobra.Command {
	var welcome bool
	c := &cobra.Command{
		Use: "serve", Short: "run the program until it is told to stop", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.Run(c.Context(), app.Options{Config: cfg, Out: c.OutOrStdout(), Log: app.NewLog(c.ErrOrStderr(), cfg.LogLevel), Welcome: welcome})
		},
	}
	c.Flags().BoolVar(&welcome, "welcome", false, "load the sample content into an empty store and print addresses and first passwords")
	return c
}
