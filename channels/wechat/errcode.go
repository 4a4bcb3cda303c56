package wechat

import (
	"errors"
	"strconv"
	"time"

	"jiban/channels"
)

// answers says what an errcode of a customer-service message means for the message
// (domain A7). A code that is not here closes this way only.
var answers = map[int64]struct {
	action channels.Action
	after  time.Duration
}{
	-1:    {channels.ActRetry, 2 * time.Second}, // system busy
	40001: {channels.ActRetry, 5 * time.Second}, // the token was refused again right after it was fetched
	40014: {channels.ActRetry, 5 * time.Second},
	42001: {channels.ActRetry, 5 * time.Second},
	41001: {channels.ActRetry, 5 * time.Second},
	40003: {channels.ActNextWay, 0},         // not an OpenID of this account
	40013: {channels.ActNextWay, 0},         // wrong AppID: configuration
	40125: {channels.ActNextWay, 0},         // wrong AppSecret: configuration
	40164: {channels.ActNextWay, 0},         // our IP is not on the allow-list: configuration
	43004: {channels.ActNextWay, 0},         // does not follow
	43019: {channels.ActGiveUp, 0},          // is on the account's blacklist: leave the person alone
	45002: {channels.ActNextWay, 0},         // too long
	45009: {channels.ActRetry, time.Hour},   // quota of the day
	45011: {channels.ActRetry, time.Minute}, // per-minute frequency
	45015: {channels.ActNextWay, 0},         // outside the window
	45047: {channels.ActNextWay, 0},         // budget used up
	48001: {channels.ActNextWay, 0},         // the account may not
	48002: {channels.ActNextWay, 0},         // the person takes no messages
	48004: {channels.ActNextWay, 0},         // the interface is banned
	50002: {channels.ActGiveUp, 0},          // the person is limited for a violation
	50005: {channels.ActNextWay, 0},         // does not follow
	40008: {channels.ActNextWay, 0},         // message type not allowed
}

// tokenRefused are the codes of a token that must be fetched anew.
func tokenRefused(code int64) bool {
	return code == 40001 || code == 40014 || code == 42001 || code == 41001
}

// menuRefused are the codes with which an account that may not send menus answers.
func menuRefused(code int64) bool { return code == 40008 }

// sendError turns the failure of a call into what Delivery acts on. A call that
// failed before it was made, for want of a token say, is looked at first: an errcode
// further down is not about the message.
func sendError(err error) *channels.SendError {
	var call *callError
	var answer *apiError
	switch {
	case errors.As(err, &call):
		return callFailed(call)
	case errors.As(err, &answer):
		e := &channels.SendError{Action: channels.ActNextWay, Code: strconv.FormatInt(answer.Code, 10), Err: err}
		if known, ok := answers[answer.Code]; ok {
			e.Action, e.After = known.action, known.after
		}
		return e
	default:
		return &channels.SendError{Action: channels.ActUncertain, Err: err}
	}
}

func callFailed(call *callError) *channels.SendError {
	e := &channels.SendError{Action: channels.ActUncertain, Err: call}
	if call.Status != 0 {
		e.Code = "http_" + strconv.Itoa(call.Status)
	}
	switch {
	case !call.Written: // nothing left this machine
		e.Action = channels.ActRetry
	case call.Status == 503 || (call.Status >= 400 && call.Status < 500): // refused before it was looked at
		e.Action, e.After = channels.ActRetry, 5*time.Second
	}
	return e
}
