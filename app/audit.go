package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"jiban"
	"jiban/app/config"
	"jiban/staff"
	"jiban/staff/anchor"
)

// newAnchors returns the keeper of the anchors, nil where none are configured.
func newAnchors(b *base) (*anchor.Keeper, error) {
	if b.cfg.Audit.Anchor == "" {
		return nil, nil
	}
	sink, err := anchor.Open(b.cfg.Audit.Anchor)
	if err != nil {
		return nil, fmt.Errorf("audit.anchor: %w", err)
	}
	return anchor.NewKeeper(anchor.Deps{Chain: b.store, Signer: b.keys, Sink: sink, Clock: b.clock, Log: b.log}), nil
}

// anchorRecord hands the end of the audit record over until ctx ends, and once
// more then: what was done up to the stop is anchored too.
func (h *house) anchorRecord(ctx context.Context) error {
	if h.anchors == nil {
		return nil
	}
	err := tick(ctx, h.cfg.Audit.Every, h.anchors.Once)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnchor)
	defer cancel()
	h.anchors.Once(last)
	return err
}

// lastAnchor bounds the anchor at the stop.
const lastAnchor = 2 * time.Second

// VerifyAudit goes through the whole chain of the audit record and, where a file
// of anchors is given, compares it with them.
func VerifyAudit(ctx context.Context, c config.Config, anchors string, out io.Writer) error {
	return withKeys(ctx, c, func(b *base) error {
		catalogue, err := catalogueOf(ctx, b.store)
		if err != nil {
			return err
		}
		service, err := newStaff(ctx, b, catalogue)
		if err != nil {
			return err
		}
		n, err := service.VerifyAudit(ctx)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "审计记录完整 the record is whole: %d\n", n); err != nil || anchors == "" {
			return err
		}
		return compareAnchors(ctx, b, service, anchors, out)
	})
}

// compareAnchors compares the record with a file of anchors, and records that it
// was done.
func compareAnchors(ctx context.Context, b *base, service *staff.Service, file string, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return jiban.Errorf(jiban.CodeInvalid, "audit verify", "open the anchors: %w", err)
	}
	defer f.Close()
	r, failed := anchor.Check(ctx, f, anchor.Deps{Chain: b.store, Signer: b.keys, Clock: b.clock, Log: b.log})
	result := "ok"
	if failed != nil {
		result = "failed"
	}
	err = service.Audit(ctx, jiban.AuditEntry{Actor: staff.ActorOf(ctx), Action: "audit.anchors", Result: result})
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "与锚点一致 it passes through the anchors: %d (%d before its beginning), the last at entry %d of %s\n",
		r.Anchors, r.Before, r.Last, r.LastAt.In(jiban.Beijing).Format(time.RFC3339))
	return err
}

// ExportAudit prints the audit record, one JSON object a line.
func ExportAudit(ctx context.Context, c config.Config, out io.Writer) error {
	return withStaff(ctx, c, func(s *staff.Service) error {
		_, _, err := s.ExportAudit(ctx, out, jiban.AuditFilter{}, 0)
		return err
	})
}
