package web

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/people"
	"jiban/staff"
)

const (
	rosterImports  = "/roster/imports"
	maxRosterFile  = 256 << 20        // bytes; 1.4 million rows are about 40 MB
	importTime     = 20 * time.Minute // for the whole of an import
	pauseTime      = 30 * time.Second // without a byte the sender is taken for gone
	importLease    = "roster.import"
	importLife     = 2 * time.Minute // of the lease; every ten thousand rows renew it
	progressKey    = "roster.progress"
	progressLife   = time.Hour
	listedRosters  = 50
	listedBadRows  = 200
	rosterFileType = "text/csv"
)

// rosters lists the versions of the special-service list with their counts; no
// entry of it is ever shown.
func (s *Server) rosters(c *fiber.Ctx) error {
	ctx := c.UserContext()
	found, err := s.Persons.Rosters(ctx, listedRosters)
	if err != nil {
		return err
	}
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"rosters": each(found, func(r jiban.Roster) rosterJSON { return rosterShape(r, names) })})
}

type rosterJSON struct {
	ID        string   `json:"id"`
	Kinds     []string `json:"kinds"`
	Rows      int      `json:"rows"`
	Phones    int      `json:"phones"`
	By        string   `json:"by"`
	CreatedAt string   `json:"created_at"`
	InUse     bool     `json:"in_use"`
}

func rosterShape(r jiban.Roster, names map[string]string) rosterJSON {
	return rosterJSON{r.ID, orEmpty(r.Kinds), r.Rows, r.Phones, named(r.By, names), at(r.CreatedAt), r.InUse}
}

// rosterProgress tells how far the import is that is under way, on whichever node.
func (s *Server) rosterProgress(c *fiber.Ctx) error {
	v, found, err := s.Shared.Get(c.UserContext(), progressKey)
	if err != nil {
		return err
	}
	if !found || v == "" {
		return c.JSON(fiber.Map{"running": false})
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
	return c.SendString(v)
}

// progressJSON is what the nodes tell each other of an import.
type progressJSON struct {
	Running bool  `json:"running"`
	Check   bool  `json:"check"`
	Rows    int   `json:"rows"`
	Bytes   int64 `json:"bytes"`
	Written int   `json:"written"`
	Buckets int   `json:"buckets"`
}

// importRoster reads a file as it comes, and answers with what it held: nothing
// of a row but its number is repeated. With check=1 nothing is changed. One import
// runs at a time, on all nodes together.
func (s *Server) importRoster(c *fiber.Ctx) error {
	const op = "web.importRoster"
	m := who(c)
	o := people.ImportOptions{By: m.ID, DryRun: c.Query("check") == "1", Delta: c.Query("mode") == "delta"}
	if !oneOf(c.Query("mode"), "replace delta") {
		return refuse(jiban.CodeInvalid, op, "请选择整体替换或增量变更 (mode: replace or delta)")
	}
	if !isType(c, rosterFileType) {
		return refuse(jiban.CodeInvalid, op, "请以 text/csv 提交文件 (send the file as text/csv)")
	}
	if o.Encoding = c.Query("encoding"); !oneOf(o.Encoding, "utf-8 gb18030") {
		o.Encoding = ""
	}
	file := fileOf(c)
	defer file.drop()
	ctx, cancel := context.WithTimeout(staff.WithActor(s.ctx, m.ID), importTime)
	defer cancel()
	c.SetUserContext(ctx)
	owner := s.IDs.NewID()
	free, err := s.Shared.Acquire(ctx, importLease, owner, importLife)
	if err != nil {
		return err
	}
	if !free {
		return refuse(jiban.CodeConflict, op, "另一份名单正在导入，请等它结束 (another import is under way)")
	}
	defer s.importEnded(ctx, owner)
	o.Progress = func(p people.ImportProgress) { s.importGoesOn(ctx, owner, o.DryRun, p) }
	o.Progress(people.ImportProgress{})
	report, err := s.Roster.Import(ctx, file, o)
	return s.showImport(c, m, o, report, err)
}

// showImport answers with the report; that a file has bad rows is an answer, not a
// failure of the request. What was looked at is recorded, too: the file is personal
// data, though nothing of it is kept.
func (s *Server) showImport(c *fiber.Ctx, m member, o people.ImportOptions, r people.ImportReport, err error) error {
	if err != nil && (jiban.CodeOf(err) != jiban.CodeInvalid || r.Bad == 0) {
		return err
	}
	if !r.Applied {
		if err := s.did(c.UserContext(), m, "roster.checked", "roster"); err != nil {
			return err
		}
	}
	if r.Kinds == nil {
		r.Kinds = map[string]int{}
	}
	bad := r.Errors[:min(len(r.Errors), listedBadRows)]
	return c.JSON(fiber.Map{"applied": r.Applied, "check": o.DryRun, "encoding": r.Encoding, "rows": r.Rows, "bad": r.Bad,
		"expired": r.Expired, "removed": r.Removed, "kinds": r.Kinds, "ignored": orEmpty(r.Ignored), "before": r.Before, "phones": r.Phones,
		"errors": each(bad, func(e people.RowError) rowErrorJSON { return rowErrorJSON{e.Row, e.Text} })})
}

type rowErrorJSON struct {
	Row  int    `json:"row"`
	Text string `json:"text"`
}

// importGoesOn renews the lease and tells the nodes how far the import is. Neither
// is needed for the import to be right: the store lets one of two win.
func (s *Server) importGoesOn(ctx context.Context, owner string, check bool, p people.ImportProgress) {
	v, err := json.Marshal(progressJSON{true, check, p.Rows, p.Bytes, p.Written, p.Buckets})
	if err == nil {
		err = s.Shared.Set(ctx, progressKey, string(v), progressLife)
	}
	if err == nil {
		_, err = s.Shared.Acquire(ctx, importLease, owner, importLife)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "the progress of a roster import could not be told", "error", err)
	}
}

func (s *Server) importEnded(ctx context.Context, owner string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.Shared.Set(ctx, progressKey, "", progressLife)
	if err == nil {
		err = s.Shared.Release(ctx, importLease, owner)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "a roster import ended and may be shown as running for two minutes", "error", err)
	}
}

// upload is a file on its way in: it must not pause too long nor be too large.
type upload struct {
	conn  net.Conn
	from  io.Reader
	left  int64
	ended error // what ended it; the server's stream must not be asked again then
}

func fileOf(c *fiber.Ctx) *upload {
	u := &upload{conn: c.Context().Conn(), from: c.Context().RequestBodyStream(), left: maxRosterFile}
	if u.from == nil {
		u.ended = io.EOF
	}
	return u
}

func (u *upload) Read(p []byte) (int, error) {
	if u.ended == nil && u.left <= 0 {
		u.ended = refuse(jiban.CodeInvalid, "web.upload", "文件超过 256 MB (the file is too large)")
	}
	if u.ended != nil {
		return 0, u.ended
	}
	//nolint:forbidigo // a deadline of the operating system is in its own time
	if err := u.conn.SetReadDeadline(time.Now().Add(pauseTime)); err != nil {
		u.ended = jiban.Errorf(jiban.CodeUnavailable, "web.upload", "the connection takes no deadline: %w", err)
		return 0, u.ended
	}
	n, err := u.from.Read(p[:min(int64(len(p)), u.left)])
	u.left -= int64(n)
	u.ended = err
	return n, err
}

// drop reads what nobody wanted of the file: a browser that is cut off while it
// sends would not see the answer. Whether that works changes nothing any more.
func (u *upload) drop() { _, _ = io.Copy(io.Discard, u) }
