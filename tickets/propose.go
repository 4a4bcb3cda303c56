package tickets

import (
	"cmp"
	"context"
	"slices"

	"jiban"
)

// proposals is how many a dispatcher is shown.
const proposals = 3

// Proposal is a department that may be the one, with why.
type Proposal struct {
	Department jiban.Department
	Matter     string  // code
	Confidence float64 // of the matter, 1 where a person chose it
	Reason     string  // matter, co_owner, superior, above (it stands above whom the ticket is directed against)
}

// Propose lists the three departments that are most likely right for a ticket, the
// best first. None of them is one that the ticket is directed against, has it, or
// gave it back.
func (s *Service) Propose(ctx context.Context, number string) ([]Proposal, error) {
	d := s.decision(ctx, jiban.TicketAction{Kind: "propose", Number: number})
	if err := s.read(ctx, d); err != nil {
		return nil, err
	}
	return d.propose(), nil
}

func (d *decision) propose() []Proposal {
	t := &d.ticket
	had := []string{t.Department}
	for i := range d.log {
		if d.log[i].Kind == jiban.EventReturned {
			had = append(had, d.log[i].Data["department"])
		}
	}
	avoid := map[string]bool{"": true}
	for _, id := range had {
		avoid[id] = true
	}
	var all []Proposal
	add := func(id, matter string, confidence float64, reason string) {
		if !avoid[id] && !d.touches(id) {
			avoid[id] = true
			all = append(all, Proposal{d.index.departments[id], matter, confidence, reason})
		}
	}
	if len(t.Life.Accused) > 0 {
		add(d.index.judge(t.Life.Accused, t.Region).ID, t.Matter, 1, "above")
	}
	for _, g := range d.guesses() {
		for rank, id := range d.index.candidates(d.index.matters[g.Code].Owner, t.Region) {
			add(id, g.Code, g.Confidence/float64(rank+1), "matter")
		}
		for _, co := range d.index.coHandlers(g.Code, t.Region, "") {
			add(co.ID, g.Code, g.Confidence/4, "co_owner")
		}
	}
	for _, id := range had {
		add(d.index.departments[id].Superior, t.Matter, 0.1, "superior")
	}
	slices.SortStableFunc(all, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Department.ID, b.Department.ID))
	})
	return all[:min(len(all), proposals)]
}

// guesses are what the ticket may be about: what a person chose, else what the
// classifier thought of.
func (d *decision) guesses() []jiban.MatterGuess {
	t := &d.ticket
	if len(t.Life.Guesses) > 0 {
		return t.Life.Guesses
	}
	if t.Matter == "" {
		return nil
	}
	return []jiban.MatterGuess{{Code: t.Matter, Confidence: 1}}
}

// Judged is one automatic dispatch that people have looked at since.
type Judged struct {
	Confidence float64
	Right      bool
}

// Calibrate finds the lowest confidence from which on the share of right
// dispatches was at least so high; 1 when there is none, or too few were judged
// to say.
func Calibrate(judged []Judged, share float64) float64 {
	const few = 30
	all := slices.Clone(judged)
	slices.SortFunc(all, func(a, b Judged) int { return cmp.Compare(b.Confidence, a.Confidence) })
	best, right := 1.0, 0
	for i, j := range all {
		if j.Right {
			right++
		}
		tied := i+1 < len(all) && all[i+1].Confidence == j.Confidence
		if !tied && i+1 >= few && float64(right) >= share*float64(i+1) {
			best = j.Confidence
		}
	}
	return best
}
