package dialog

import (
	"jiban"
	"jiban/lang"
)

// The functions of this file read a fact or, where it is missing, leave a need
// and report false: the step ends there and is taken again with the fact.

func (t *turn) search(text string) (jiban.SearchResult, bool) {
	text = lang.Mend(text)
	q := jiban.SearchQuery{Text: text, Region: t.searchRegion(), Audience: t.in.Situation.Audience, K: 5, At: t.in.Now}
	for i := range t.in.Facts.Searches {
		f := &t.in.Facts.Searches[i]
		if f.Query.Text == q.Text && f.Query.Region == q.Region {
			return f.Result, true
		}
	}
	t.need = &Need{Kind: NeedSearch, Search: q}
	return jiban.SearchResult{}, false
}

// searchRegion is "" while the city is unknown, so that articles of every city
// are considered.
func (t *turn) searchRegion() string {
	if r := t.region(); r != t.e.region {
		return r
	}
	return ""
}

func (t *turn) recent() ([]jiban.Ticket, bool) {
	if t.in.Facts.Recent == nil {
		t.need = &Need{Kind: NeedRecent}
		return nil, false
	}
	return t.in.Facts.Recent.Tickets, true
}

func (t *turn) status(number string) (StatusFact, bool) {
	for _, f := range t.in.Facts.Statuses {
		if f.Number == number {
			return f, true
		}
	}
	t.need = &Need{Kind: NeedStatus, Number: number}
	return StatusFact{}, false
}

func (t *turn) plan(d jiban.TicketDraft) (PlanFact, bool) {
	if t.in.Facts.Plan == nil {
		t.need = &Need{Kind: NeedPlan, Draft: d}
		return PlanFact{}, false
	}
	return *t.in.Facts.Plan, true
}

// incidents are those that were announced about a matter at a place.
func (t *turn) incidents(matter, region string) ([]jiban.Incident, bool) {
	for _, f := range t.in.Facts.Incidents {
		if f.Matter == matter && f.Region == region {
			return f.Found, true
		}
	}
	t.need = &Need{Kind: NeedIncidents, Matter: matter, Region: region}
	return nil, false
}

func (t *turn) planHandoff(why jiban.HandoffReason) (jiban.HandoffPlan, bool) {
	if t.in.Facts.Handoff == nil {
		t.need = &Need{Kind: NeedHandoff, Handoff: t.handoffRequest(why)}
		return jiban.HandoffPlan{}, false
	}
	return *t.in.Facts.Handoff, true
}

// region is the narrowest place that the conversation is known to be about.
func (t *turn) region() string {
	if r := t.st.Request; r != nil && r.Region != "" {
		return r.Region
	}
	if t.out.Region != "" {
		return t.out.Region
	}
	if r := t.in.Situation.Region; r != "" {
		return r
	}
	return t.e.region
}

// record opens or settles the intake of the form, or of the question, that is
// being dealt with. A turn has one record; the last word on it counts.
func (t *turn) record(c IntakeChange) {
	c.Open = !t.st.Open
	t.st.Open = c.Result == jiban.IntakeOpen
	if r := t.st.Request; r != nil {
		c.Open, r.Recorded = !r.Recorded, true
		t.st.Open = false
		if c.Question == "" {
			c.Question = r.Text
		}
		if c.Type == "" {
			c.Type = r.Type
		}
		if c.Matter == "" {
			c.Matter = r.Matter
		}
		if len(c.Articles) == 0 {
			c.Articles = r.Articles
		}
	}
	if had := t.out.Intake; had != nil && had.Open {
		c.Open, c.Question = true, firstOf(had.Question, c.Question)
	}
	if r := t.st.Request; r != nil && r.Anonymous {
		c.Question = t.unname(c.Question)
	}
	t.out.Intake = &c
}
