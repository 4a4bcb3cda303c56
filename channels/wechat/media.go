package wechat

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jiban"
)

// mediaTimeout bounds the whole of one download; the room that reads it bounds
// its bytes.
const mediaTimeout = 60 * time.Second

// mediaGone are the codes of a media id that will never give a file: wrong, or
// older than the three days for which it is kept (domain A10).
func mediaGone(code int64) bool { return code == 40007 || code == 40004 || code == 41006 }

// Media opens what a person sent, by its media id. A film comes as the address of
// where it lies. CodeNotFound: the platform has it no more.
func (a *Adapter) Media(ctx context.Context, id string) (io.ReadCloser, error) {
	const op = "wechat.Media"
	body, err := a.media(ctx, id, "")
	var answer *apiError
	if errors.As(err, &answer) && tokenRefused(answer.Code) {
		var refused string
		if refused, err = a.tokens.token(ctx, ""); err == nil {
			body, err = a.media(ctx, id, refused)
		}
	}
	if errors.As(err, &answer) && mediaGone(answer.Code) {
		return nil, jiban.Errorf(jiban.CodeNotFound, op, "the platform has this file no more: %w", err)
	}
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeUnavailable, op, "fetch a file: %w", err)
	}
	return body, nil
}

// media asks for a file with a token that is not the refused one.
func (a *Adapter) media(ctx context.Context, id, refused string) (io.ReadCloser, error) {
	token, err := a.tokens.token(ctx, refused)
	if err != nil {
		return nil, err
	}
	q := url.Values{"access_token": {token}, "media_id": {id}}
	body, kind, err := a.api.download(ctx, a.api.base+"/cgi-bin/media/get?"+q.Encode())
	if err != nil || !jsonOrText(kind) {
		return body, err
	}
	defer body.Close()
	answer, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil {
		return nil, err
	}
	var film struct {
		URL string `json:"video_url"`
	}
	if err := decodeAnswer(answer, &film); err != nil {
		return nil, err
	}
	return a.film(ctx, film.URL)
}

// jsonOrText reports whether an answer is none of a file: errors come with status
// 200, and as plain text too.
func jsonOrText(kind string) bool {
	t, _, err := mime.ParseMediaType(kind)
	return err == nil && (t == "application/json" || t == "text/plain" || t == "text/json")
}

// film opens the address that the platform gave. It must be one of the platform's
// own, or of the configured one: an answer that was tampered with must not make
// us ask anybody else.
func (a *Adapter) film(ctx context.Context, address string) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	if err != nil || !a.platforms(u) {
		return nil, errors.New("the platform answered with an address that is not its own")
	}
	body, kind, err := a.api.download(ctx, address)
	if err == nil && jsonOrText(kind) {
		return nil, errors.Join(errors.New("the platform gave no film"), body.Close())
	}
	return body, err
}

func (a *Adapter) platforms(u *url.URL) bool {
	base, err := url.Parse(a.cfg.APIBase)
	if err == nil && u.Host == base.Host && u.Scheme == base.Scheme {
		return true
	}
	host := u.Hostname()
	return (u.Scheme == "https" || u.Scheme == "http") && (strings.HasSuffix(host, ".qq.com") || strings.HasSuffix(host, ".weixin.qq.com"))
}

// download opens an address; closing the body ends its time limit. Redirections
// are not followed: the platform makes none.
func (a *api) download(ctx context.Context, address string) (io.ReadCloser, string, error) {
	ctx, cancel := context.WithTimeout(ctx, mediaTimeout)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		cancel()
		return nil, "", &callError{Err: errors.New("the address of the platform is wrong")}
	}
	client := *a.client
	client.Timeout = 0 // the context has it
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		cancel()
		return nil, "", &callError{Written: true, Err: withoutURL(err)}
	}
	if resp.StatusCode != http.StatusOK {
		cancel()
		return nil, "", errors.Join(&callError{Written: true, Status: resp.StatusCode}, resp.Body.Close())
	}
	return &timed{resp.Body, cancel}, resp.Header.Get("Content-Type"), nil
}

// timed ends its time limit when it is closed.
type timed struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close ends the download.
func (t *timed) Close() error {
	defer t.cancel()
	return t.ReadCloser.Close()
}
