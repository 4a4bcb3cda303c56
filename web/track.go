package web

import (
	"crypto/subtle"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// The lengths of what a person types to see the progress of a ticket.
const (
	ticketDigits = 13
	codeDigits   = 4
)

// nothingToShow is the one answer to a wrong number and a wrong code.
func nothingToShow() error {
	return refuse(jiban.CodeNotFound, "web.track",
		"没有查到。请核对工单编号和登记电话的后四位，或拨打 12345 (nothing found: check the ticket number and the last four digits of the telephone)")
}

// track shows the progress of a ticket to whoever knows its number and the last
// four digits of the telephone it was filed with. Four digits are few: tries are
// limited by address and by ticket, and nothing personal is shown.
func (s *Server) track(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if err := s.limit(ctx, "track:"+s.visitorKey(c), s.limits.TracksPerMinute, time.Minute); err != nil {
		return err
	}
	in, err := body[struct {
		Number string `json:"number"`
		Code   string `json:"code"`
	}](c)
	if err != nil {
		return err
	}
	if !allDigits(in.Number, ticketDigits) || !allDigits(in.Code, codeDigits) {
		return refuse(jiban.CodeInvalid, "web.track", "工单编号为 13 位数字，验证码为电话后四位 (13 digits and the last four of the telephone)")
	}
	t, err := s.tracked(c, in.Number, in.Code)
	if err != nil {
		return err
	}
	told, err := s.toldFiles(c, t.Number)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"number": t.Number, "status": t.Status, "status_text": statusText(t.Status), "files": told,
		"department_name": t.DepartmentName, "due_at": at(t.DueAt), "reply": hideNumbers(t.Reply), "created_at": at(t.CreatedAt)})
}

// tracked returns the ticket when the code fits. Failed tries are counted for
// the number, whether there is such a ticket or not, and too many lock it for
// the right code too.
func (s *Server) tracked(c *fiber.Ctx, number, code string) (jiban.Ticket, error) {
	ctx, key, fails := c.UserContext(), "trackfail:"+number, s.limits.TrackFailsPerHour
	failed, err := s.Shared.Count(ctx, "limit:"+key, 0, time.Hour)
	if err == nil && failed >= fails {
		return jiban.Ticket{}, jiban.Errorf(jiban.CodeLimited, "web.track", "too many wrong codes for one ticket")
	}
	t, err := s.Tickets.Ticket(ctx, number)
	fits := false
	if err == nil {
		fits, err = s.telephoneEnds(ctx, t, code)
	}
	if err != nil && jiban.CodeOf(err) != jiban.CodeNotFound {
		return t, err
	}
	if !fits {
		if err := s.limit(ctx, key, fails, time.Hour); err != nil {
			return t, err
		}
		return t, nothingToShow()
	}
	return t, nil
}

// endsWith compares the last digits of a telephone number in constant time.
func endsWith(phone, code string) bool {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	if len(digits) < shortestNumber || len(code) != codeDigits {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(digits[len(digits)-codeDigits:]), []byte(code)) == 1
}

func allDigits(v string, n int) bool {
	return len(v) == n && !strings.ContainsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
}

// statusText names a ticket's state for the public.
func statusText(st jiban.TicketStatus) string {
	switch st {
	case jiban.TicketAccepted:
		return "已受理，等待派发 (accepted)"
	case jiban.TicketDispatched:
		return "已派发，等待承办单位签收 (dispatched)"
	case jiban.TicketHandling:
		return "承办单位正在办理 (in progress)"
	case jiban.TicketAnswered:
		return "已答复 (answered)"
	case jiban.TicketClosed:
		return "已办结 (closed)"
	case jiban.TicketWithdrawn:
		return "已撤销 (withdrawn)"
	default:
		return string(st)
	}
}
