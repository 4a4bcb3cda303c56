package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"jiban/app"
)

// talkBegins is when the clock of a throw-away conversation starts.
const talkBegins = "2026-11-02T09:00:00+08:00"

func talk() *cobra.Command {
	var script, at string
	var asJSON bool
	c := &cobra.Command{
		Use: "talk", Short: "talk to the bot in the terminal, or replay a script", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			begin, err := moment(at)
			if err != nil {
				return err
			}
			o := app.TalkOptions{Script: script, JSON: asJSON, At: begin, In: c.InOrStdin(), Out: c.OutOrStdout(), Log: app.NewLog(c.ErrOrStderr(), "error")}
			if c.Flags().Changed("config") || os.Getenv("JIBAN_DATABASE") != "" {
				cfg, err := configured(c)
				if err != nil {
					return err
				}
				o.Config = &cfg
			}
			return app.Talk(c.Context(), o)
		},
	}
	c.Flags().StringVar(&script, "script", "", "replay the conversations of a YAML file")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON line for each turn")
	c.Flags().StringVar(&at, "at", talkBegins, "when the conversation begins (RFC 3339)")
	return c
}

// moment reads a time with or without seconds.
func moment(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--at takes a time such as %s, not %q", talkBegins, text)
}
