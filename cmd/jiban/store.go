package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
)

func migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "bring the database to this version's schema", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.Migrate(c.Context(), cfg, c.OutOrStdout())
		},
	}
}

func check() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "open everything the configuration names and say what is wrong", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			ok, err := app.Check(c.Context(), cfg, c.OutOrStdout())
			if err == nil && !ok {
				return errFound
			}
			return err
		},
	}
}

func backup() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "copy the database of a running embedded instance into FILE", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.Backup(c.Context(), cfg, args[0], c.OutOrStdout())
		},
	}
}

func restore() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "put a backup in the place of an absent or empty database", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.Restore(c.Context(), cfg, args[0], c.OutOrStdout())
		},
	}
}
