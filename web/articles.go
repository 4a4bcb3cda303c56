package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// The limits of what the knowledge base is asked.
const (
	pageOfArticles  = 50
	longestQuestion = 2000 // bytes
	mostFound       = 10
)

// articles lists articles by state and words.
func (s *Server) articles(c *fiber.Ctx) error {
	status, err := query(c, "status", 32)
	if err != nil {
		return err
	}
	if status != "" && !oneOf(status, "draft review published withdrawn") {
		return refuse(jiban.CodeInvalid, "web.articles", "没有这个状态 (no such status)")
	}
	words, err := query(c, "q", longestQuestion)
	if err != nil {
		return err
	}
	after, err := query(c, "after", 128)
	if err != nil {
		return err
	}
	as, err := s.Knowledge.List(c.UserContext(), jiban.ArticleStatus(status), words, after, pageOfArticles)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"articles": each(as, articleShape)})
}

func (s *Server) article(c *fiber.Ctx) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	a, err := s.Knowledge.Article(c.UserContext(), id)
	if err != nil {
		return err
	}
	return c.JSON(articleShape(a))
}

// moveArticle makes a handler that puts an article into force or out of it.
func (s *Server) moveArticle(move func(ctx context.Context, id, actor string) (jiban.Article, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, err := param(c, "id")
		if err != nil {
			return err
		}
		a, err := move(c.UserContext(), id, who(c).ID)
		if err != nil {
			return err
		}
		return c.JSON(articleShape(a))
	}
}

// search asks the knowledge base as a person would.
func (s *Server) search(c *fiber.Ctx) error {
	q, err := query(c, "q", longestQuestion)
	if err != nil {
		return err
	}
	region, err := query(c, "region", 16)
	if err != nil {
		return err
	}
	audience, err := query(c, "audience", 16)
	if err != nil {
		return err
	}
	if audience == "" {
		audience = string(jiban.Citizen)
	}
	if q == "" || !oneOf(audience, "citizen enterprise both") {
		return refuse(jiban.CodeInvalid, "web.search", "请输入问题，受众为 citizen 或 enterprise (a question, and a known audience)")
	}
	r, err := s.Knowledge.Search(c.UserContext(), jiban.SearchQuery{Text: q, Region: region,
		Audience: jiban.Audience(audience), K: mostFound, At: s.Clock.Now()})
	if err != nil {
		return err
	}
	found := each(r.Found, func(f jiban.Found) jiban.Found { f.Article = articleShape(f.Article); return f })
	return c.JSON(fiber.Map{"found": found, "verdict": r.Verdict, "confidence": r.Confidence})
}
