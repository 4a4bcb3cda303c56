package store_test

import (
	"fmt"
	"testing"

	"jiban"
)

// Many tickets in one batch are written as one by one: each log in its order, a task
// that was begun and done once, a ticket that the batch makes and changes.
func TestManyTicketsInOneBatch(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		var all jiban.Batch
		for i := range 3 {
			b := ticketRow(fmt.Sprint(i), conv, func(t *jiban.Ticket) { t.Status, t.Reply = jiban.TicketHandling, fmt.Sprintf("第%d", i) },
				jiban.TicketEvent{ID: fmt.Sprintf("a%d", i), Kind: jiban.EventOpened, At: monday, Data: map[string]string{"place": "南岗区"}},
				jiban.TicketEvent{ID: fmt.Sprintf("b%d", i), Kind: jiban.EventDispatched, At: monday, Data: map[string]string{"department": "water"}})
			task := jiban.TicketTask{ID: fmt.Sprintf("b%d", i), Number: fmt.Sprint(i), Kind: "reminder", Text: "请尽快", CreatedAt: monday}
			done := task
			done.DoneAt, done.Result = monday, "好了"
			b.Tickets[0].Tasks = []jiban.TicketTask{task, done}
			all.Tickets = append(all.Tickets, b.Tickets...)
		}
		again := jiban.TicketChange{Ticket: all.Tickets[1].Ticket}
		again.Ticket.Version, again.Ticket.Status = 1, jiban.TicketClosed
		all.Tickets = append(all.Tickets, again)
		apply(t, h.store, all)

		for i, status := range []jiban.TicketStatus{all.Tickets[0].Ticket.Status, jiban.TicketClosed, all.Tickets[2].Ticket.Status} {
			row := must[jiban.Ticket](t)(h.store.Ticket(t.Context(), fmt.Sprint(i)))
			events := must[[]jiban.TicketEvent](t)(h.store.TicketEvents(t.Context(), row.Number))
			tasks := must[[]jiban.TicketTask](t)(h.store.TicketTasks(t.Context(), jiban.TaskFilter{Number: row.Number}))
			if row.Status != status || row.Reply != fmt.Sprintf("第%d", i) {
				t.Errorf("ticket %d is %s, %q", i, row.Status, row.Reply)
			}
			if len(events) != 2 || events[0].Data["place"] != "南岗区" || events[1].Seq != 2 {
				t.Errorf("the log of ticket %d: %+v", i, events)
			}
			if len(tasks) != 1 || tasks[0].Result != "好了" || tasks[0].Text != "请尽快" {
				t.Errorf("the tasks of ticket %d: %+v", i, tasks)
			}
		}
		late := jiban.Batch{Tickets: append(ticketRow("7", conv, func(*jiban.Ticket) {}).Tickets, ticketRow("2", conv, func(*jiban.Ticket) {}).Tickets...)}
		_, err := h.store.Apply(t.Context(), late)
		wantCode(t, err, jiban.CodeConflict)
		_, err = h.store.Ticket(t.Context(), "7")
		wantCode(t, err, jiban.CodeNotFound)
	})
}
