package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"

	"jiban"
)

// The cookie of a visitor: 128 random bits that only the browser has. The
// address kept with the conversation is its hash, so that nobody who reads
// records can continue somebody's conversation.
const (
	chatCookie     = "jiban_web"
	chatCookieLife = 365 * 24 * time.Hour
)

// chatSession gives the visitor a cookie.
func (s *Server) chatSession(c *fiber.Ctx) error {
	chat, err := s.chat(c)
	if err != nil {
		return err
	}
	if !s.sameOrigin(c, chat.AllowedOrigins) {
		return jiban.Errorf(jiban.CodeForbidden, "web.chat", "the page is not an allowed origin")
	}
	if err := s.limit(c.UserContext(), "chat:"+s.visitorKey(c), s.limits.ChatsPerMinute, time.Minute); err != nil {
		return err
	}
	if err := s.greet(c); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func (s *Server) chat(c *fiber.Ctx) (Chat, error) {
	chat, ok := s.Chats[c.Params("channel")]
	if !ok {
		return Chat{}, notFound("web.chat", "no web chat of that name")
	}
	return chat, nil
}

// greet sets the visitor's cookie where there is none yet.
func (s *Server) greet(c *fiber.Ctx) error {
	if goodChatCookie(c.Cookies(chatCookie)) {
		return nil
	}
	var b [16]byte
	if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
		return jiban.Errorf(jiban.CodeInternal, "web.chat", "draw a visitor's cookie: %w", err)
	}
	c.Cookie(&fiber.Cookie{Name: chatCookie, Value: hex.EncodeToString(b[:]), Path: "/",
		MaxAge: int(chatCookieLife.Seconds()), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, Secure: s.secure(c)})
	return nil
}

func goodChatCookie(v string) bool {
	b, err := hex.DecodeString(v)
	return err == nil && len(b) == 16
}

// VisitorAddress is the address of the visitor who holds a cookie's value.
func VisitorAddress(cookie string) jiban.Address {
	sum := sha256.Sum256([]byte("jiban web " + cookie))
	return jiban.Address("web:" + hex.EncodeToString(sum[:16]))
}

// chatSocket opens the visitor's socket.
func (s *Server) chatSocket() fiber.Handler {
	upgrade := s.upgrade(s.serveChat)
	return func(c *fiber.Ctx) error {
		chat, err := s.chat(c)
		if err != nil {
			return err
		}
		if err := s.wantsSocket(c, chat.AllowedOrigins); err != nil {
			return err
		}
		if !s.ready() {
			return jiban.Errorf(jiban.CodeUnavailable, "web.chat", "the index is not loaded yet")
		}
		cookie := c.Cookies(chatCookie)
		if !goodChatCookie(cookie) {
			return jiban.Errorf(jiban.CodeUnauthorized, "web.chat", "the visitor has no cookie")
		}
		if err := s.limit(c.UserContext(), "chat:"+s.visitorKey(c), s.limits.ChatsPerMinute, time.Minute); err != nil {
			return err
		}
		c.Locals(localVisitor, VisitorAddress(cookie))
		c.Locals("channel", c.Params("channel"))
		return upgrade(c)
	}
}

// serveChat lets the chat speak with the visitor.
func (s *Server) serveChat(ctx context.Context, k *socket, local func(string) any) {
	channel, _ := local("channel").(string)
	visitor, _ := local(localVisitor).(jiban.Address)
	err := s.Chats[channel].Serve(ctx, visitor, k)
	var gone *websocket.CloseError
	if err != nil && !errors.As(err, &gone) && !errors.Is(err, context.Canceled) {
		s.Log.DebugContext(ctx, "a chat socket ended", "channel", channel, "error", err)
	}
	k.bye(websocket.CloseNormalClosure)
}
