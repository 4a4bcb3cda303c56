package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/files"
)

// trackCookie names the browser in which somebody proved to know a ticket, so that
// the links to its files open there only.
const (
	trackCookie     = "jiban_track"
	trackCookieLife = time.Hour
	trackFiles      = api + "/track/files"
)

// toldFileJSON is a file that came with an answer, as the public page shows it.
type toldFileJSON struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	Link string `json:"link"`
}

// toldFiles lists what departments gave the person with their answers: nothing
// internal, nothing of an answer that did not go out yet, and nothing that the
// person sent. Whoever asks has proven the ticket.
func (s *Server) toldFiles(c *fiber.Ctx, number string) ([]toldFileJSON, error) {
	told := []toldFileJSON{}
	if s.Deps.Files == nil {
		return told, nil
	}
	all, err := s.Deps.Files.List(c.UserContext(), jiban.FileFilter{Ticket: number})
	if err != nil {
		return nil, err
	}
	viewer := ""
	for _, k := range all {
		if !toldToPerson(k) {
			continue
		}
		if viewer == "" {
			if viewer, err = s.trackViewer(c); err != nil {
				return nil, err
			}
		}
		told = append(told, toldFileJSON{k.Name, k.Type, k.Size, trackFiles + "/" + k.ID + "?" + s.Deps.Files.Link(k.ID, viewer).Query()})
	}
	return told, nil
}

func toldToPerson(k files.Kept) bool {
	return k.AttachedBy != "" && !k.Internal && !k.ToldAt.IsZero() && k.State == jiban.FileKept
}

// trackViewer is the browser that asks, for links; it is given a cookie.
func (s *Server) trackViewer(c *fiber.Ctx) (string, error) {
	v := c.Cookies(trackCookie)
	if !goodChatCookie(v) {
		var b [16]byte
		if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
			return "", jiban.Errorf(jiban.CodeInternal, "web.track", "draw a cookie: %w", err)
		}
		v = hex.EncodeToString(b[:])
	}
	c.Cookie(&fiber.Cookie{Name: trackCookie, Value: v, Path: api + "/track", MaxAge: int(trackCookieLife.Seconds()),
		HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode, Secure: s.secure(c)})
	return "track:" + v, nil
}

// trackFile gives out a file of an answer by a link of the progress page.
func (s *Server) trackFile(c *fiber.Ctx) error {
	v := c.Cookies(trackCookie)
	if !goodChatCookie(v) {
		return jiban.Errorf(jiban.CodeUnauthorized, "web.track", "the browser has no cookie")
	}
	return s.sendFile(c, "track:"+v, func(context.Context, string) error { return nil })
}
