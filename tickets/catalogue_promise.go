package tickets

import "jiban"

// Promise is what a catalogue promises for a request: what staff see when they
// try a draft, and what the next ticket of that matter will get.
type Promise struct {
	Department   jiban.Department   `json:"department"` // empty while a dispatcher would decide
	CoHandling   []jiban.Department `json:"co_handling"`
	Grade        jiban.Grade        `json:"grade"`
	Limit        jiban.Limit        `json:"limit"`
	Confidential bool               `json:"confidential"`
	Public       bool               `json:"public"`
}

// PromiseOf tries a catalogue: the matter's code, the type, where, and what the
// person says. CodeNotFound when the catalogue has no such matter or region.
func PromiseOf(c jiban.Catalogue, matter string, t jiban.RequestType, region, words string) (Promise, error) {
	x := newIndex(c)
	m, known := x.matters[matter]
	if !known || len(x.chain(region)) == 0 {
		return Promise{}, jiban.Errorf(jiban.CodeNotFound, "tickets.PromiseOf", "the catalogue has no such matter or region")
	}
	lead := x.dispatch(m.Owner, region, "", nil)
	grade := x.grade(matter, words)
	confidential := x.confidential(matter, t)
	return Promise{
		Department: lead, CoHandling: x.coHandlers(matter, region, lead.ID), Grade: grade,
		Limit: x.limitAt(matter, t, grade), Confidential: confidential, Public: m.Public && !confidential,
	}, nil
}
