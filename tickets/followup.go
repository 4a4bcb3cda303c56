package tickets

import (
	"slices"
	"strconv"

	"jiban"
)

// followedUp says whether the person is asked afterwards: not for types that the
// rules leave out, not when anonymous, when confidential only by rule (domain
// C6).
func (d *decision) followedUp() bool {
	t := &d.ticket
	return t.Kind == kindRequest && !slices.Contains(d.rules.NoFollowUp, t.Type) && !t.Anonymous && (!t.Confidential || d.rules.AskSecret)
}

// survey takes in what the person says of the answer, themselves or to an agent.
// Who is not helped, or not content, gets the ticket reopened, once; after that
// people look at it.
func (d *decision) survey() error {
	solved, satisfied := d.given("solved"), d.given("satisfied")
	if !answer(solved) || !answer(satisfied) || solved == "" && satisfied == "" {
		return d.invalid("solved and satisfied are yes or no, and one of them must be said")
	}
	if d.ticket.Kind == kindCallback || d.ticket.Reply == "" || d.ticket.Solved != "" || d.ticket.Satisfied != "" {
		return d.cannot("这件工单没有待回答的回访", "there is no open question about this ticket")
	}
	method := d.given("method")
	if method == "" {
		method = "channel"
	}
	if method != "channel" && !way(method) || !answer(d.given("contacted")) {
		return d.invalid("method is channel, phone, message or visit, and contacted yes or no")
	}
	d.done("asked")
	d.add(jiban.EventSurveyed, data("solved", solved, "satisfied", satisfied, "reason", d.given("reason"), "contacted", d.given("contacted"), "method", method))
	unhappy := solved == no || satisfied == no
	if unhappy && d.ticket.Reopened < reopenings {
		return d.reopen()
	}
	if d.ticket.Status != jiban.TicketClosed {
		d.add(jiban.EventClosed, data("reason", "surveyed", "code", "surveyed"))
	}
	if unhappy {
		d.task("review", jiban.ToManagement, "", d.fill("回访不满意：工单编号：{number}（{matter}）重办后诉求人仍不满意，请复核{department}的办理。"))
	}
	return nil
}

func answer(s string) bool { return s == "" || s == yes || s == no }

// reopenings is how often a ticket may be taken up again (domain C6).
const reopenings = 1

func (d *decision) reopen() error {
	if d.ticket.Kind != kindRequest || d.ticket.Reply == "" {
		return d.conflict("only a request that was answered can be reopened")
	}
	if d.ticket.Reopened >= reopenings {
		return d.cannot("工单已重办过一次，不能再次重办；请另立新单并注明原编号", "the ticket was reopened once already: open a new one that names it")
	}
	d.done("reopened")
	limit := d.ticket.Life.Limit
	if limit == (jiban.Limit{}) {
		limit = d.index.limit(d.ticket.Matter, d.ticket.Type)
	}
	due, warning := d.calendar.Due(d.now, limit)
	values := data("due", stamp(due), "limit", limitText(limit), "counted", yes, "clock", d.ticket.Department,
		"reason", d.given("reason"), "warning", string(warning))
	if d.ticket.Department == "" {
		values["decide_by"] = stampAny(d.within(d.rules.Decide))
	} else {
		for _, key := range []string{"sign_by", "return_by", "contact_by"} {
			values[key] = d.handed(jiban.Department{})[key]
		}
	}
	d.add(jiban.EventReopened, values)
	d.tell(jiban.NoticeTicketReopened, jiban.UrgencyNormal, d.due())
	return nil
}

// unanswered ends the time in which the person may answer the survey: the ticket
// is closed, and where the rules say so an agent asks.
func (d *decision) unanswered() {
	d.add(jiban.EventClosed, data("reason", "nobody objected in time", "code", "unanswered"))
	if slices.Contains(d.rules.CallAgain, d.ticket.Type) && d.ticket.Fields["phone"] != "" && !d.sought() {
		d.followUp("no answer")
	}
}

// undelivered lets an agent ask who could not be asked on their channel.
func (d *decision) undelivered() {
	if d.ticket.Fields["phone"] != "" && !d.sought() {
		d.followUp(notDelivered)
	}
}

// sought reports whether an agent was told to ask about the present answer.
func (d *decision) sought() bool {
	asked, answered := d.last(jiban.EventFollowUp), d.last(jiban.EventReplied)
	return asked != nil && (answered == nil || asked.Seq > answered.Seq)
}

// followUp gives an agent the task to ask the person.
func (d *decision) followUp(reason string) {
	d.add(jiban.EventFollowUp, data("reason", reason))
	text := followUpText
	if reason == notDelivered {
		text = tellFirstText
	}
	d.task("follow_up", jiban.ToAgent, "", d.fill(text))
}

// notDelivered is why an agent asks somebody whom no message reached: they do not
// know the answer yet.
const notDelivered = "not delivered"

const (
	followUpText  = "回访：工单编号：{number}（{matter}），请回访诉求人：是否联系过、是否解决、是否满意、原因。"
	tellFirstText = "告知并回访：工单编号：{number}（{matter}），消息没有送达诉求人，请先电话告知答复内容，再回访：是否联系过、是否解决、是否满意、原因。"
)

// unreached records that an agent tried in vain. After the last attempt the
// follow-up counts as not valid (domain C7).
func (d *decision) unreached() error {
	if d.ticket.Life.FollowUp == "" {
		return d.conflict("nobody has to ask this person")
	}
	if !way(d.given("how")) {
		return d.invalid("how is phone, message or visit")
	}
	last := d.ticket.Life.Attempts+1 >= d.rules.MostAttempts
	if last {
		d.done("unreached")
	}
	d.add(jiban.EventUnreached, data("how", d.given("how"), "reason", d.given("reason"), "attempt", strconv.Itoa(d.ticket.Life.Attempts+1), "last", flag(last)))
	return nil
}

// done takes the agent's task away, with what came of it.
func (d *decision) done(result string) {
	id := d.ticket.Life.FollowUp
	if id == "" {
		return
	}
	created := d.now
	for i := range d.log {
		if d.log[i].ID == id {
			created = d.log[i].At
		}
	}
	d.tasks = append(d.tasks, jiban.TicketTask{
		ID: id, Number: d.ticket.Number, Kind: "follow_up", To: jiban.ToAgent, Text: d.fill(followUpText),
		CreatedAt: created, DoneAt: d.now, DoneBy: d.action.Actor, Result: result,
	})
}
