package main

import (
	"errors"

	"os"

	"github.com/spf13/cobra"

	"jiban/app"
	"jiban/people"
)

func roster() *cobra.Command {
	var o people.ImportOptions
	var report string
	c := &cobra.Command{Use: "roster", Short: "the special-service list"}
	in := &cobra.Command{
		Use: "import FILE.csv", Short: "replace the list by a csv file, or change it by one; only keyed hashes are kept", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			r := app.RosterImport{ImportOptions: o, File: args[0], Report: report, Out: c.OutOrStdout()}
			if f, ok := c.ErrOrStderr().(*os.File); ok && app.IsTerminal(f) {
				r.Bar = f
			}
			return app.ImportRoster(c.Context(), cfg, r)
		},
	}
	in.Flags().BoolVar(&o.DryRun, "check", false, "a dry run: report, write nothing")
	in.Flags().BoolVar(&o.Delta, "delta", false, "change the list by the rows instead of replacing it")
	in.Flags().BoolVar(&o.SkipBad, "skip-bad", false, "import the good rows of a file with bad ones")
	in.Flags().StringVar(&o.Encoding, "encoding", "", "utf-8 or gb18030; told by the file when empty")
	in.Flags().StringVar(&report, "report", "", "a csv file to write with every bad row, by number and reason")
	c.AddCommand(in)
	return c
}

func keysCommand() *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "the root key"}
	c.AddCommand(&cobra.Command{
		Use: "new", Short: "print a new root key, for an installation of several nodes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return app.NewRootKey(c.OutOrStdout()) },
	}, &cobra.Command{
		Use: "rotate", Short: "bring all data keys under a new root key while the program runs", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.RotateKeys(c.Context(), cfg, c.OutOrStdout())
		},
	}, keysForget())
	return c
}

// keysForget asks for a word, because what it does cannot be taken back.
func keysForget() *cobra.Command {
	var sure bool
	c := &cobra.Command{
		Use: "forget", Short: "remove root keys that wrap nothing any more: older backups can then not be read", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !sure {
				return errors.New("backups from before the last rotation cannot be read afterwards: make a new backup first, then repeat this with --yes")
			}
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ForgetKeys(c.Context(), cfg, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&sure, "yes", false, "the old backups are not needed any more")
	return c
}
