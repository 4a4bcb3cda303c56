package smssim

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/linxGnu/gosmpp/data"
)

// Part makes the delivery of one part of a long text, with an 8-bit reference.
func (s *Sim) Part(from string, ref byte, n, of int, units []uint16) Deliver {
	raw := append([]byte{5, 0, 3, ref, byte(of), byte(n)}, bytesOf(units)...)
	return Deliver{From: from, To: s.cfg.Number, Class: 0x40, Coding: data.UCS2Coding, Data: raw}
}

// Split makes the deliveries of a text as a phone sends it: UCS-2, parts of 67
// units when it is longer than 70. Pairs of surrogates are cut without care, as
// some phones do.
func (s *Sim) Split(from, text string) []Deliver {
	units := utf16.Encode([]rune(text))
	if len(units) <= 70 {
		return []Deliver{{From: from, To: s.cfg.Number, Coding: data.UCS2Coding, Data: bytesOf(units)}}
	}
	s.mu.Lock()
	s.nextRef++
	ref := s.nextRef
	s.mu.Unlock()
	of := (len(units) + 66) / 67
	parts := make([]Deliver, 0, of)
	for n := range of {
		parts = append(parts, s.Part(from, ref, n+1, of, units[n*67:min((n+1)*67, len(units))]))
	}
	return parts
}

// Push delivers what a person writes and returns when all of it was taken. What
// is refused or not answered is delivered again until ctx ends.
func (s *Sim) Push(ctx context.Context, from, text string) error {
	parts := s.Split(from, text)
	errs := make([]error, len(parts))
	var all sync.WaitGroup
	for i, p := range parts {
		all.Go(func() { errs[i] = s.insist(ctx, p) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Sim) insist(ctx context.Context, d Deliver) error {
	for {
		status, err := s.Deliver(ctx, d)
		if err == nil && status == 0 {
			return nil
		}
		if err == nil && data.CommandStatusType(int32(status)) == data.ESME_RX_P_APPN {
			return fmt.Errorf("smssim: refused for good with status 0x%02X", status)
		}
		timer := time.NewTimer(s.cfg.Again)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("smssim: not taken: %w", ctx.Err())
		}
	}
}

// Deliver sends one deliver_sm, once, and returns the status of the answer.
func (s *Sim) Deliver(ctx context.Context, d Deliver) (uint32, error) {
	ss, err := s.session(ctx)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	return ss.deliver(ctx, d)
}

func bytesOf(units []uint16) []byte {
	raw := make([]byte, 0, 2*len(units))
	for _, u := range units {
		raw = append(raw, byte(u>>8), byte(u))
	}
	return raw
}

// text reads what the gateway submitted.
func text(coding byte, raw []byte) string {
	enc := data.FromDataCoding(coding)
	if enc == nil {
		return ""
	}
	s, err := enc.Decode(raw)
	if err != nil {
		return ""
	}
	return s
}
