package tickets

import "jiban"

// mostAttached is how many files staff can attach to one ticket.
const mostAttached = 100

// attach ties a file to the ticket: an internal one is for staff, any other goes
// to the person with the next answer. Its name and its kind stay with the file, so
// that they go with it; the log keeps only which one it was.
func (d *decision) attach() error {
	if d.attached() >= mostAttached {
		return d.conflict("%d files are attached already", mostAttached)
	}
	if d.action.File == nil {
		return d.invalid("there is no file to attach")
	}
	f := *d.action.File
	switch {
	case d.ticket.ContactID == "" || f.ContactID != d.ticket.ContactID:
		return d.conflict("the ticket belongs to somebody else by now: send the file again")
	case d.ticket.Kind == kindTask && !f.Internal:
		return d.invalid("the person is answered by the department that leads: attach it as internal")
	}
	f.Ticket, f.AttachedBy, f.CreatedAt = d.ticket.Number, d.action.Actor, d.now
	d.files = append(d.files, f)
	d.add(jiban.EventAttached, data("file", f.ID, "internal", flag(f.Internal)))
	return nil
}

// attached is how many files were attached so far.
func (d *decision) attached() int {
	n := 0
	for i := range d.log {
		if d.log[i].Kind == jiban.EventAttached {
			n++
		}
	}
	return n
}
