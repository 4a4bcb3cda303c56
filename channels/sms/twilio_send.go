package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"jiban/channels"
)

// Send posts one message and returns its SID.
func (t *Twilio) Send(ctx context.Context, w channels.Way, p channels.Part) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	form := url.Values{"To": {strings.TrimPrefix(string(w.To), "tel:")}, "From": {t.cfg.Source}, "Body": {p.Text},
		"StatusCallback": {t.cfg.PublicURL + t.path("/status")}}
	target := t.cfg.APIBase + "/2010-04-01/Accounts/" + url.PathEscape(t.cfg.AccountSID) + "/Messages.json"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return "", &channels.SendError{Action: channels.ActNextWay, Code: "config", Err: errors.New("the address of the API is wrong")}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(t.cfg.AccountSID, t.cfg.AuthToken)
	resp, err := t.client.Do(req)
	if err != nil {
		action := channels.ActRetry
		if written.Load() {
			action = channels.ActUncertain
		}
		return "", &channels.SendError{Action: action, Code: "no_answer", Err: withoutURL(err)}
	}
	defer resp.Body.Close()
	return twilioAnswer(resp)
}

func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func twilioAnswer(resp *http.Response) (string, error) {
	var got struct {
		SID  string `json:"sid"`
		Code int    `json:"code"`
	}
	err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&got)
	if resp.StatusCode/100 == 2 {
		// Taken, even if the id cannot be read: then only the receipt is lost.
		return got.SID, nil //nolint:nilerr // the message is sent
	}
	e := &channels.SendError{Action: channels.ActNextWay, Code: strconv.Itoa(got.Code),
		Err: fmt.Errorf("twilio answered with HTTP status %d", resp.StatusCode)}
	if err != nil || got.Code == 0 {
		e.Code = "http_" + strconv.Itoa(resp.StatusCode)
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable:
		e.Action, e.After = channels.ActRetry, 5*time.Second
	case resp.StatusCode >= 500:
		e.Action = channels.ActUncertain
	}
	return "", e
}
