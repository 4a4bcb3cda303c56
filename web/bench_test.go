package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"jiban"
	"jiban/staff"
	"jiban/web"
)

// quiet is a server as it runs in production, with a provider that does nothing.
func quiet(b *testing.B, chat web.ChatServer) (url string) {
	b.Helper()
	ids := jiban.RandomIDs{Clock: jiban.SystemClock{}}
	desk, books := &desk{}, newBooks()
	people, err := staff.New(b.Context(), staff.Deps{Store: books, Clock: jiban.SystemClock{}, IDs: ids, Params: hashCost()})
	if err != nil {
		b.Fatal(err)
	}
	done := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "success")
	})
	s, err := web.New(web.Deps{Clock: jiban.SystemClock{}, IDs: ids, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Tickets: desk, Handoffs: desk, Knowledge: &library{ready: true}, Staff: people, Records: books, House: books, Shared: newCommon(),
		Config:    web.Config{Limits: web.Limits{ChatsPerMinute: 1 << 40}},
		Providers: map[jiban.ChannelKind]map[string]http.Handler{jiban.ChannelWeChat: {"gzh": done}},
		Chats:     map[string]web.Chat{"citizen": {Serve: chat}}})
	if err != nil {
		b.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s.Start(ln)
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
	})
	return ln.Addr().String()
}

// BenchmarkProvider is what the edge itself costs a provider's call.
func BenchmarkProvider(b *testing.B) {
	addr := quiet(b, echo)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	body := "<xml>" + strings.Repeat("x", 400) + "</xml>"
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := client.Post("http://"+addr+"/channels/wechat/gzh?signature=1&nonce=2", "text/xml", strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkIdleSocket is what an open and silent socket of a visitor costs in
// memory. The client's side is a bare connection, about 1 KB, counted too.
func BenchmarkIdleSocket(b *testing.B) {
	addr := quiet(b, echo)
	handshake := "GET /api/v1/chat/citizen/ws HTTP/1.1\r\nHost: " + addr + "\r\nOrigin: http://" + addr +
		"\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36" +
		"\r\nCookie: jiban_web=" + strings.Repeat("0a", 16) + "\r\nConnection: Upgrade\r\nUpgrade: websocket" +
		"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	conns := make([]net.Conn, 0, b.N)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	answer := make([]byte, 4096)
	for range b.N {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		if _, err = io.WriteString(c, handshake); err == nil {
			_, err = c.Read(answer)
		}
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 101") {
			b.Fatal(err, string(answer[:40]))
		}
		conns = append(conns, c)
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/float64(b.N), "bytes/socket")
	for _, c := range conns {
		_ = c.Close()
	}
}
