package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// maxAnswer bounds what is read of an API answer.
const maxAnswer = 1 << 16

// api calls the platform. Its errors hold neither the URL, which carries the
// access token, nor the body.
type api struct {
	base   string
	client *http.Client
}

// callError is a call without a readable answer. Written says that the request may
// have reached the platform; Status is 0 where no answer came.
type callError struct {
	Written bool
	Status  int
	Err     error
}

func (e *callError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("the platform answered with HTTP status %d", e.Status)
	}
	return fmt.Sprintf("no answer of the platform: %v", e.Err)
}

func (e *callError) Unwrap() error { return e.Err }

// apiError is an answer with an errcode: WeChat's errors come with HTTP status 200.
type apiError struct{ Code int64 }

// Error names the code only: errmsg may echo what was sent.
func (e *apiError) Error() string { return fmt.Sprintf("the platform answered errcode %d", e.Code) }

// post sends a JSON body and reads the answer into out. Query values may be secret.
func (a *api) post(ctx context.Context, path string, query url.Values, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	raw, err := encodeJSON(body)
	if err != nil {
		return &callError{Err: err}
	}
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	target := a.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(raw))
	if err != nil {
		return &callError{Err: errors.New("the address of the platform is wrong")}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := a.client.Do(req)
	if err != nil {
		return &callError{Written: written.Load(), Err: withoutURL(err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &callError{Written: true, Status: resp.StatusCode}
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &callError{Written: true, Err: err}
	}
	return decodeAnswer(answer, out)
}

func decodeAnswer(answer []byte, out any) error {
	var status struct {
		Code *int64 `json:"errcode"`
	}
	if err := json.Unmarshal(answer, &status); err != nil {
		return &callError{Written: true, Err: errors.New("the answer is no JSON")}
	}
	if status.Code != nil && *status.Code != 0 {
		return &apiError{Code: *status.Code}
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &callError{Written: true, Err: errors.New("the answer has another shape")}
	}
	return nil
}

// encodeJSON writes characters as they are: WeChat refuses \u003c for < with 40033.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return b.Bytes(), nil
}

// withoutURL takes the address out of a client's error.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
