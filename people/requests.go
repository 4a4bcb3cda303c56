package people

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"jiban"
)

// RequestStore is what requests need of the store.
type RequestStore interface {
	// AddDataRequest writes a new request; while one of the same kind of the same
	// contact has not ended it returns that one, with CodeDuplicate.
	AddDataRequest(ctx context.Context, r jiban.DataRequest, audit []jiban.AuditEntry) (jiban.DataRequest, error)
	// SaveDataRequest compares the version; CodeConflict when somebody was faster.
	SaveDataRequest(ctx context.Context, c jiban.DataRequestChange) (jiban.Applied, error)
	DataRequest(ctx context.Context, id string) (jiban.DataRequest, error)
	DataRequests(ctx context.Context, f jiban.DataRequestFilter) ([]jiban.DataRequest, error)
	// Proofs lists what shows that addresses are a contact's.
	Proofs(ctx context.Context, contactID string) ([]jiban.Proof, error)
}

// Doer really does what was approved (Service).
type Doer interface {
	Export(ctx context.Context, contactID, by string, w io.Writer) error
	Forget(ctx context.Context, contactID, by, reason string) error
}

// Hearer hears of what was committed, so that the notice goes out at once.
type Hearer interface {
	Committed(ctx context.Context, b jiban.Batch, a jiban.Applied)
}

// RequestDeps is what the requests are handed.
type RequestDeps struct {
	Store RequestStore
	Doer  Doer
	Heard Hearer                         // may be nil
	Files Attached                       // nil: none are kept
	Temp  string                         // folder in which a copy is made, the system's when ""
	Due   func(from time.Time) time.Time // when a request must have been answered
	Clock jiban.Clock
	IDs   jiban.IDs
	Rand  io.Reader // crypto/rand when nil
}

// Requests are what people ask for concerning the data held about them: to see,
// to copy, to correct, to delete (PIPL 44 to 50). Each is a task of the staff: it
// is checked who asks, a second person approves what leaves the house or cannot be
// undone, then it is done, once.
type Requests struct{ d RequestDeps }

// NewRequests returns the requests.
func NewRequests(d RequestDeps) *Requests {
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	return &Requests{d: d}
}

const (
	longestNote   = 500 // characters
	longestReason = 300 // characters; it becomes a message
	maxNameRunes  = 64
	doingLife     = 5 * time.Minute // then a run is taken for dead
	proofByCode   = "code"
	proofByStaff  = "staff"
)

// Request takes a person's request in: from the dialogue, where channel is its
// channel's name, or by a member of staff on the person's behalf ("staff"). A
// request of the same kind that has not ended yet is returned instead of a second
// one, with CodeDuplicate.
func (r *Requests) Request(ctx context.Context, contactID string, kind jiban.DataRequestKind, channel, note string) (jiban.DataRequest, error) {
	const op = "people.Request"
	note = strings.TrimSpace(note)
	switch {
	case !kind.Valid():
		return jiban.DataRequest{}, jiban.Errorf(jiban.CodeInvalid, op, "there is no request of the kind %q: see, copy, correct or delete", kind)
	case contactID == "":
		return jiban.DataRequest{}, jiban.Errorf(jiban.CodeInvalid, op, "a request needs the contact whose data it is about")
	case utf8.RuneCountInString(note) > longestNote:
		return jiban.DataRequest{}, jiban.Errorf(jiban.CodeInvalid, op, "the note is longer than %d characters", longestNote)
	}
	now := r.d.Clock.Now()
	q := jiban.DataRequest{ID: r.d.IDs.NewID(), ContactID: contactID, Kind: kind, Channel: channel, Note: note,
		Status: jiban.DataOpen, CreatedAt: now, DueAt: r.d.Due(now)}
	return r.d.Store.AddDataRequest(ctx, q, r.audit(&q, "", "opened", "ok"))
}

// Get returns a request.
func (r *Requests) Get(ctx context.Context, id string) (jiban.DataRequest, error) {
	return r.d.Store.DataRequest(ctx, id)
}

// List returns the requests of a filter.
func (r *Requests) List(ctx context.Context, f jiban.DataRequestFilter) ([]jiban.DataRequest, error) {
	return r.d.Store.DataRequests(ctx, f)
}

// Check records that it is known who asks: how is "code", where a code proved an
// address of the contact, or "staff" for papers or a call back.
func (r *Requests) Check(ctx context.Context, id, by, how string) (jiban.DataRequest, error) {
	const op = "people.Check"
	q, err := r.in(ctx, op, id, jiban.DataOpen)
	if err != nil {
		return q, err
	}
	if err := r.proven(ctx, q.ContactID, how); err != nil {
		return q, err
	}
	q.Status, q.Proof, q.CheckedBy, q.CheckedAt = jiban.DataChecked, how, by, r.d.Clock.Now()
	return r.save(ctx, jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "checked", how)})
}

// proven refuses "code" where no code proved anything.
func (r *Requests) proven(ctx context.Context, contactID, how string) error {
	const op = "people.Check"
	if how == proofByStaff {
		return nil
	}
	if how != proofByCode {
		return jiban.Errorf(jiban.CodeInvalid, op, "who asks is shown by %q or by %q, not by %q", proofByCode, proofByStaff, how)
	}
	proofs, err := r.d.Store.Proofs(ctx, contactID)
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if p.How == proofByCode {
			return nil
		}
	}
	return &jiban.Error{Code: jiban.CodeInvalid, Op: op, Msg: "此人没有通过验证码核实过的号码，请改用人工核实 (no address was proven by a code)"}
}

// Approve lets a request be carried out. Who checked a copy or a deletion cannot
// approve it: CodeForbidden. The person is told of a deletion now, because
// afterwards nobody is left to be told.
func (r *Requests) Approve(ctx context.Context, id, by string) (jiban.DataRequest, error) {
	const op = "people.Approve"
	q, err := r.in(ctx, op, id, jiban.DataChecked)
	if err != nil {
		return q, err
	}
	if q.Kind.Twofold() && q.CheckedBy == by {
		return q, &jiban.Error{Code: jiban.CodeForbidden, Op: op, Msg: "核实人不能批准自己核实的申请，请由另一人批准 (a second person must approve)"}
	}
	q.Status, q.ApprovedBy, q.ApprovedAt = jiban.DataApproved, by, r.d.Clock.Now()
	c := jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "approved", "ok")}
	if q.Kind == jiban.DataDelete {
		c.Notice = r.notice(&q, jiban.NoticeRequestApproved)
	}
	return r.save(ctx, c)
}

// Refuse ends a request with a reason, which the person is told.
func (r *Requests) Refuse(ctx context.Context, id, by, reason string) (jiban.DataRequest, error) {
	const op = "people.Refuse"
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n == 0 || n > longestReason {
		return jiban.DataRequest{}, &jiban.Error{Code: jiban.CodeInvalid, Op: op, Msg: "请填写理由，最多 300 字 (a reason of at most 300 characters)"}
	}
	q, err := r.in(ctx, op, id, jiban.DataOpen, jiban.DataChecked, jiban.DataApproved)
	if err != nil {
		return q, err
	}
	r.end(&q, jiban.DataRefused, by)
	q.Reason = reason
	n := r.notice(&q, jiban.NoticeRequestRefused)
	n.Params["reason"] = reason
	return r.save(ctx, jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "refused", "ok"), Notice: n})
}

// Finish ends a request to see or to correct that was checked; name is the
// contact's corrected name, "" leaves it. A copy is done when it is fetched, a
// deletion by Delete.
func (r *Requests) Finish(ctx context.Context, id, by, name string) (jiban.DataRequest, error) {
	const op = "people.Finish"
	q, err := r.in(ctx, op, id, jiban.DataChecked, jiban.DataApproved)
	switch {
	case err != nil:
		return q, err
	case q.Kind.Twofold():
		return q, jiban.Errorf(jiban.CodeInvalid, op, "a copy is done when it is fetched, a deletion when it is carried out")
	case utf8.RuneCountInString(name) > maxNameRunes:
		return q, jiban.Errorf(jiban.CodeInvalid, op, "the name is longer than %d characters", maxNameRunes)
	}
	r.end(&q, jiban.DataDone, by)
	c := jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "done", string(q.Kind)), Notice: r.notice(&q, jiban.NoticeRequestDone)}
	if q.Kind == jiban.DataCorrect {
		c.Name = strings.TrimSpace(name)
	}
	return r.save(ctx, c)
}

// Delete carries an approved deletion out. CodeConflict while a ticket or a
// conversation with staff is open: the request stays approved. Nobody is told
// afterwards, for nobody is left who could be.
func (r *Requests) Delete(ctx context.Context, id, by string) (jiban.DataRequest, error) {
	const op = "people.Delete"
	q, err := r.d.Store.DataRequest(ctx, id)
	if err != nil {
		return q, err
	}
	if q.Kind != jiban.DataDelete {
		return q, jiban.Errorf(jiban.CodeInvalid, op, "request %s is for no deletion", id)
	}
	if q, err = r.begin(ctx, q, by); err != nil {
		return q, err
	}
	err = r.d.Doer.Forget(ctx, q.ContactID, by, "request:"+q.ID)
	if jiban.CodeOf(err) == jiban.CodeConflict {
		err = &jiban.Error{Code: jiban.CodeConflict, Op: op, Err: err,
			Msg: "此人还有未办结的工单或会话，请先办结再删除 (a ticket or conversation of the person is still open)"}
	}
	if err != nil {
		return q, r.giveUp(ctx, q, by, err)
	}
	r.end(&q, jiban.DataDone, by)
	q.Note = ""
	return r.save(ctx, jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "done", string(q.Kind))})
}

// begin takes an approved request for oneself: of two who try, one is refused with
// CodeConflict. A run that died is begun again when its time is over; what it had
// done already does no harm a second time.
func (r *Requests) begin(ctx context.Context, q jiban.DataRequest, by string) (jiban.DataRequest, error) {
	const op = "people.begin"
	now := r.d.Clock.Now()
	if q.Status != jiban.DataDoing || q.DoingUntil.After(now) {
		if err := must(op, &q, jiban.DataApproved); err != nil {
			return q, err
		}
	}
	q.Status, q.DoingUntil = jiban.DataDoing, now.Add(doingLife)
	return r.save(ctx, jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "begun", string(q.Kind))})
}

// giveUp puts a request that could not be carried out back, and returns why.
func (r *Requests) giveUp(ctx context.Context, q jiban.DataRequest, by string, cause error) error {
	ctx = context.WithoutCancel(ctx)
	q.Status, q.DoingUntil, q.LinkHash = jiban.DataApproved, time.Time{}, ""
	_, err := r.save(ctx, jiban.DataRequestChange{Request: q, Audit: r.audit(&q, by, "failed", string(jiban.CodeOf(cause)))})
	return errors.Join(cause, err)
}

// in loads a request that must be in one of the states.
func (r *Requests) in(ctx context.Context, op, id string, states ...jiban.DataRequestStatus) (jiban.DataRequest, error) {
	q, err := r.d.Store.DataRequest(ctx, id)
	if err != nil {
		return q, err
	}
	return q, must(op, &q, states...)
}

func must(op string, q *jiban.DataRequest, states ...jiban.DataRequestStatus) error {
	for _, s := range states {
		if q.Status == s {
			return nil
		}
	}
	return &jiban.Error{Code: jiban.CodeConflict, Op: op, Msg: "这项申请的状态已变，请刷新后重试 (the request is " + string(q.Status) + " by now)"}
}

func (r *Requests) end(q *jiban.DataRequest, s jiban.DataRequestStatus, by string) {
	q.Status, q.EndedBy, q.EndedAt = s, by, r.d.Clock.Now()
	q.LinkHash, q.DoingUntil = "", time.Time{}
}

// save writes the change and returns the request as it is now.
func (r *Requests) save(ctx context.Context, c jiban.DataRequestChange) (jiban.DataRequest, error) {
	applied, err := r.d.Store.SaveDataRequest(ctx, c)
	if err != nil {
		return c.Request, err
	}
	if r.d.Heard != nil && len(applied.Messages) > 0 {
		r.d.Heard.Committed(ctx, jiban.Batch{}, applied)
	}
	c.Request.Version++
	return c.Request, nil
}

func (r *Requests) audit(q *jiban.DataRequest, by, what, result string) []jiban.AuditEntry {
	if by == "" {
		by = "contact"
	}
	return []jiban.AuditEntry{{Actor: by, Action: "request." + what, Object: "request:" + q.ID + " contact:" + q.ContactID, Result: result}}
}

// notice tells the person, wherever they wrote last.
func (r *Requests) notice(q *jiban.DataRequest, k jiban.NoticeKind) *jiban.Notice {
	return &jiban.Notice{ID: r.d.IDs.NewID(), ContactID: q.ContactID, Kind: k, Urgency: jiban.UrgencyNormal, Author: jiban.BySystem,
		Params: map[string]string{"what": string(q.Kind)}, DedupeKey: "request:" + q.ID + ":" + string(k)}
}
