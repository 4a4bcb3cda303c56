package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// built holds the pages as "make ui" builds them; in a fresh clone only a
// placeholder is there.
//
//go:embed all:dist
var built embed.FS

// asset is one file of the pages, ready to be sent.
type asset struct {
	content []byte
	kind    string // MIME type
	tag     string // ETag
	packed  func() []byte
}

// The size from which packing is worth it.
const smallestPacked = 1 << 10

// loadAssets reads all built files. They are found by name in a table, so no
// path leads anywhere else.
func loadAssets(pages fs.FS) (map[string]*asset, error) {
	if pages == nil {
		dist, err := fs.Sub(built, "dist")
		if err != nil {
			return nil, jiban.Errorf(jiban.CodeInternal, "web.pages", "open the embedded pages: %w", err)
		}
		pages = dist
	}
	assets := map[string]*asset{}
	err := fs.WalkDir(pages, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		content, err := fs.ReadFile(pages, name)
		if err == nil {
			assets[name] = newAsset(name, content)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, jiban.Errorf(jiban.CodeInternal, "web.pages", "read the built pages: %w", err)
	}
	return assets, nil
}

func newAsset(name string, content []byte) *asset {
	sum := sha256.Sum256(content)
	a := &asset{content: content, kind: kindOf(name), tag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	a.packed = sync.OnceValue(func() []byte { return pack(a) })
	return a
}

// kindOf names the type of a file. The usual ones are named here, because what
// the system believes differs from machine to machine.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return fiber.MIMEOctetStream
}

// pack compresses a file of text, once; nil when it is not worth it.
func pack(a *asset) []byte {
	if len(a.content) < smallestPacked || !strings.HasPrefix(a.kind, "text/") && a.kind != "image/svg+xml" {
		return nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(a.content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil || b.Len() >= len(a.content) {
		return nil
	}
	return b.Bytes()
}

// send answers with a file, packed where the browser takes it, or with 304.
func (s *Server) send(c *fiber.Ctx, name, cache string) error {
	a, ok := s.assets[name]
	if !ok {
		return notFound("web.pages", "no file %q among the built pages", name)
	}
	c.Set(fiber.HeaderETag, a.tag)
	c.Set(fiber.HeaderCacheControl, cache)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if match := c.Get(fiber.HeaderIfNoneMatch); match != "" && strings.Contains(match, a.tag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, a.kind)
	if packed := a.packed(); packed != nil && strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(packed)
	}
	return c.Send(a.content)
}

// The caching of files: pages are asked for anew each time (304 when nothing
// changed), files with a hash in their name never change.
const (
	cachePage   = "no-cache"
	cacheWidget = "public, max-age=300"
	cacheHashed = "public, max-age=31536000, immutable"
)

// page answers with one of the pages; when it was not built it says how to.
func (s *Server) page(c *fiber.Ctx, name, policy string) error {
	if _, ok := s.assets[name]; !ok {
		return refuse(jiban.CodeUnavailable, "web.pages", "页面尚未构建，请运行 make ui 后重新编译 (the pages are not built: run make ui, then build again)")
	}
	c.Set("Content-Security-Policy", policy)
	return s.send(c, name, cachePage)
}

// chatPage serves a chat to those of the given audience and gives them their
// cookie. Only sites that the configuration names may embed it.
func (s *Server) chatPage(audience jiban.Audience) fiber.Handler {
	ancestors := s.ancestors(audience)
	return func(c *fiber.Ctx) error {
		if err := s.greet(c); err != nil {
			return err
		}
		return s.page(c, "chat.html", contentPolicy(c, "style-src 'self'; frame-ancestors "+ancestors))
	}
}

// ancestors lists who may embed the chats of an audience.
func (s *Server) ancestors(audience jiban.Audience) string {
	list := "'self'"
	for _, chat := range s.Chats {
		for _, origin := range chat.AllowedOrigins {
			if o, err := originOf(origin); err == nil && chat.Audience == audience && o != "" {
				list += " " + o
			}
		}
	}
	return list
}

// consolePage serves the staff console. Its component library sets style
// attributes; scripts come from files only.
func (s *Server) consolePage(c *fiber.Ctx) error {
	c.Set("X-Frame-Options", "DENY")
	return s.page(c, "console.html", contentPolicy(c, "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"))
}

func (s *Server) trackPage(c *fiber.Ctx) error {
	c.Set("X-Frame-Options", "DENY")
	return s.page(c, "track.html", contentPolicy(c, "style-src 'self'; frame-ancestors 'none'"))
}

// contentPolicy lets a page load from here only. Sockets are named because older
// browsers do not count them as 'self'.
func contentPolicy(c *fiber.Ctx, rest string) string {
	connect := "connect-src 'self'"
	if h := host(c); plainHost(h) {
		connect += " ws://" + h + " wss://" + h
	}
	return "default-src 'self'; script-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; " +
		connect + "; " + rest
}

// widget serves the script that other sites embed.
func (s *Server) widget(c *fiber.Ctx) error {
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return s.send(c, "widget.js", cacheWidget)
}

func (s *Server) assetFile(c *fiber.Ctx) error {
	return s.send(c, "assets/"+c.Params("file"), cacheHashed)
}
