package store

import (
	"context"
	"strings"

	"jiban"
)

var articles = newTable("articles", func(a *jiban.Article) []any {
	return []any{&a.ID, &a.Version, words{&a.Title}, words{&a.Body}, packed{&a.Similar}, packed{&a.Keywords}, words{&a.Department},
		words{&a.Source}, packed{&a.Regions}, &a.Audience, words{&a.Theme}, stamp{&a.ValidFrom}, stamp{&a.ValidTo}, &a.Status,
		stamp{&a.UpdatedAt}}
}, "id", "version", "title", "body", "asked_as", "keywords", "department", "source", "regions", "audience", "theme",
	"valid_from", "valid_to", "status", "updated_at")

// Article returns the newest version of an article.
func (s *Store) Article(ctx context.Context, id string) (jiban.Article, error) {
	a, err := articles.one(ctx, s.read, "WHERE id = $1 AND newest", id)
	return a, fault("store.Article", err)
}

// ArticleVersions lists all versions of an article, newest first.
func (s *Store) ArticleVersions(ctx context.Context, id string) ([]jiban.Article, error) {
	found, err := articles.many(ctx, s.read, "WHERE id = $1 ORDER BY version DESC", id)
	return found, fault("store.ArticleVersions", err)
}

const articleSerial = "articles"

// SaveArticles appends versions of articles, all or none, and raises the
// revision, which is the same for all of them. A version that exists already is
// a conflict.
func (s *Store) SaveArticles(ctx context.Context, as []jiban.Article, audit []jiban.AuditEntry) error {
	return s.write(ctx, "store.SaveArticles", func(ctx context.Context, q querier) error {
		// The serial is locked until the commit: savers come one after the other, and
		// who sees a revision sees all before it.
		revision, err := nextSerial(ctx, q, articleSerial)
		if err != nil {
			return err
		}
		for i := range as {
			if err := saveArticle(ctx, q, &as[i], revision); err != nil {
				return err
			}
		}
		return s.addAudit(ctx, q, audit)
	})
}

func saveArticle(ctx context.Context, q querier, a *jiban.Article, revision int64) error {
	const retire = "UPDATE articles SET newest = FALSE WHERE id = $1 AND newest AND version < $2"
	const raise = `UPDATE articles SET revision = $3, newest = NOT EXISTS
		(SELECT 1 FROM articles b WHERE b.id = $1 AND b.newest) WHERE id = $1 AND version = $2`
	if _, err := q.exec(ctx, retire, a.ID, a.Version); err != nil {
		return err
	}
	if err := articles.add(ctx, q, a); err != nil {
		return err
	}
	_, err := q.exec(ctx, raise, a.ID, a.Version, revision)
	return err
}

// Articles visits the newest version of every article that was changed after a
// revision, as of one moment, and returns the highest revision it met. The
// articles are streamed; visit must not keep the store waiting for long.
func (s *Store) Articles(ctx context.Context, sinceRevision int64, visit func(jiban.Article) error) (int64, error) {
	const op = "store.Articles"
	reached := sinceRevision
	rows, err := s.read.query(ctx, "SELECT revision, "+articles.columns+
		" FROM articles WHERE newest AND revision > $1 ORDER BY revision, id", sinceRevision)
	if err != nil {
		return reached, fault(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a jiban.Article
		var revision int64
		if err := rows.Scan(append([]any{&revision}, articles.fields(&a)...)...); err != nil {
			return sinceRevision, fault(op, err)
		}
		if err := visit(a); err != nil {
			return sinceRevision, err
		}
		reached = max(reached, revision)
	}
	if err := rows.Err(); err != nil {
		return sinceRevision, fault(op, err)
	}
	return reached, nil
}

// ListArticles lists newest versions in order of id after afterID: those in a
// state, and with a text in title or body, where these are given.
func (s *Store) ListArticles(ctx context.Context, status jiban.ArticleStatus, text, afterID string, limit int) ([]jiban.Article, error) {
	q := s.lists.NewSelect().Where("newest").OrderExpr("id").Limit(page(limit, 50))
	if status != "" {
		q.Where("status = ?", status)
	}
	if afterID != "" {
		q.Where("id > ?", afterID)
	}
	if text = strings.TrimSpace(text); text != "" {
		like := "%" + likeEscaper.Replace(strings.ToLower(text)) + "%"
		q.Where(`(LOWER(title) LIKE ? ESCAPE '!' OR LOWER(body) LIKE ? ESCAPE '!')`, like, like)
	}
	found, err := articles.list(ctx, s.read, q)
	return found, fault("store.ListArticles", err)
}

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
