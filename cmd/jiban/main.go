// Command jiban is the program: flags and sub-commands, nothing else. What they
// do lives in package app.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"jiban/app"
	"jiban/app/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "jiban:", err)
		os.Exit(exitCode(err))
	}
}

// errFound is returned by commands that looked and found something wrong.
var errFound = errors.New("something is wrong, see above")

func exitCode(err error) int {
	if errors.Is(err, errFound) {
		return 3
	}
	return 1
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:           "jiban",
		Short:         "Jiban 即办: the intake desk of a public-service hotline",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.PersistentFlags().String("config", "", "configuration file (YAML); every key is also an environment variable JIBAN_…")
	c.AddCommand(serve(), talk(), kb(), catalogue(), classify(), slots(), roster(), calendar(), keysCommand(), audit(), user(), sim(), migrate(), check(), backup(), restore(), retention(), version())
	return c
}

// configured reads the configuration that the command names.
func configured(c *cobra.Command) (config.Config, error) {
	file, err := c.Flags().GetString("config")
	if err != nil {
		return config.Config{}, err
	}
	return config.Load(file, os.Environ())
}

func version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), app.Version)
			return err
		},
	}
}
