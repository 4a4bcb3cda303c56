package knowledge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jiban"
)

// Input is one file to import. Its format is known by the end of its name:
// .csv, .xlsx, .jsonl or .md.
type Input struct {
	Name string
	Data []byte
}

// ImportOptions say how to import.
type ImportOptions struct {
	Publish bool   // in force at once; otherwise the articles wait for review
	Check   bool   // a dry run: nothing is saved
	Actor   string // account id of who imports, "" on the command line
}

// RowError is a row that cannot be imported. Row is the number that a table
// programme or editor shows: the first row of data below a header is row 2; of a
// JSONL file, the line; of Markdown, 1. Column is "" when the row as a whole is
// meant.
type RowError struct {
	File    string `json:"file"`
	Row     int    `json:"row"`
	Column  string `json:"column,omitempty"`
	Problem string `json:"problem"`
}

// Error names the row and what is wrong with it.
func (e RowError) Error() string {
	where := fmt.Sprintf("%s: row %d", e.File, e.Row)
	if e.Column != "" {
		where += ", column " + e.Column
	}
	return where + ": " + e.Problem
}

// Report tells what an import did, or would do.
type Report struct {
	Rows    int        `json:"rows"`
	New     int        `json:"new"`
	Changed int        `json:"changed"`
	Same    int        `json:"same"` // stored already, word for word
	Errors  []RowError `json:"errors,omitempty"`
	Check   bool       `json:"check,omitempty"`
}

// maxReported bounds how many bad rows are listed.
const maxReported = 100

// maxRows is how many articles one import may hold.
const maxRows = 200_000

// Import reads articles from files and saves them in one transaction: all or,
// when any row is wrong, none; the report then names the rows and the error has
// CodeInvalid. An article that is stored already gets a new version, or is left
// alone when nothing differs.
func (s *Service) Import(ctx context.Context, inputs []Input, opts ImportOptions) (Report, error) {
	const op = "knowledge.Import"
	articles, report := s.readAll(inputs)
	report.Check = opts.Check
	if len(report.Errors) > 0 {
		return report, jiban.Errorf(jiban.CodeInvalid, op, "nothing was imported, %d problems, the first: %w", len(report.Errors), report.Errors[0])
	}
	if len(articles) == 0 {
		return report, jiban.Errorf(jiban.CodeInvalid, op, "there are no articles in the files")
	}
	stored, err := s.stored(ctx, articles)
	if err != nil {
		return report, err
	}
	save := s.versions(articles, stored, opts, &report)
	if opts.Check || len(save) == 0 {
		return report, nil
	}
	entry := s.audit(opts.Actor, "article.import", fmt.Sprintf("%d articles", len(save)))
	if err := s.deps.Store.SaveArticles(ctx, save, []jiban.AuditEntry{entry}); err != nil {
		return report, jiban.Errorf(jiban.CodeOf(err), op, "save %d articles: %w", len(save), err)
	}
	s.changed(ctx)
	return report, nil
}

// readAll reads every file and finds ids that stand twice.
func (s *Service) readAll(inputs []Input) ([]jiban.Article, Report) {
	var articles []jiban.Article
	var report Report
	first := map[string]RowError{} // where an id was first seen
	for _, in := range inputs {
		rows, errs := readRows(in)
		report.add(errs...)
		for _, r := range rows {
			report.Rows++
			if report.Rows > maxRows {
				report.add(RowError{in.Name, r.number, "", fmt.Sprintf("more than %d articles: split the import", maxRows)})
				return nil, report
			}
			a, errs := r.article(s.places)
			for _, e := range errs {
				e.File, e.Row = in.Name, r.number
				report.add(e)
			}
			if before, twice := first[a.ID]; twice && len(errs) == 0 {
				report.add(RowError{in.Name, r.number, "id", fmt.Sprintf("%s stands already in %s, row %d", a.ID, before.File, before.Row)})
			}
			first[a.ID] = RowError{File: in.Name, Row: r.number}
			articles = append(articles, a)
		}
	}
	return articles, report
}

func (r *Report) add(errs ...RowError) {
	room := max(0, maxReported-len(r.Errors))
	r.Errors = append(r.Errors, errs[:min(room, len(errs))]...)
}

// scanAbove is the number of articles from which on one pass over the store is
// cheaper than asking for each.
const scanAbove = 1000

// stored returns the newest versions of those articles that the store has.
func (s *Service) stored(ctx context.Context, articles []jiban.Article) (map[string]jiban.Article, error) {
	have := make(map[string]jiban.Article, len(articles))
	if len(articles) > scanAbove {
		wanted := make(map[string]bool, len(articles))
		for _, a := range articles {
			wanted[a.ID] = true
		}
		_, err := s.deps.Store.Articles(ctx, 0, func(a jiban.Article) error {
			if wanted[a.ID] {
				have[a.ID] = a
			}
			return nil
		})
		return have, err
	}
	for _, a := range articles {
		old, err := s.deps.Store.Article(ctx, a.ID)
		if jiban.CodeOf(err) == jiban.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeOf(err), "knowledge.Import", "look up article %s: %w", a.ID, err)
		}
		have[a.ID] = old
	}
	return have, nil
}

// versions returns what must be saved and counts it.
func (s *Service) versions(articles []jiban.Article, stored map[string]jiban.Article, opts ImportOptions, report *Report) []jiban.Article {
	var save []jiban.Article
	now := s.deps.Clock.Now()
	for _, a := range articles {
		a.Status, a.Author, a.UpdatedAt = jiban.ArticleReview, opts.Actor, now
		if opts.Publish {
			a.Status = jiban.ArticlePublished
		}
		old, known := stored[a.ID]
		if known && sameContent(old, a) && (old.Status == a.Status || !opts.Publish) {
			report.Same++
			continue
		}
		a.Version = old.Version + 1
		if known {
			report.Changed++
		} else {
			report.New++
		}
		save = append(save, a)
	}
	return save
}

func sameContent(x, y jiban.Article) bool {
	return x.Title == y.Title && x.Body == y.Body && x.Department == y.Department &&
		x.Source == y.Source && x.Audience == y.Audience && x.Theme == y.Theme &&
		x.ValidFrom.Equal(y.ValidFrom) && x.ValidTo.Equal(y.ValidTo) &&
		slices.Equal(x.Regions, y.Regions) && slices.Equal(x.Similar, y.Similar) &&
		slices.Equal(x.Keywords, y.Keywords)
}

// Problems words the report's errors, one a line.
func (r Report) Problems() string {
	lines := make([]string, len(r.Errors))
	for i, e := range r.Errors {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}
