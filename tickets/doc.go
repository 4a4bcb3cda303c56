// Package tickets is the room of the structured request: the catalogue of
// matters and who owns them, numbers, the life of a ticket as an append-only log
// of events, the notices that go with each step, the papers and tasks for staff,
// and the timers. It decides and hands back what is to be written; it must not
// know of channels, of the dialog or of how things are stored, and it never sends
// anything itself.
//
// # Acting
//
// Everything that is done to a ticket is a jiban.TicketAction: the kind of event
// that it leads to, who does it, and in which capacity (As). A department that
// says returned, extended or replied asks for it where the rules want that looked
// at: the event is then return_asked, extension_asked or submitted, and the ticket
// is pending. The same kind from the desk or the management is the decision; their
// no is return_refused, extension_refused or reply_refused. Act writes; Decide only
// decides, for those who write a batch of their own.
//
// # Time
//
// A ticket has one limit, kept by the fold of its log on the department's calendar
// (clock.go), and timers that follow from its state and the rules (timers.go). The
// row holds when the earliest runs out, so that a sweep reads what is due and
// nothing else.
//
// # What figures are computed from (domain C7)
//
// Every event has its actor, its time and these entries of its data:
//
//   - accepted, by channel, type, matter, region: opened {channel, type, matter,
//     region, kind, urgent, repeat_of, hold, guesses, catalogue (its version), incident}
//   - answered directly: replied {direct: yes} with no dispatched before it
//   - signed in time: signed {limit} against its own time; dispatched {sign_by}
//   - right dispatches, by confidence too: dispatched {department}, less returned
//     {why: returned, code}; opened {guesses}, classified {was, matter}
//   - returned: return_asked {code, department, decider}, return_refused, returned
//   - answered in time: replied {due} against its own time; the last due of opened,
//     extended, resumed, recalculated, reopened
//   - closed: closed {reason, code}; not accepted: closed from accepted {code}
//   - reopened: reopened, by whom: its actor, after surveyed
//   - contacted in time: contacted {result, limit}; asked in the follow-up:
//     surveyed {contacted}
//   - solved and content: surveyed {solved, satisfied, method}; what counts as a
//     valid follow-up: not unreached {last: yes}, nor closed without surveyed
//   - extended: extension_asked, extension_refused, extended {was, due}
//   - overdue: overdue {due}; supervised: reminded {step, to, department, at}
//   - paused, how long: paused {reason, until}, resumed {was, due}
//   - repeats: urged {again}, merged {into}, voice {from}, linked {incident}
//   - taking part: assigned {task, department}, task_done {result}
//   - how long it took: the times of any two of these
package tickets
