package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"jiban"
	"jiban/channels"
)

// Ways offers every mobile number of the person.
func (s *SMPP) Ways(_ context.Context, r channels.Reach) ([]channels.Way, error) {
	return ways(s.cfg.Name, r, costHome, costAbroad), nil
}

// Compose words one text message and splits it into the parts of a long one.
// Each part's Content holds the whole text: it decides the coding of all.
func (s *SMPP) Compose(_ channels.Way, c jiban.Content) ([]channels.Part, error) {
	whole, err := compose(s.cfg, c)
	if err != nil {
		return nil, err
	}
	texts := segments(whole)
	parts := make([]channels.Part, len(texts))
	for i, t := range texts {
		parts[i] = channels.Part{N: i + 1, Of: len(texts), Text: t, Content: jiban.Content{Kind: jiban.KindText, Text: whole}}
	}
	return parts, nil
}

// Send submits one part and returns the SMSC's id of it. The reference that the
// parts of one message share is made of its key without the part's number.
func (s *SMPP) Send(ctx context.Context, w channels.Way, p channels.Part) (string, error) {
	l := s.current()
	if l == nil {
		return "", &channels.SendError{Action: channels.ActRetry, Code: "unbound", After: 2 * time.Second,
			Err: errors.New("not bound to the SMSC")}
	}
	req, err := s.submit(w.To, p)
	if err != nil {
		return "", &channels.SendError{Action: channels.ActNextWay, Code: "encode", Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	f, written, err := l.request(ctx, req)
	if err != nil {
		action := channels.ActRetry
		if written {
			action = channels.ActUncertain
		}
		return "", &channels.SendError{Action: action, Code: "no_answer", Err: err}
	}
	return accepted(f)
}

func (s *SMPP) submit(to jiban.Address, p channels.Part) (*pdu.SubmitSM, error) {
	whole := p.Content.Text
	if whole == "" {
		whole = p.Text
	}
	coding, raw, err := encode(p.Text, whole)
	if err != nil {
		return nil, fmt.Errorf("encode the text: %w", err)
	}
	m, ok := pdu.NewSubmitSM().(*pdu.SubmitSM)
	if !ok {
		return nil, errors.New("the library makes no submit_sm")
	}
	if p.Of > 1 {
		m.EsmClass = data.SM_UDH_GSM
		key := strings.TrimRight(p.Key, "0123456789")
		raw = joinUDH(byte(hash(key+string(to)+whole)), p.N, p.Of, raw)
	}
	if err := m.Message.SetMessageDataWithEncoding(raw, coding); err != nil {
		return nil, fmt.Errorf("write the text: %w", err)
	}
	m.RegisteredDelivery = 1
	number := strings.TrimPrefix(string(to), "tel:")
	ton := byte(0)
	if rest, ok := strings.CutPrefix(number, "+"); ok {
		number, ton = rest, tonInternational
	}
	m.DestAddr = pdu.NewAddressWithTonNpi(ton, 1)
	m.SourceAddr = pdu.NewAddressWithTonNpi(0, 1)
	if err := errors.Join(m.DestAddr.SetAddress(number), m.SourceAddr.SetAddress(s.cfg.Source)); err != nil {
		return nil, errors.New("a number is too long")
	}
	return m, nil
}

// accepted reads the answer to a submit.
func accepted(f frame) (string, error) {
	if f.Status == data.ESME_ROK {
		p, err := f.decode()
		resp, ok := p.(*pdu.SubmitSMResp)
		if err != nil || !ok {
			// It was taken; under what id, nobody knows.
			return "", nil //nolint:nilerr // the message is sent, only its receipt is lost
		}
		return resp.MessageID, nil
	}
	e := &channels.SendError{Action: channels.ActNextWay, Code: fmt.Sprintf("0x%02X", uint32(f.Status)),
		Err: fmt.Errorf("the SMSC refused the message with %s", f.Status)}
	switch f.Status {
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL:
		e.Action, e.After = channels.ActRetry, 2*time.Second
	case data.ESME_RSYSERR, data.ESME_RSUBMITFAIL, data.ESME_RX_T_APPN, data.ESME_RINVBNDSTS:
		e.Action, e.After = channels.ActRetry, 5*time.Second
	}
	return "", e
}
