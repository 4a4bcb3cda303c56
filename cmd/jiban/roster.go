package main

import (
	"github.com/spf13/cobra"

	"jiban/app"
	"jiban/people"
)

func roster() *cobra.Command {
	var o people.ImportOptions
	c := &cobra.Command{Use: "roster", Short: "the special-service list"}
	in := &cobra.Command{
		Use: "import FILE.csv", Short: "replace the list by a csv file, or change it by one; only keyed hashes are kept", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ImportRoster(c.Context(), cfg, args[0], o, c.OutOrStdout())
		},
	}
	in.Flags().BoolVar(&o.DryRun, "check", false, "a dry run: report, write nothing")
	in.Flags().BoolVar(&o.Delta, "delta", false, "change the list by the rows instead of replacing it")
	in.Flags().BoolVar(&o.SkipBad, "skip-bad", false, "import the good rows of a file with bad ones")
	in.Flags().StringVar(&o.Encoding, "encoding", "", "utf-8 or gb18030; told by the file when empty")
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
	})
	return c
}
