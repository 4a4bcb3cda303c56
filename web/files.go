package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"jiban"
	"jiban/files"
	"jiban/staff"
)

// The limits of what moves files. A slow line gets two minutes, and a node has a
// few at a time in hand: what one of them needs does not grow with the file.
const (
	maxUploads  = 16
	uploadTime  = 2 * time.Minute
	uploadSpare = 64 << 10 // bytes of a form around its files
)

// uploadPath reports whether a path is a door for files, a visitor's or that of
// staff.
func uploadPath(path string) bool { return chatUploadPath(path) || ticketUploadPath(path) }

func chatUploadPath(path string) bool {
	rest, ok := strings.CutPrefix(path, api+"/chat/")
	channel, door, _ := strings.Cut(rest, "/")
	return ok && channel != "" && door == "files"
}

// patience gives requests that move files the time of a slow line.
func patience(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := strings.Cut(string(h.RequestURI()), "?")
	switch {
	case uploadPath(path):
		return fasthttp.RequestConfig{ReadTimeout: uploadTime, WriteTimeout: writeTime}
	case strings.Contains(path, "/files/"), strings.HasSuffix(path, "/copy"):
		return fasthttp.RequestConfig{WriteTimeout: uploadTime}
	}
	return fasthttp.RequestConfig{}
}

// upload takes files of a visitor and then the message that they make. The form
// has one part "file" for each; the message's id and the language stand in the
// address, because the form is read as it comes.
func (s *Server) upload(c *fiber.Ctx) error {
	chat, visitor, err := s.uploader(c)
	if err != nil {
		return err
	}
	lang := langOf(c.Query("lang"))
	if err := admitUpload(c, s.mostUploaded()); err != nil {
		return s.worded(lang, err)
	}
	leave, err := s.enterUpload()
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(s.ctx, uploadTime)
	defer cancel()
	contact, err := chat.Owner(ctx, visitor)
	if err != nil {
		return err
	}
	kept, err := s.takeAll(ctx, c, contact)
	if err != nil {
		return s.worded(lang, err)
	}
	receipt, err := chat.Attach(ctx, visitor, c.Query("id"), lang, contentOf(kept))
	if err != nil || receipt.Repeat {
		s.discard(ctx, kept)
	}
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"id": c.Query("id"), "seq": receipt.Seq})
}

// uploader finds out who sends, before a byte of the body is taken.
func (s *Server) uploader(c *fiber.Ctx) (Chat, jiban.Address, error) {
	const op = "web.upload"
	chat, err := s.chat(c)
	if err != nil {
		return chat, "", err
	}
	cookie := c.Cookies(chatCookie)
	switch {
	case s.Deps.Files == nil || chat.Attach == nil || chat.Owner == nil:
		return chat, "", notFound(op, "this chat takes no files")
	case !s.sameOrigin(c, chat.AllowedOrigins):
		return chat, "", jiban.Errorf(jiban.CodeForbidden, op, "the page is not an allowed origin")
	case !s.ready():
		return chat, "", jiban.Errorf(jiban.CodeUnavailable, op, "the index is not loaded yet")
	case !goodChatCookie(cookie):
		return chat, "", jiban.Errorf(jiban.CodeUnauthorized, op, "the visitor has no cookie")
	case !identifier(c.Query("id")):
		return chat, "", jiban.Errorf(jiban.CodeInvalid, op, "the message needs an id")
	}
	return chat, VisitorAddress(cookie), s.limit(c.UserContext(), "upload:"+s.visitorKey(c), s.limits.UploadsPerMinute, time.Minute)
}

// enterUpload takes one of the places for uploads; leave gives it back.
func (s *Server) enterUpload() (leave func(), err error) {
	select {
	case s.uploads <- struct{}{}:
		return func() { <-s.uploads }, nil
	default:
		return nil, jiban.Errorf(jiban.CodeUnavailable, "web.upload", "%d uploads are under way already", maxUploads)
	}
}

// admitUpload refuses by what the request says of itself.
func admitUpload(c *fiber.Ctx, most int64) error {
	if int64(c.Request().Header.ContentLength()) > most {
		return &files.Refusal{Reason: files.TooLarge, Detail: "by its length in the header"}
	}
	return nil
}

func (s *Server) mostUploaded() int64 {
	l := s.Deps.Files.Limits()
	return int64(l.MaxPerMessage)*l.MaxBytes + uploadSpare
}

// takeAll keeps every file of the form, or none.
func (s *Server) takeAll(ctx context.Context, c *fiber.Ctx, contact string) ([]files.Kept, error) {
	form, err := formOf(c, s.mostUploaded())
	if err != nil {
		return nil, err
	}
	var kept []files.Kept
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) && len(kept) > 0 {
			return kept, nil
		}
		if err == nil {
			var k files.Kept
			if k, err = s.takeOne(ctx, part, contact, len(kept)); err == nil {
				kept = append(kept, k)
				continue
			}
		} else {
			err = jiban.Errorf(jiban.CodeInvalid, "web.upload", "the form holds no file, or is not whole: %w", err)
		}
		s.discard(ctx, kept)
		return nil, err
	}
}

func (s *Server) takeOne(ctx context.Context, part *multipart.Part, contact string, before int) (files.Kept, error) {
	if part.FormName() != "file" {
		return files.Kept{}, jiban.Errorf(jiban.CodeInvalid, "web.upload", "the form has a part that is no file")
	}
	if most := s.Deps.Files.Limits().MaxPerMessage; before >= most {
		return files.Kept{}, &files.Refusal{Reason: files.TooMany, Detail: strconv.Itoa(most) + " come with one message at most"}
	}
	return s.Deps.Files.Take(ctx, files.Upload{ContactID: contact, Name: part.FileName(), Body: part})
}

// formOf reads the body as it comes, and never more than is allowed of it.
func formOf(c *fiber.Ctx, most int64) (*multipart.Reader, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm || params["boundary"] == "" {
		return nil, fiber.ErrUnsupportedMediaType
	}
	body := c.Context().RequestBodyStream()
	if body == nil {
		return nil, jiban.Errorf(jiban.CodeInvalid, "web.upload", "the request has no body")
	}
	return multipart.NewReader(&bounded{r: body, left: most}, params["boundary"]), nil
}

// bounded refuses what goes beyond the limit, whatever the header said.
type bounded struct {
	r    io.Reader
	left int64
}

// Read reads up to the limit.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &files.Refusal{Reason: files.TooLarge, Detail: "by its length"}
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (s *Server) discard(ctx context.Context, kept []files.Kept) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.RequestTime)
	defer cancel()
	for _, k := range kept {
		if err := s.Deps.Files.Discard(ctx, k); err != nil {
			s.Log.WarnContext(ctx, "a file that no message has stays until the sweep", "file", k.ID, "error", err)
		}
	}
}

// contentOf is the message that files make. Their names stay with the files.
func contentOf(kept []files.Kept) jiban.Content {
	c := jiban.Content{Kind: files.MessageKind(kept[0].Type)}
	for _, k := range kept {
		if files.MessageKind(k.Type) != c.Kind {
			c.Kind = jiban.KindFile
		}
		c.Attachments = append(c.Attachments, jiban.Attachment{Ref: jiban.FileRef + k.ID, Type: k.Type, Size: k.Size})
	}
	return c
}

// worded gives a refused file the sentence for who sent it.
func (s *Server) worded(l jiban.Lang, err error) error {
	reason := files.ReasonOf(err)
	if reason == "" || s.Words == nil {
		return err
	}
	limits := s.Deps.Files.Limits()
	code, n := jiban.CodeInvalid, int64(limits.MaxPerMessage)
	switch reason {
	case files.TooLarge:
		n = limits.MaxBytes >> 20
	case files.TooOften:
		code = jiban.CodeLimited
	case files.NoScan:
		code = jiban.CodeUnavailable
	}
	words := s.Words.Say(l, "file."+string(reason), map[string]any{"n": n})
	return &jiban.Error{Code: code, Op: "web.upload", Msg: words, Err: err}
}

// visitorFile gives a visitor a file by a link of the chat.
func (s *Server) visitorFile(c *fiber.Ctx) error {
	cookie := c.Cookies(chatCookie)
	if !goodChatCookie(cookie) {
		return jiban.Errorf(jiban.CodeUnauthorized, "web.file", "the visitor has no cookie")
	}
	return s.sendFile(c, string(VisitorAddress(cookie)), func(context.Context, string) error { return nil })
}

// staffFile gives a member of staff a file by a link of a conversation or ticket
// that they were shown. The view is recorded.
func (s *Server) staffFile(c *fiber.Ctx) error {
	m := who(c)
	return s.sendFile(c, m.ID, func(ctx context.Context, id string) error { return s.viewed(ctx, m, "file:"+id) })
}

// sendFile answers with a file. Only pictures, whose content was proven, may be
// shown where they stand; all else is saved. In no case may it act: it is in a
// sandbox, its type is what we say, and nobody keeps a copy on the way.
func (s *Server) sendFile(c *fiber.Ctx, viewer string, record func(context.Context, string) error) error {
	const op = "web.file"
	if s.Deps.Files == nil {
		return notFound(op, "there are no files")
	}
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	expires, err := strconv.ParseInt(c.Query("e"), 10, 64)
	if err != nil {
		return jiban.Errorf(jiban.CodeForbidden, op, "the link has no time")
	}
	if err := s.Deps.Files.Check(id, viewer, files.Pass{Expires: expires, Signature: c.Query("s")}); err != nil {
		return refuse(jiban.CodeForbidden, op, "链接已失效，请刷新页面后再打开 (this link is over, reload the page)")
	}
	if err := record(c.UserContext(), id); err != nil {
		return err
	}
	// The context of the request ends before the last byte is sent.
	ctx, cancel := context.WithTimeout(s.ctx, uploadTime)
	r, err := s.Deps.Files.Open(ctx, id)
	if err != nil {
		cancel()
		return err
	}
	describe(c, r.Kept)
	c.Context().SetBodyStream(&sending{r, cancel}, int(r.Size))
	return nil
}

// describe sets the headers of a file.
func describe(c *fiber.Ctx, k files.Kept) {
	how := "attachment"
	if files.Picture(k.Type) {
		how = "inline"
	}
	c.Set(fiber.HeaderContentType, k.Type)
	c.Set(fiber.HeaderContentDisposition, how+"; filename=\"file\"; filename*=UTF-8''"+url.PathEscape(k.Name))
	c.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set(fiber.HeaderCacheControl, "private, no-store")
}

// sending is a file on its way; its context ends with it.
type sending struct {
	*files.Reading
	cancel context.CancelFunc
}

// Close ends the reading.
func (s *sending) Close() error {
	defer s.cancel()
	return s.Reading.Close()
}

// fileJSON is a file as staff see it. Link is "" while there is nothing to open.
type fileJSON struct {
	ID        string          `json:"id"`
	MessageID string          `json:"message_id"`
	Ticket    string          `json:"ticket"`
	Name      string          `json:"name"`
	Type      string          `json:"type"`
	Size      int64           `json:"size"`
	State     jiban.FileState `json:"state"`
	Why       string          `json:"why"`
	Link      string          `json:"link"`
	CreatedAt string          `json:"created_at"`

	// Of what staff attached to a ticket.
	Attached bool    `json:"attached"`
	Internal bool    `json:"internal"`
	ToldAt   string  `json:"told_at"` // since when the person may open it
	By       *byJSON `json:"by,omitempty"`
}

// filesFor lists files with links for one member of staff, who may see what they
// belong to.
func (s *Server) filesFor(ctx context.Context, m member, f jiban.FileFilter) ([]fileJSON, error) {
	if s.Deps.Files == nil {
		return []fileJSON{}, nil
	}
	found, err := s.Deps.Files.List(ctx, f)
	if err != nil {
		return nil, err
	}
	return each(found, func(k files.Kept) fileJSON { return s.fileShape(m, k) }), nil
}

func (s *Server) fileShape(m member, k files.Kept) fileJSON {
	j := fileJSON{ID: k.ID, MessageID: k.MessageID, Ticket: k.Ticket, Name: k.Name, Type: k.Type, Size: k.Size,
		State: k.State, Why: k.Why, CreatedAt: at(k.CreatedAt), Attached: k.AttachedBy != "", Internal: k.Internal, ToldAt: at(k.ToldAt)}
	if k.State == jiban.FileKept {
		j.Link = api + "/files/" + k.ID + "?" + s.Deps.Files.Link(k.ID, m.ID).Query()
	}
	return j
}

// filesOfPerson lists what a person sent in conversations and for tickets within
// the account's scope, the newest first. Of a person who filed something
// confidential, whoever may not see reporters is shown only that there is
// something: a picture may tell who it is.
func (s *Server) filesOfPerson(ctx context.Context, m member, p person) ([]fileJSON, error) {
	shown := []fileJSON{}
	if s.Deps.Files == nil {
		return shown, nil
	}
	found, err := s.Deps.Files.List(ctx, jiban.FileFilter{Contact: p.ID})
	if err != nil {
		return nil, err
	}
	for _, k := range slices.Backward(found) {
		said := slices.ContainsFunc(p.conversations, func(c jiban.Conversation) bool { return c.ID == k.ConversationID })
		filed := slices.ContainsFunc(p.tickets, func(t jiban.Ticket) bool { return t.Number == k.Ticket })
		if k.AttachedBy == "" && (said || filed) && len(shown) < listedFiles {
			shown = append(shown, s.fileShape(m, k))
		}
	}
	if p.sensitive && !staff.May(m.Account, staff.ActPersonalReporter) {
		return each(shown, withheld), nil
	}
	return shown, nil
}

// listedFiles bounds the list of a person's files.
const listedFiles = 200

// fileHidden is the state of a file that is there and not shown: it may tell who
// reported.
const fileHidden jiban.FileState = "hidden"

// withheld keeps of a file only that it is there.
func withheld(f fileJSON) fileJSON {
	return fileJSON{ID: f.ID, Ticket: f.Ticket, State: fileHidden, CreatedAt: f.CreatedAt, Attached: f.Attached, Internal: f.Internal, ToldAt: f.ToldAt}
}
