package store

import (
	"context"

	"jiban"
)

// ticketRows are the rows of a batch on their way: what is new goes to the server
// in few statements, however many tickets and events there are.
type ticketRows struct {
	tickets [][]any
	events  [][]any
	tasks   map[string][]any // by id: a task that was begun and done is written once
	order   []string         // of the tasks
}

// tickets writes the rows of the batch's tickets, then their logs, then what staff
// have to do about them.
func (a *application) tickets(ctx context.Context) error {
	if len(a.batch.Tickets) == 0 {
		return nil
	}
	w := &ticketRows{tasks: map[string][]any{}}
	for i := range a.batch.Tickets {
		if err := a.ticket(ctx, w, &a.batch.Tickets[i]); err != nil {
			return err
		}
	}
	return a.flush(ctx, w)
}

func (a *application) ticket(ctx context.Context, w *ticketRows, c *jiban.TicketChange) error {
	t := c.Ticket
	read := t.Version
	t.Version++
	q := under(a.q, t.ContactID)
	if read == 0 {
		row, err := tickets.values(q, &t)
		if err != nil {
			return err
		}
		w.tickets = append(w.tickets, row)
	} else if err := a.changed(ctx, w, &t, read); err != nil {
		return err
	}
	for i := range c.Events {
		if err := a.event(ctx, w, q, &t, c.Events[i]); err != nil {
			return err
		}
	}
	return w.give(q, c.Tasks)
}

// changed replaces a row; the same batch may have made it.
func (a *application) changed(ctx context.Context, w *ticketRows, t *jiban.Ticket, read int64) error {
	if err := tickets.addAll(ctx, a.q, w.tickets); err != nil {
		return err
	}
	w.tickets = nil
	return tickets.replace(ctx, a.q, t, read, "ticket "+t.Number)
}

func (a *application) event(ctx context.Context, w *ticketRows, q querier, t *jiban.Ticket, e jiban.TicketEvent) error {
	if e.ID == "" {
		e.ID = a.s.ids.NewID()
	}
	row, err := ticketEvents.values(q, &e)
	if err != nil {
		return err
	}
	w.events = append(w.events, row)
	return a.ticketFiles(ctx, t, e.Kind)
}

// give takes in what a change gives staff to do, or takes from them; q is under the
// ticket's contact.
func (w *ticketRows) give(q querier, tasks []jiban.TicketTask) error {
	for i := range tasks {
		row, err := ticketTasks.values(q, &tasks[i])
		if err != nil {
			return err
		}
		if w.tasks[tasks[i].ID] == nil {
			w.order = append(w.order, tasks[i].ID)
		}
		w.tasks[tasks[i].ID] = row
	}
	return nil
}

func (a *application) flush(ctx context.Context, w *ticketRows) error {
	tasks := make([][]any, len(w.order))
	for i, id := range w.order {
		tasks[i] = w.tasks[id]
	}
	if err := tickets.addAll(ctx, a.q, w.tickets); err != nil {
		return err
	}
	if err := ticketEvents.addAll(ctx, a.q, w.events); err != nil {
		return err
	}
	return ticketTasks.putAll(ctx, a.q, tasks)
}
