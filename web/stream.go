package web

import (
	"io"

	"github.com/gofiber/fiber/v2"

	"jiban"
)

// streamed reports whether the handler reads the request's body as it comes, with
// a limit of its own. Whoever comes to such a door is known before a byte of the
// body is taken.
func streamed(c *fiber.Ctx) bool {
	return c.Method() == fiber.MethodPost && (c.Path() == api+rosterImports || uploadPath(c.Path()))
}

// take reads the body of an ordinary request, one MiB at most. The server itself
// takes in no more than the first kilobytes, so that no memory is given to a body
// that nobody wants. What is left unread of a body would be read as the next
// request: the connection must not be used again then.
func take(c *fiber.Ctx) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return nil
	}
	if streamed(c) {
		c.Context().SetConnectionClose()
		return nil
	}
	if c.Request().Header.ContentLength() > maxBody {
		c.Context().SetConnectionClose()
		return fiber.ErrRequestEntityTooLarge
	}
	data, err := io.ReadAll(io.LimitReader(stream, maxBody+1))
	if err != nil {
		c.Context().SetConnectionClose()
		return jiban.Errorf(jiban.CodeInvalid, "web.take", "the body broke off: %w", err)
	}
	if len(data) > maxBody {
		c.Context().SetConnectionClose()
		return fiber.ErrRequestEntityTooLarge
	}
	c.Request().SetBodyRaw(data)
	return nil
}
