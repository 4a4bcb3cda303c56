package web

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

const (
	listedRequests  = 200
	longestAsked    = 500 // characters of what is to be corrected
	longestRefusal  = 300
	longestName     = 64
	copyContentType = "application/zip"
	copyTime        = 4 * time.Minute // to make it
)

// listRequests lists the requests of people about their data: what is to be done
// by due time, or what was done.
func (s *Server) listRequests(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	state, err := query(c, "state", 8)
	if err != nil {
		return err
	}
	found, err := s.Requests.List(ctx, jiban.DataRequestFilter{Open: state != "ended", Ended: state == "ended", Limit: listedRequests})
	if err != nil {
		return err
	}
	if err := s.glanced(ctx, m, "requests"); err != nil {
		return err
	}
	if m.Region == "" {
		return s.showRequests(c, m, found)
	}
	mine := found[:0]
	for _, r := range found {
		_, err := s.person(ctx, m, r.ContactID)
		if err == nil {
			mine = append(mine, r)
		} else if jiban.CodeOf(err) != jiban.CodeNotFound {
			return err
		}
	}
	return s.showRequests(c, m, mine)
}

func (s *Server) showRequests(c *fiber.Ctx, m member, rs []jiban.DataRequest) error {
	names, err := s.names(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"requests": each(rs, requestFor(m, names, s.Clock.Now()))})
}

// openRequest takes a request in on the person's behalf: at the telephone or at
// the desk.
func (s *Server) openRequest(c *fiber.Ctx) error {
	ctx, m := c.UserContext(), who(c)
	in, err := body[struct {
		Kind jiban.DataRequestKind `json:"kind"`
		Note string                `json:"note"`
	}](c)
	if err != nil {
		return err
	}
	if !in.Kind.Valid() {
		return refuse(jiban.CodeInvalid, "web.request", "请选择申请种类：查看、复制、更正、删除 (unknown kind)")
	}
	if in.Kind == jiban.DataCorrect {
		if err := text("web.request", "要更正的内容", in.Note, longestAsked); err != nil {
			return err
		}
	}
	p, err := s.personOf(c, m)
	if err != nil {
		return err
	}
	r, err := s.Requests.Request(ctx, p.ID, in.Kind, "staff", cutRunes(in.Note, longestAsked))
	if jiban.CodeOf(err) == jiban.CodeDuplicate {
		return refuse(jiban.CodeDuplicate, "web.request", "此人已有一项同类申请正在办理 (such a request is under way)")
	}
	if err != nil {
		return err
	}
	if err := s.did(ctx, m, "request.entered", "request:"+r.ID); err != nil {
		return err
	}
	return s.showRequest(c, m, r)
}

func (s *Server) showRequest(c *fiber.Ctx, m member, r jiban.DataRequest) error {
	names, err := s.names(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(requestFor(m, names, s.Clock.Now())(r))
}

// requestOf loads the request that the path names, of a person within the scope.
func (s *Server) requestOf(c *fiber.Ctx, m member) (jiban.DataRequest, error) {
	id, err := param(c, "id")
	if err != nil {
		return jiban.DataRequest{}, err
	}
	r, err := s.Requests.Get(c.UserContext(), id)
	if err == nil {
		_, err = s.person(c.UserContext(), m, r.ContactID)
	}
	return r, err
}

// moveRequest loads the request, moves it on, and shows it as it is then. The room
// records it in the transaction that does it.
func (s *Server) moveRequest(c *fiber.Ctx, move func(ctx context.Context, id, by string) (jiban.DataRequest, error)) error {
	m := who(c)
	r, err := s.requestOf(c, m)
	if err != nil {
		return err
	}
	if r, err = move(c.UserContext(), r.ID, m.ID); err != nil {
		return err
	}
	return s.showRequest(c, m, r)
}

// checkRequest records how it was shown who asks.
func (s *Server) checkRequest(c *fiber.Ctx) error {
	in, err := body[struct {
		How string `json:"how"`
	}](c)
	if err != nil {
		return err
	}
	if !oneOf(in.How, "code staff") {
		return refuse(jiban.CodeInvalid, "web.request", "请选择核实方式：验证码或人工 (how: code or staff)")
	}
	return s.moveRequest(c, func(ctx context.Context, id, by string) (jiban.DataRequest, error) {
		return s.Requests.Check(ctx, id, by, in.How)
	})
}

// approveRequest lets it be carried out; another person than who checked it.
func (s *Server) approveRequest(c *fiber.Ctx) error { return s.moveRequest(c, s.Requests.Approve) }

// refuseRequest ends it with a reason, which the person reads.
func (s *Server) refuseRequest(c *fiber.Ctx) error {
	in, err := body[struct {
		Reason string `json:"reason"`
	}](c)
	if err == nil {
		err = text("web.request", "理由", in.Reason, longestRefusal)
	}
	if err != nil {
		return err
	}
	return s.moveRequest(c, func(ctx context.Context, id, by string) (jiban.DataRequest, error) {
		return s.Requests.Refuse(ctx, id, by, in.Reason)
	})
}

// finishRequest ends a request to see or to correct: what was to be seen was
// shown, what was to be corrected is corrected.
func (s *Server) finishRequest(c *fiber.Ctx) error {
	in, err := body[struct {
		Name string `json:"name"`
	}](c)
	if err != nil {
		return err
	}
	if in.Name != "" {
		if err := text("web.request", "姓名", in.Name, longestName); err != nil {
			return err
		}
	}
	return s.moveRequest(c, func(ctx context.Context, id, by string) (jiban.DataRequest, error) {
		return s.Requests.Finish(ctx, id, by, in.Name)
	})
}

// deletePerson carries an approved deletion out. Nothing is left that could be
// shown but that it was done.
func (s *Server) deletePerson(c *fiber.Ctx) error { return s.moveRequest(c, s.Requests.Delete) }

// linkRequest makes the way to an approved copy, for its approver, for some
// minutes, for one time.
func (s *Server) linkRequest(c *fiber.Ctx) error {
	m := who(c)
	r, err := s.requestOf(c, m)
	if err != nil {
		return err
	}
	secret, until, err := s.Requests.Link(c.UserContext(), r.ID, m.ID)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"secret": secret, "until": at(until)})
}

// fetchCopy gives the copy. The secret comes in the body, so that no address and
// no history of a browser holds it.
func (s *Server) fetchCopy(c *fiber.Ctx) error {
	m := who(c)
	in, err := body[struct {
		Secret string `json:"secret"`
	}](c)
	if err != nil {
		return err
	}
	r, err := s.requestOf(c, m)
	if err != nil {
		return err
	}
	// The files of a person take longer than a page may.
	ctx, cancel := context.WithTimeout(s.ctx, copyTime)
	defer cancel()
	data, err := s.Requests.Fetch(ctx, r.ID, m.ID, in.Secret)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, copyContentType)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="personal-data.zip"`)
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	c.Context().SetBodyStream(data, int(data.Size))
	return nil
}
