package app

import (
	"testing"

	"jiban/app/config"
	"jiban/prompts"
)

// What citizens are told of how long things are kept is what the rules do.
func TestTheNoticeTellsTheRulesInForce(t *testing.T) {
	c := config.Default()
	if got := periods(c.Retention.Rules()); got != prompts.DefaultPeriods() {
		t.Errorf("the default rules are %+v, the notice says %+v: raise its version", got, prompts.DefaultPeriods())
	}
	c.Retention.Turns, c.Retention.Tickets.Report = 900, 0
	if got := periods(c.Retention.Rules()); got.Talk != 900 || got.Report != 0 {
		t.Errorf("of two rules the longest counts, and none for ever: %+v", got)
	}
}
