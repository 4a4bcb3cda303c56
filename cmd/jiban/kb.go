package main

import (
	"strings"

	"github.com/spf13/cobra"

	"jiban"
	"jiban/app"
	"jiban/knowledge"
)

func kb() *cobra.Command {
	c := &cobra.Command{Use: "kb", Short: "the knowledge base"}
	c.AddCommand(kbImport(), kbSearch(), kbEval())
	return c
}

func kbImport() *cobra.Command {
	var o knowledge.ImportOptions
	c := &cobra.Command{
		Use: "import FILE…", Short: "import articles from csv, xlsx, jsonl or Markdown files; all or nothing", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			return app.ImportArticles(c.Context(), cfg, args, o, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&o.Check, "check", false, "a dry run: report, write nothing")
	c.Flags().BoolVar(&o.Publish, "publish", false, "in force at once instead of waiting for review")
	return c
}

func kbSearch() *cobra.Command {
	var q jiban.SearchQuery
	var audience string
	var asJSON bool
	c := &cobra.Command{
		Use: "search QUESTION", Short: "search as the bot would", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := configured(c)
			if err != nil {
				return err
			}
			q.Text, q.Audience = strings.Join(args, " "), jiban.Audience(audience)
			return app.SearchArticles(c.Context(), cfg, q, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().IntVarP(&q.K, "k", "k", 5, "how many")
	c.Flags().StringVar(&q.Region, "region", "", "GB/T 2260 code")
	c.Flags().StringVar(&audience, "audience", "", "citizen or enterprise")
	return c
}

func kbEval() *cobra.Command {
	var articles, questions string
	var asJSON bool
	c := &cobra.Command{
		Use: "eval --articles A.jsonl --questions Q.jsonl", Short: "measure the search on labelled questions", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return app.EvalArticles(articles, questions, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&articles, "articles", "", "rows {id, title?, text}")
	c.Flags().StringVar(&questions, "questions", "", "rows {id, question, answer}")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return required(c, "articles", "questions")
}

// required marks flags without which a command does not run.
func required(c *cobra.Command, flags ...string) *cobra.Command {
	c.MarkFlagsRequiredTogether(flags...)
	c.MarkFlagsOneRequired(flags...)
	return c
}
