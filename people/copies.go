package people

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"jiban"
)

const (
	linkLife  = 10 * time.Minute // of the way to a copy
	linkBytes = 32
)

// Link makes the way to an approved copy: a secret that its approver can use once
// within ten minutes. Only its hash is kept. Another link ends the one before.
func (r *Requests) Link(ctx context.Context, id, by string) (secret string, until time.Time, err error) {
	const op = "people.Link"
	q, err := r.in(ctx, op, id, jiban.DataApproved)
	if err != nil {
		return "", until, err
	}
	if err := mayFetch(op, &q, by); err != nil {
		return "", until, err
	}
	b := make([]byte, linkBytes)
	if _, err := io.ReadFull(r.d.Rand, b); err != nil {
		return "", until, jiban.Errorf(jiban.CodeUnavailable, op, "the system gives no randomness: %w", err)
	}
	secret, until = base64.RawURLEncoding.EncodeToString(b), r.d.Clock.Now().Add(linkLife)
	q.LinkHash, q.LinkBy, q.LinkUntil = linkHash(secret), by, until
	_, err = r.save(ctx, jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "link", "ok")})
	return secret, until, err
}

func linkHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func mayFetch(op string, q *jiban.DataRequest, by string) error {
	if q.Kind != jiban.DataCopy {
		return jiban.Errorf(jiban.CodeInvalid, op, "request %s is for no copy", q.ID)
	}
	if q.ApprovedBy != by {
		return &jiban.Error{Code: jiban.CodeForbidden, Op: op, Msg: "副本只能由批准人下载 (only who approved it may fetch the copy)"}
	}
	return nil
}

// Fetch gives the copy, once: with it the request is done. The caller closes it.
// CodeNotFound for a link that is wrong, over or used.
func (r *Requests) Fetch(ctx context.Context, id, by, secret string) (*Copy, error) {
	const op = "people.Fetch"
	q, err := r.d.Store.DataRequest(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := mayFetch(op, &q, by); err != nil {
		return nil, err
	}
	right := subtle.ConstantTimeCompare([]byte(q.LinkHash), []byte(linkHash(secret))) == 1
	if !right || q.LinkBy != by || !q.LinkUntil.After(r.d.Clock.Now()) || q.Status != jiban.DataApproved {
		return nil, &jiban.Error{Code: jiban.CodeNotFound, Op: op, Msg: "下载链接无效、已过期或已使用，请重新生成 (the link is wrong, over or used: make another)"}
	}
	q.LinkHash = ""
	if q, err = r.begin(ctx, q, by); err != nil {
		return nil, err
	}
	made, err := r.pack(ctx, q.ContactID, by)
	if err != nil {
		return nil, r.giveUp(ctx, q, by, err)
	}
	r.end(&q, jiban.DataDone, by)
	if _, err = r.save(ctx, jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "done", string(q.Kind)),
		Notice: r.notice(&q, jiban.NoticeRequestDone)}); err != nil {
		return nil, errors.Join(err, made.Close())
	}
	return made, nil
}
