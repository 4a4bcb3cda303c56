package tickets

import (
	"slices"
	"strings"

	"jiban"
)

// Protection (domain C9): what is directed against a department is never given to
// it, nor to one that takes orders from it, and is never shown to them. Who a
// complaint is about is read from what the person named; where the words only
// mention the department that would get it, a person decides.

// accused lists the departments that a complaint or report is directed against.
func (x *index) accused(d *jiban.TicketDraft) []string {
	words := ""
	if d.Type == jiban.Complaint || d.Type == jiban.Report {
		words = d.Fields["unit"]
	}
	if words == "" {
		return nil
	}
	var all []string
	for _, id := range x.candidates(x.matters[d.Matter].Owner, d.Region) {
		if x.names(words, id) && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	for i := range x.catalogue.Departments {
		dept := &x.catalogue.Departments[i]
		if strings.Contains(words, dept.Name) && !slices.Contains(all, dept.ID) {
			all = append(all, dept.ID)
		}
	}
	return all
}

// mentions reports whether a complaint or report speaks of a department without
// saying that it is about it.
func (x *index) mentions(d *jiban.TicketDraft, id string) bool {
	if id == "" || d.Type != jiban.Complaint && d.Type != jiban.Report {
		return false
	}
	dept := x.departments[id]
	for _, key := range []string{"description", "demand", "title"} {
		if words := d.Fields[key]; strings.Contains(words, dept.Name) || strings.Contains(words, x.bareName(dept)) {
			return true
		}
	}
	return false
}

// under reports whether a department is one of some, or stands below one.
func (x *index) under(id string, some []string) bool {
	for range 8 { // data may hold a cycle that nobody checked for
		if id == "" {
			return false
		}
		if slices.Contains(some, id) {
			return true
		}
		id = x.departments[id].Superior
	}
	return true
}

// touches reports whether the ticket must be kept from a department.
func (d *decision) touches(id string) bool {
	return len(d.ticket.Life.Accused) > 0 && d.index.under(id, d.ticket.Life.Accused)
}

// judge is who handles what is directed against departments: the superior of the
// first, or of its superior, or the body that watches over the hotline; none where
// all of these are touched too.
func (x *index) judge(accused []string, region string) jiban.Department {
	id := accused[0]
	for range 8 {
		above := x.above(id, region)
		if above.ID == "" || !x.under(above.ID, accused) {
			return above
		}
		if above.ID == id {
			break
		}
		id = above.ID
	}
	return jiban.Department{}
}

// The reasons why a dispatcher must decide.
const (
	holdPlace      = "place"      // where it is, is not known well enough
	holdMatter     = "matter"     // what it is about, neither
	holdOwner      = "owner"      // nobody owns it there
	holdConfidence = "confidence" // the classifier was not sure
	holdMentions   = "mentions"   // a complaint that speaks of the department that would get it
	holdAccused    = "accused"    // nobody is known who stands above those it is directed against
)

// route finds the department for a draft, or says why a dispatcher must.
func (x *index) route(d *jiban.TicketDraft, r *Rules) (to jiban.Department, hold string) {
	if accused := x.accused(d); len(accused) > 0 {
		owners := x.candidates(x.matters[d.Matter].Owner, d.Region)
		if len(owners) > 0 && x.under(owners[0], accused) {
			if to = x.judge(accused, d.Region); to.ID == "" {
				return to, holdAccused
			}
			return to, ""
		}
	}
	to = x.dispatch(x.matters[d.Matter].Owner, d.Region, "", nil)
	switch {
	case d.Matter == "":
		return jiban.Department{}, holdMatter
	case to.ID == "" && (d.Region == "" || d.Region == x.root):
		return to, holdPlace
	case to.ID == "":
		return to, holdOwner
	case x.mentions(d, to.ID):
		return jiban.Department{}, holdMentions
	case unsure(d, r.AutoDispatch):
		return jiban.Department{}, holdConfidence
	default:
		return to, ""
	}
}

// unsure reports whether a classifier chose the matter and was not sure enough.
func unsure(d *jiban.TicketDraft, least float64) bool {
	for _, g := range d.Guesses {
		if g.Code == d.Matter {
			return g.Confidence < least
		}
	}
	return false
}
