package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"jiban/retention"
)

// Retention lets records go whose time is over. Start asks for a run, which goes
// on when the request is answered; CodeConflict when one waits already.
type Retention interface {
	Rules() []retention.Rule
	Plan(ctx context.Context, only ...retention.Kind) (retention.Report, error)
	Runs(ctx context.Context, limit int) ([]retention.Report, error)
	Start(by string) error
}

// shownRuns is how many of the last runs are shown.
const shownRuns = 30

// runJSON is the report of a run with the name of who asked for it.
type runJSON struct {
	retention.Report
	ByName string `json:"by_name"`
}

// showRetention tells the rules, what a run would do now, and what the last ones
// did.
func (s *Server) showRetention(c *fiber.Ctx) error {
	ctx := c.UserContext()
	plan, err := s.Retention.Plan(ctx)
	if err != nil {
		return err
	}
	runs, err := s.Retention.Runs(ctx, shownRuns)
	if err != nil {
		return err
	}
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	shown := each(runs, func(r retention.Report) runJSON { return runJSON{r, named(r.By, names)} })
	return c.JSON(fiber.Map{"rules": s.Retention.Rules(), "plan": plan, "runs": shown})
}

// runRetention asks for a run, or, dry, says what one would do.
func (s *Server) runRetention(c *fiber.Ctx) error {
	ctx := c.UserContext()
	in, err := body[struct {
		DryRun bool `json:"dry_run"`
	}](c)
	if err != nil {
		return err
	}
	if in.DryRun {
		plan, err := s.Retention.Plan(ctx)
		if err == nil {
			err = s.did(ctx, who(c), "retention.plan", "retention")
		}
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{"plan": plan})
	}
	// Recorded first: what was asked for is on record even if it never comes to it.
	if err := s.did(ctx, who(c), "retention.ask", "retention"); err != nil {
		return err
	}
	if err := s.Retention.Start(who(c).ID); err != nil {
		return err
	}
	return c.Status(fiber.StatusAccepted).JSON(fiber.Map{"started": true})
}
