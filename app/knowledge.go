package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"jiban"
	"jiban/app/config"
	"jiban/knowledge"
	"jiban/store"
)

// withKnowledge opens the store and the knowledge room for one command.
func withKnowledge(ctx context.Context, c config.Config, f func(*knowledge.Service) error) error {
	return withStore(ctx, c, func(s *store.Store) error {
		catalogue, err := catalogueOf(ctx, s)
		if err != nil {
			return err
		}
		clock := jiban.SystemClock{}
		service, err := knowledge.New(knowledge.Deps{Store: s, Clock: clock, IDs: jiban.RandomIDs{Clock: clock}, Regions: catalogue.Regions})
		if err != nil {
			return err
		}
		return f(service)
	})
}

// ImportArticles reads articles from files and folders into the store, all or
// none, and prints the report.
func ImportArticles(ctx context.Context, c config.Config, files []string, o knowledge.ImportOptions, out io.Writer) error {
	inputs, err := knowledge.ReadInputs(files)
	if err != nil {
		return err
	}
	return withKnowledge(ctx, c, func(k *knowledge.Service) error {
		report, err := k.Import(ctx, inputs, o)
		for _, e := range report.Errors {
			if _, err := fmt.Fprintln(out, e.Error()); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		verb := "已导入 imported"
		if o.Check {
			verb = "检查通过，没有写入 checked, nothing written"
		}
		_, err = fmt.Fprintf(out, "%s: %d rows, %d new, %d changed, %d the same\n", verb, report.Rows, report.New, report.Changed, report.Same)
		return err
	})
}

// SearchArticles prints what the knowledge base finds for a question.
func SearchArticles(ctx context.Context, c config.Config, q jiban.SearchQuery, asJSON bool, out io.Writer) error {
	return withKnowledge(ctx, c, func(k *knowledge.Service) error {
		if err := k.Load(ctx); err != nil {
			return err
		}
		r, err := k.Search(ctx, q)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(out, r)
		}
		if _, err := fmt.Fprintf(out, "%s  confidence %.2f\n", r.Verdict, r.Confidence); err != nil {
			return err
		}
		for i, f := range r.Found {
			if _, err := fmt.Fprintf(out, "%2d  %7.2f  %s  %s\n", i+1, f.Score, f.Article.ID, f.Article.Title); err != nil {
				return err
			}
		}
		return nil
	})
}

// EvalArticles measures the search on labelled questions. It needs no store.
func EvalArticles(articles, questions string, asJSON bool, out io.Writer) error {
	as, err := readRows(articles, knowledge.ReadEvalArticles)
	if err != nil {
		return err
	}
	qs, err := readRows(questions, knowledge.ReadEvalQuestions)
	if err != nil {
		return err
	}
	r := knowledge.Eval(as, qs, jiban.SystemClock{})
	if asJSON {
		return printJSON(out, r)
	}
	_, err = fmt.Fprintf(out, "questions %d  hit@1 %.3f  hit@5 %.3f  hit@10 %.3f  mrr@10 %.3f  p50 %.3f ms  p99 %.3f ms\n",
		r.Questions, r.Hit1, r.Hit5, r.Hit10, r.MRR10, r.P50, r.P99)
	return err
}

func readRows[T any](path string, read func(io.Reader) ([]T, error)) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "eval", "%w", err)
	}
	defer f.Close()
	rows, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
