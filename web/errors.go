package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"jiban"
	"jiban/files"
)

// statusOf is the one place where codes become HTTP statuses.
func statusOf(code jiban.Code) int {
	switch code {
	case jiban.CodeInvalid:
		return fiber.StatusBadRequest
	case jiban.CodeNotFound:
		return fiber.StatusNotFound
	case jiban.CodeConflict, jiban.CodeDuplicate:
		return fiber.StatusConflict
	case jiban.CodeForbidden, jiban.CodeReauth:
		return fiber.StatusForbidden
	case jiban.CodeUnauthorized:
		return fiber.StatusUnauthorized
	case jiban.CodeLimited:
		return fiber.StatusTooManyRequests
	case jiban.CodeUnavailable:
		return fiber.StatusServiceUnavailable
	default:
		return fiber.StatusInternalServerError
	}
}

// wordsOf is what a person is told when the error itself has no words for them.
func wordsOf(code jiban.Code) string {
	switch code {
	case jiban.CodeInvalid:
		return "填写的内容有误，请检查后重试 (please check what was entered)"
	case jiban.CodeNotFound:
		return "没有找到，或您无权查看 (not found)"
	case jiban.CodeConflict:
		return "内容已被他人更新，请刷新后重试 (somebody was faster: reload and try again)"
	case jiban.CodeDuplicate:
		return "已经收到，无需重复提交 (already received)"
	case jiban.CodeForbidden:
		return "您没有执行此操作的权限 (you may not do this)"
	case jiban.CodeReauth:
		return "此操作需要再次确认您的身份 (prove again who you are)"
	case jiban.CodeUnauthorized:
		return "请先登录 (please log in)"
	case jiban.CodeLimited:
		return "操作过于频繁，请稍后再试 (too often, please wait a little)"
	case jiban.CodeUnavailable:
		return "服务暂时不可用，请稍后再试；急事请拨打 12345 (unavailable for now: try again later or call 12345)"
	default:
		return "系统出现错误，请稍后再试；急事请拨打 12345 (something went wrong: try again later or call 12345)"
	}
}

// fault is an error as the outside sees it.
type fault struct {
	status int
	code   jiban.Code
	words  string
}

// faultOf finds status, code and words for an error; never the error's own text,
// which is for the log.
func faultOf(err error) fault {
	var he *fiber.Error
	var je *jiban.Error
	switch {
	case errors.As(err, &je):
		f := fault{status: statusOf(je.Code), code: je.Code, words: je.Msg}
		if f.words == "" {
			f.words = wordsOf(je.Code)
		}
		if files.ReasonOf(err) == files.TooLarge {
			f.status = fiber.StatusRequestEntityTooLarge
		}
		return f
	case errors.As(err, &he):
		return protocolFault(he.Code)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault{fiber.StatusServiceUnavailable, jiban.CodeUnavailable, wordsOf(jiban.CodeUnavailable)}
	default:
		return fault{fiber.StatusInternalServerError, jiban.CodeInternal, wordsOf(jiban.CodeInternal)}
	}
}

// protocolFault words what the HTTP server itself refuses.
func protocolFault(status int) fault {
	switch status {
	case fiber.StatusNotFound:
		return fault{status, jiban.CodeNotFound, wordsOf(jiban.CodeNotFound)}
	case fiber.StatusMethodNotAllowed:
		return fault{status, jiban.CodeInvalid, "此地址不支持该请求方法 (method not allowed)"}
	case fiber.StatusRequestEntityTooLarge:
		return fault{status, jiban.CodeInvalid, "内容超过 1 MiB (larger than 1 MiB)"}
	case fiber.StatusRequestHeaderFieldsTooLarge:
		return fault{status, jiban.CodeInvalid, "请求头过大 (header too large)"}
	case fiber.StatusUnsupportedMediaType:
		return fault{status, jiban.CodeInvalid, "请以 application/json 提交 (send application/json)"}
	case fiber.StatusUpgradeRequired:
		return fault{status, jiban.CodeInvalid, "此地址需使用 WebSocket (open a WebSocket here)"}
	}
	if status >= 400 && status < 500 {
		return fault{status, jiban.CodeInvalid, wordsOf(jiban.CodeInvalid)}
	}
	return fault{fiber.StatusInternalServerError, jiban.CodeInternal, wordsOf(jiban.CodeInternal)}
}

// fail answers a request that failed: JSON below /api, one line elsewhere. The
// cause goes to the log under the id that the answer shows.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	f, id := faultOf(err), s.requestID(c)
	level := slog.LevelDebug
	if f.code == jiban.CodeUnavailable {
		level = slog.LevelWarn
	} else if f.status >= 500 {
		level = slog.LevelError
	}
	s.Log.Log(c.UserContext(), level, "request failed", "code", f.code, "status", f.status, "error", err, "id", id)
	if f.status == fiber.StatusTooManyRequests || f.status == fiber.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, "5")
	}
	switch {
	case streamed(c) && f.code == jiban.CodeReauth:
		fileOf(c).drop() // who comes back with the same file must see what is asked
	case streamed(c) || f.status == fiber.StatusRequestEntityTooLarge:
		drain(c.Context().Conn())
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if !strings.HasPrefix(c.Path(), "/api/") {
		return c.Status(f.status).SendString(f.words + "\n")
	}
	type body struct {
		Code    jiban.Code `json:"code"`
		Message string     `json:"message"`
		ID      string     `json:"id"`
	}
	return c.Status(f.status).JSON(map[string]body{"error": {f.code, f.words, id}})
}

// The limits of what is read of a body that is refused for its size.
const (
	mostDrained = 8 << 20 // bytes
	drainTime   = 2 * time.Second
	drainPause  = 200 * time.Millisecond // without a byte: the sender waits for the answer
)

// drain reads what is left of a body that was refused. A connection that is closed
// with something unread is reset, and its sender would never see the answer.
func drain(conn net.Conn) {
	if conn == nil {
		return
	}
	//nolint:forbidigo // a deadline of the operating system is in its own time
	end := time.Now().Add(drainTime)
	rest := make([]byte, 32<<10)
	for left := mostDrained; left > 0; {
		//nolint:forbidigo // as above
		until := time.Now().Add(drainPause)
		if until.After(end) || conn.SetReadDeadline(until) != nil {
			return
		}
		n, err := conn.Read(rest)
		if err != nil {
			return
		}
		left -= n
	}
}
