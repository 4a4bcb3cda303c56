package staff

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jiban"
)

// maxLogin and maxName bound what people type, in bytes and characters.
const (
	maxLogin = 64
	maxName  = 64
)

// First is an account made at the first start, with the password that works
// once.
type First struct {
	Login, Name, Password string
}

// Create makes an account and returns its one-time password. Login, Name, Roles,
// Department and Region are taken from a, all else is filled in. CodeConflict when
// the login is taken, CodeInvalid when something is missing.
func (s *Service) Create(ctx context.Context, a jiban.Account) (oneTimePassword string, err error) {
	a = jiban.Account{Login: strings.ToLower(strings.TrimSpace(a.Login)), Name: strings.TrimSpace(a.Name),
		Roles: a.Roles, Department: a.Department, Region: a.Region}
	if err := checkAccount(a); err != nil {
		return "", err
	}
	switch _, err := s.store.AccountByLogin(ctx, a.Login); jiban.CodeOf(err) {
	case jiban.CodeNotFound:
	case "":
		return "", &jiban.Error{Code: jiban.CodeConflict, Op: "staff.create", Msg: "登录名已被使用 (the login is taken)"}
	default:
		return "", jiban.Errorf(jiban.CodeOf(err), "staff.create", "look for the login: %w", err)
	}
	a.ID, a.CreatedAt = s.ids.NewID(), s.clock.Now()
	password, err := s.give(ctx, &a)
	if err != nil {
		return "", err
	}
	return password, s.Audit(ctx, jiban.AuditEntry{Actor: ActorOf(ctx), Action: "account.create", Object: "account:" + a.ID, Result: "ok"})
}

// ByLogin returns the account of a login, CodeNotFound when there is none.
func (s *Service) ByLogin(ctx context.Context, login string) (jiban.Account, error) {
	a, err := s.store.AccountByLogin(ctx, strings.ToLower(strings.TrimSpace(login)))
	if err != nil {
		return a, jiban.Errorf(jiban.CodeOf(err), "staff.account", "load an account by its login: %w", err)
	}
	return a, nil
}

// checkAccount says what is missing or wrong in an account that is to be made.
func checkAccount(a jiban.Account) error {
	bad := func(words string) error {
		return &jiban.Error{Code: jiban.CodeInvalid, Op: "staff.create", Msg: words}
	}
	switch {
	case !plainLogin(a.Login):
		return bad("登录名须为 2 至 64 个小写字母、数字或 . _ - (2 to 64 letters, digits, dots, dashes)")
	case a.Name == "" || len([]rune(a.Name)) > maxName:
		return bad("姓名须为 1 至 64 个字 (a name of 1 to 64 characters)")
	case len(a.Roles) == 0:
		return bad("至少选择一个角色 (at least one role)")
	case a.Has(jiban.RoleHandler) && a.Department == "":
		return bad("承办人须属于一个单位 (a handler belongs to a department)")
	}
	for _, r := range a.Roles {
		if !knownRole(r) {
			return bad("没有这个角色 (there is no such role)")
		}
	}
	return checkApart(a, bad)
}

// checkApart keeps those who run the system, do the work and check on both apart
// (domain D1).
func checkApart(a jiban.Account, bad func(string) error) error {
	if len(a.Roles) > 1 && (a.Has(jiban.RoleAdmin) || a.Has(jiban.RoleAuditor)) {
		return bad("管理员、审计员不能兼任其他角色 (administrators and auditors hold no other role)")
	}
	return nil
}

func plainLogin(login string) bool {
	if len(login) < 2 || len(login) > maxLogin {
		return false
	}
	for _, r := range login {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r) {
			return false
		}
	}
	return true
}

func knownRole(r jiban.Role) bool {
	for _, known := range Roles() {
		if r == known {
			return true
		}
	}
	return false
}

// give gives the account a one-time password, saves it and ends its sessions.
func (s *Service) give(ctx context.Context, a *jiban.Account) (string, error) {
	password, err := s.oneTimePassword()
	if err != nil {
		return "", err
	}
	if a.PasswordHash, err = s.hash(ctx, password); err != nil {
		return "", err
	}
	a.MustChange, a.Failures = true, 0
	return password, s.save(ctx, *a)
}

// save writes an account and ends its sessions: whatever changed, who is logged
// in must prove it anew.
func (s *Service) save(ctx context.Context, a jiban.Account) error {
	if err := s.store.SaveAccount(ctx, a); err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.save", "save account %s: %w", a.ID, err)
	}
	if err := s.store.DeleteSessionsOf(ctx, a.ID); err != nil {
		return jiban.Errorf(jiban.CodeOf(err), "staff.save", "end the sessions of %s: %w", a.ID, err)
	}
	return nil
}

// Reset gives the account a new one-time password, unlocks it and ends its
// sessions.
func (s *Service) Reset(ctx context.Context, accountID string) (string, error) {
	s.counts.Lock()
	defer s.counts.Unlock()
	a, err := s.load(ctx, accountID)
	if err != nil {
		return "", err
	}
	a.LockedUntil = time.Time{}
	password, err := s.give(ctx, &a)
	if err != nil {
		return "", err
	}
	return password, s.Audit(ctx, jiban.AuditEntry{Actor: ActorOf(ctx), Action: "account.reset", Object: "account:" + a.ID, Result: "ok"})
}

// Disable ends the account's sessions and lets it log in no more.
func (s *Service) Disable(ctx context.Context, accountID string) error {
	s.counts.Lock()
	defer s.counts.Unlock()
	a, err := s.load(ctx, accountID)
	if err != nil {
		return err
	}
	a.Disabled = true
	if err := s.save(ctx, a); err != nil {
		return err
	}
	return s.Audit(ctx, jiban.AuditEntry{Actor: ActorOf(ctx), Action: "account.disable", Object: "account:" + a.ID, Result: "ok"})
}

// List returns all accounts.
func (s *Service) List(ctx context.Context) ([]jiban.Account, error) {
	as, err := s.store.Accounts(ctx)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "staff.list", "list accounts: %w", err)
	}
	return as, nil
}

// ChangePassword replaces a password by a new one and ends all sessions of the
// account. A wrong old password counts as a failed login.
func (s *Service) ChangePassword(ctx context.Context, accountID, old, password string) error {
	a, err := s.load(ctx, accountID)
	if err != nil {
		return err
	}
	if err := CheckPassword(a.Login, password); err != nil {
		return err
	}
	if old == password {
		return badPassword("新密码不能与旧密码相同 (the new password must differ from the old one)")
	}
	right, err := s.matches(ctx, clip(old), a.PasswordHash)
	if err != nil {
		return err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.replace(ctx, a, right, hash)
}

// replace writes the new hash, if the old password was right and nothing
// happened to the account meanwhile.
func (s *Service) replace(ctx context.Context, seen jiban.Account, right bool, hash string) error {
	s.counts.Lock()
	defer s.counts.Unlock()
	a, err := s.load(ctx, seen.ID)
	if err != nil {
		return err
	}
	if s.clock.Now().Before(a.LockedUntil) {
		return s.fail(ctx, a.ID, "locked")
	}
	if !right || a.PasswordHash != seen.PasswordHash {
		return s.countFailure(ctx, a)
	}
	a.PasswordHash, a.MustChange, a.Failures = hash, false, 0
	if err := s.save(ctx, a); err != nil {
		return err
	}
	return s.Audit(ctx, jiban.AuditEntry{Actor: a.ID, Action: "password", Object: "account:" + a.ID, Result: "ok"})
}

func (s *Service) load(ctx context.Context, id string) (jiban.Account, error) {
	a, err := s.store.Account(ctx, id)
	if err != nil {
		return a, jiban.Errorf(jiban.CodeOf(err), "staff.account", "load account %s: %w", id, err)
	}
	return a, nil
}

// EnsureFirst makes one account for each role, and one handler for each of the
// given departments, when there is no account at all. It returns what it made,
// with the passwords, which are shown this once; nothing on later starts.
func (s *Service) EnsureFirst(ctx context.Context) ([]First, error) {
	have, err := s.List(ctx)
	if err != nil || len(have) > 0 {
		return nil, err
	}
	var made []First
	for _, a := range s.firstAccounts() {
		password, err := s.Create(ctx, a)
		if jiban.CodeOf(err) == jiban.CodeConflict {
			continue // another node starts at the same time and was faster
		}
		if err != nil {
			return made, err
		}
		made = append(made, First{Login: a.Login, Name: a.Name, Password: password})
	}
	return made, nil
}

func (s *Service) firstAccounts() []jiban.Account {
	first := func(role jiban.Role, name string) jiban.Account {
		return jiban.Account{Login: string(role), Name: name, Roles: []jiban.Role{role}, Region: s.region}
	}
	as := []jiban.Account{first(jiban.RoleAdmin, "管理员"), first(jiban.RoleAgent, "坐席"),
		first(jiban.RoleSupervisor, "班长"), first(jiban.RoleEditor, "编辑"), first(jiban.RoleReviewer, "审核"),
		first(jiban.RoleAuditor, "审计员")}
	for i, d := range s.handlers {
		h := first(jiban.RoleHandler, "承办人·"+d.Name)
		h.Department, h.Region = d.ID, d.Region
		if i > 0 {
			h.Login = fmt.Sprintf("handler%d", i+1)
		}
		as = append(as, h)
	}
	return as
}

// actorKey carries who acts through the context to the audit record.
type actorKey struct{}

// WithActor returns a context in which changes are recorded as made by the given
// account.
func WithActor(ctx context.Context, accountID string) context.Context {
	return context.WithValue(ctx, actorKey{}, accountID)
}

// ActorOf returns who acts, "system" when the context does not say.
func ActorOf(ctx context.Context) string {
	if id, ok := ctx.Value(actorKey{}).(string); ok {
		return id
	}
	return "system"
}
