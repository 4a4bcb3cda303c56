package knowledge

import (
	"context"

	"jiban"
)

// Publish puts the newest version of an article in force, on behalf of a member
// of staff (account id). Where the author is known, it must be somebody else
// (four eyes, domain C11): CodeForbidden. CodeConflict when the newest version is
// in force already or somebody changed the article meanwhile.
func (s *Service) Publish(ctx context.Context, id, actor string) (jiban.Article, error) {
	const op = "knowledge.Publish"
	a, err := s.deps.Store.Article(ctx, id)
	if err != nil {
		return jiban.Article{}, err
	}
	if a.Status == jiban.ArticlePublished {
		return jiban.Article{}, jiban.Errorf(jiban.CodeConflict, op, "article %s is published already", id)
	}
	if a.Author != "" && a.Author == actor {
		return jiban.Article{}, jiban.Errorf(jiban.CodeForbidden, op, "article %s must be published by somebody else than its author", id)
	}
	if a.Title == "" || a.Body == "" {
		return jiban.Article{}, jiban.Errorf(jiban.CodeInvalid, op, "article %s has no title or no body: complete it first", id)
	}
	return s.move(ctx, a, jiban.ArticlePublished, actor)
}

// Withdraw takes an article out of force at once. CodeConflict when it is
// withdrawn already or somebody changed it meanwhile.
func (s *Service) Withdraw(ctx context.Context, id, actor string) (jiban.Article, error) {
	a, err := s.deps.Store.Article(ctx, id)
	if err != nil {
		return jiban.Article{}, err
	}
	if a.Status == jiban.ArticleWithdrawn {
		return jiban.Article{}, jiban.Errorf(jiban.CodeConflict, "knowledge.Withdraw", "article %s is withdrawn already", id)
	}
	return s.move(ctx, a, jiban.ArticleWithdrawn, actor)
}

// move appends a version of the given status and records who did it.
func (s *Service) move(ctx context.Context, a jiban.Article, to jiban.ArticleStatus, actor string) (jiban.Article, error) {
	a.Version++
	a.Status = to
	a.UpdatedAt = s.deps.Clock.Now()
	entry := s.audit(actor, "article."+string(to), a.ID)
	if err := s.deps.Store.SaveArticles(ctx, []jiban.Article{a}, []jiban.AuditEntry{entry}); err != nil {
		return jiban.Article{}, err
	}
	s.changed(ctx)
	return a, nil
}

func (s *Service) audit(actor, action, object string) jiban.AuditEntry {
	return jiban.AuditEntry{
		ID: s.deps.IDs.NewID(), Actor: actor, Action: action, Object: object,
		Result: "ok", At: s.deps.Clock.Now(),
	}
}
