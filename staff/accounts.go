package staff

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"jiban"
)

// maxLogin and maxName bound what people type, in bytes and characters.
const (
	maxLogin = 64
	maxName  = 64
)

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
	err = s.store.ChangeStaff(ctx, jiban.StaffChange{Account: &a, Entries: s.entries(ActorOf(ctx), "account.create", "account:"+a.ID, "ok")})
	if err != nil {
		return "", saveError(a.ID, err)
	}
	return password, nil
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

// checkApart keeps those who run the system, who give permissions, who check on
// both and who do the work apart (domain D1: 三员分立).
func checkApart(a jiban.Account, bad func(string) error) error {
	if len(a.Roles) > 1 && (a.Has(jiban.RoleAdmin) || a.Has(jiban.RoleSecurity) || a.Has(jiban.RoleAuditor)) {
		return bad("管理员、安全管理员、审计员不能兼任其他角色 (administrators, security administrators and auditors hold no other role)")
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

// give gives the account a one-time password.
func (s *Service) give(ctx context.Context, a *jiban.Account) (string, error) {
	password, err := s.oneTimePassword()
	if err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return "", err
	}
	renew(a, hash, s.clock.Now())
	a.MustChange = true
	return password, nil
}

// renew puts a new hash in the place of the old one, which is remembered.
func renew(a *jiban.Account, hash string, now time.Time) {
	if a.PasswordHash != "" {
		past := append([]string{a.PasswordHash}, a.PastHashes...)
		a.PastHashes = past[:min(len(past), PastHashes-1)]
	}
	a.PasswordHash, a.PasswordAt, a.MustChange, a.Failures = hash, now, false, 0
}

var (
	// errUnchanged ends a change without a write.
	errUnchanged = errors.New("nothing to write")
	// errLast marks that nobody else who can log in holds a role that is needed.
	errLast = errors.New("the last of a kind")
)

// change loads an account, lets f change it, and say what else changes with it,
// and writes all of it together; anew when another node was faster, so that
// neither change is lost. A change that cannot be recorded does not happen.
func (s *Service) change(ctx context.Context, id string, f func(*jiban.Account, *jiban.StaffChange) error) (jiban.Account, error) {
	s.counts.Lock()
	defer s.counts.Unlock()
	for tries := 1; ; tries++ {
		a, err := s.load(ctx, id)
		if err != nil {
			return a, err
		}
		c := jiban.StaffChange{At: s.clock.Now()}
		if err := f(&a, &c); err != nil {
			return a, err
		}
		c.Account = &a
		err = s.store.ChangeStaff(ctx, c)
		if err == nil || jiban.CodeOf(err) != jiban.CodeConflict || tries == saveTries {
			return a, saveError(a.ID, err)
		}
	}
}

func saveError(id string, err error) error {
	switch jiban.CodeOf(err) {
	case "":
		return nil
	case jiban.CodeForbidden:
		return &jiban.Error{Code: jiban.CodeInvalid, Op: "staff.save", Err: errors.Join(errLast, err),
			Msg: "这是最后一个可用的管理员（或安全管理员），不能停用或去掉该角色 (the last administrator of its kind stays)"}
	}
	return jiban.Errorf(jiban.CodeOf(err), "staff.save", "save account %s: %w", id, err)
}

// administer changes an account for an administrator: its sessions end, because
// who is logged in must prove it anew whatever changed, and it is recorded.
func (s *Service) administer(ctx context.Context, id, action string, f func(*jiban.Account, *jiban.StaffChange) error) (jiban.Account, error) {
	return s.change(ctx, id, func(a *jiban.Account, c *jiban.StaffChange) error {
		c.EndSessions, c.Entries = id, s.entries(ActorOf(ctx), action, "account:"+id, "ok")
		return f(a, c)
	})
}

// List returns all accounts.
func (s *Service) List(ctx context.Context) ([]jiban.Account, error) {
	as, err := s.store.Accounts(ctx)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "staff.list", "list accounts: %w", err)
	}
	return as, nil
}

// mostNamed bounds how many accounts one question names.
const mostNamed = 1000

// Named returns those of the given accounts that there are, by their ids, in one
// question to the store; of more than a thousand the first.
func (s *Service) Named(ctx context.Context, ids []string) (map[string]jiban.Account, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	as, err := s.store.AccountsByID(ctx, ids[:min(len(ids), mostNamed)])
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "staff.named", "look up who did something: %w", err)
	}
	named := make(map[string]jiban.Account, len(as))
	for _, a := range as {
		named[a.ID] = a
	}
	return named, nil
}

func (s *Service) load(ctx context.Context, id string) (jiban.Account, error) {
	a, err := s.store.Account(ctx, id)
	if err != nil {
		return a, jiban.Errorf(jiban.CodeOf(err), "staff.account", "load account %s: %w", id, err)
	}
	return a, nil
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
