package llm

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

var (
	errOversized  = errors.New("the response is longer than is read")
	errRedirected = errors.New("the endpoint sends on to another host")
)

const (
	dialTime       = 2 * time.Second
	idleTime       = 90 * time.Second
	idlePerHost    = 16
	maxHeaderBytes = 16 << 10
	maxRedirects   = 2
)

// seen is what one exchange showed beside its body.
type seen struct {
	status    int
	after     time.Duration
	oversized atomic.Bool
}

type seenKey struct{}

// newHTTP is a client that reads no more than so many bytes of a response and does
// not follow to another host, which would get the prompt.
func newHTTP(limit int64) *http.Client {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTime}).DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: dialTime, IdleConnTimeout: idleTime, MaxIdleConnsPerHost: idlePerHost, MaxResponseHeaderBytes: maxHeaderBytes,
	}
	return &http.Client{Transport: &bounded{t, limit}, CheckRedirect: sameHost}
}

func sameHost(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > maxRedirects || r.URL.Host != first.Host || r.URL.Scheme != first.Scheme {
		return errRedirected
	}
	return nil
}

// bounded limits bodies and remembers what they came with.
type bounded struct {
	next  http.RoundTripper
	limit int64
}

// RoundTrip makes one exchange.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	s := seenIn(r.Context())
	s.status, s.after = resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"))
	resp.Body = &limitedBody{ReadCloser: resp.Body, left: b.limit + 1, s: s}
	return resp, nil
}

func seenIn(ctx context.Context) *seen {
	if s, ok := ctx.Value(seenKey{}).(*seen); ok {
		return s
	}
	return &seen{}
}

// retryAfter reads seconds; a date is taken for longer than anybody waits.
func retryAfter(v string) time.Duration {
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 3600 {
		return time.Hour
	}
	return time.Duration(n) * time.Second
}

type limitedBody struct {
	io.ReadCloser
	left int64
	s    *seen
}

// Read reads no more than is left.
func (l *limitedBody) Read(p []byte) (int, error) {
	if l.left <= 0 {
		l.s.oversized.Store(true)
		return 0, errOversized
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	return n, err
}
