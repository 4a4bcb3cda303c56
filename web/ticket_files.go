package web

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/files"
	"jiban/staff"
)

// ticketUploadPath reports whether a path is the door for files that staff attach
// to a ticket.
func ticketUploadPath(path string) bool {
	rest, ok := strings.CutPrefix(path, api+"/tickets/")
	number, door, _ := strings.Cut(rest, "/")
	return ok && number != "" && door == "files"
}

// For whom an attached file is, as the address of the door says it.
const (
	forStaff  = "staff"
	forPerson = "person" // with the next answer
)

// attachFile takes one file and ties it to a ticket: its record, the event of the
// log and the entry in the record of the house are written together, or nothing
// of it is kept. Who asks, for what and whether it is possible is known before a
// byte of the body is read.
func (s *Server) attachFile(c *fiber.Ctx) error {
	m, internal := who(c), c.Query("for") != forPerson
	t, err := s.attachable(c, m)
	if err != nil {
		return err
	}
	most := s.Deps.Files.Limits().MaxBytes + uploadSpare
	if err := admitUpload(c, most); err != nil {
		return s.worded(jiban.Chinese, err)
	}
	leave, err := s.enterUpload()
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(staff.WithActor(s.ctx, m.ID), uploadTime)
	defer cancel()
	k, err := s.holdOne(ctx, c, t.ContactID, most)
	if err != nil {
		return s.worded(jiban.Chinese, err)
	}
	k.Department, k.Internal = ownDepartment(m.Account), internal
	entry := jiban.AuditEntry{Actor: m.ID, Action: "ticket.attach", Result: "ok"}
	if _, err = s.Tickets.Act(ctx, attaching(m, t.Number, &k.File), entry); err != nil {
		s.Deps.Files.Release(ctx, k)
		return err
	}
	k.Ticket, k.AttachedBy = t.Number, m.ID
	return c.JSON(s.fileShape(m, k))
}

func attaching(m member, number string, f *jiban.File) jiban.TicketAction {
	as := actingAs(m, staff.ActTicketAttach)
	if staff.OwnDepartmentOnly(m.Account) {
		as = jiban.AsDepartment
	}
	return jiban.TicketAction{Kind: jiban.EventAttached, Number: number, Actor: m.ID, As: as, File: f}
}

// attachable loads the ticket to which a file comes, or says why none can.
func (s *Server) attachable(c *fiber.Ctx, m member) (jiban.Ticket, error) {
	const op = "web.attach"
	audience, ctx := c.Query("for"), c.UserContext()
	if s.Deps.Files == nil {
		return jiban.Ticket{}, notFound(op, "no files are kept here")
	}
	t, err := s.ticketOf(c, m)
	switch {
	case err != nil:
		return t, err
	case !oneOf(audience, forStaff+" "+forPerson):
		return t, refuse(jiban.CodeInvalid, op, "请选择附件仅内部使用还是随答复给诉求人 (for: staff or person)")
	case audience == forPerson && t.Kind == "task":
		return t, refuse(jiban.CodeInvalid, op, "协办单位的附件只能内部使用，由主办单位答复诉求人 (a task's files are for staff)")
	}
	if err := s.limit(ctx, "attach:"+m.ID, s.limits.UploadsPerMinute, time.Minute); err != nil {
		return t, err
	}
	may, err := s.mayAttach(ctx, m, &t)
	if err == nil && !may {
		err = refuse(jiban.CodeConflict, op, "工单已办结、已撤销或附件已满，不能再添加附件 (the ticket is over, or has as many files as it can)")
	}
	return t, err
}

// mayAttach reports whether the account can attach a file to the ticket now.
func (s *Server) mayAttach(ctx context.Context, m member, t *jiban.Ticket) (bool, error) {
	if s.Deps.Files == nil || t.ContactID == "" || !staff.May(m.Account, staff.ActTicketAttach) {
		return false, nil
	}
	possible, err := s.Tickets.Try(ctx, t.Number, []jiban.TicketAction{attaching(m, t.Number, nil)})
	return len(possible) == 1 && possible[0], err
}

// holdOne reads a form of one file.
func (s *Server) holdOne(ctx context.Context, c *fiber.Ctx, contact string, most int64) (files.Kept, error) {
	const op = "web.attach"
	form, err := formOf(c, most)
	if err != nil {
		return files.Kept{}, err
	}
	part, err := form.NextPart()
	if err != nil || part.FormName() != "file" {
		return files.Kept{}, jiban.Errorf(jiban.CodeInvalid, op, "the form holds no file, or is not whole: %w", err)
	}
	k, err := s.Deps.Files.Hold(ctx, files.Upload{ContactID: contact, Name: part.FileName(), Body: part})
	if err != nil {
		return k, err
	}
	if _, err := form.NextPart(); !errors.Is(err, io.EOF) {
		s.Deps.Files.Release(ctx, k)
		return k, jiban.Errorf(jiban.CodeInvalid, op, "the form holds more than one file, or is not whole: %w", err)
	}
	return k, nil
}

// filesOfTicket lists the files of a ticket and of the tasks that are parts of it.
func (s *Server) filesOfTicket(ctx context.Context, number string, parts []partJSON) ([]files.Kept, error) {
	if s.Deps.Files == nil {
		return nil, nil
	}
	all, err := s.Deps.Files.List(ctx, jiban.FileFilter{Ticket: number})
	for _, p := range parts {
		if err != nil || p.Number == number {
			break
		}
		var more []files.Kept
		more, err = s.Deps.Files.List(ctx, jiban.FileFilter{Ticket: p.Number})
		all = append(all, more...)
	}
	return all, err
}

// attachedShape shows a file of a ticket. Where the reporter is protected it is
// withheld, whoever it came from, but for what the own department attached: that
// it knows.
func (s *Server) attachedShape(m member, hidden mask, names *staffNames) func(files.Kept) fileJSON {
	return func(k files.Kept) fileJSON {
		j := s.fileShape(m, k)
		own := k.AttachedBy != "" && k.Department != "" && k.Department == m.Department && staff.May(m.Account, staff.ActPersonalData)
		if hidden.identity && !own {
			j = withheld(j)
		}
		if k.AttachedBy != "" {
			by := names.by(k.AttachedBy)
			j.By = &by
		}
		return j
	}
}
