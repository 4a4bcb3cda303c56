package staff

import (
	"context"
	"fmt"

	"jiban"
)

// First is an account made at the first start, with the password that works
// once.
type First struct {
	Login, Name, Password string
}

// EnsureFirst makes one account for each role, and one handler for each of the
// given departments, when there is no account at all. It returns what it made,
// with the passwords, which are shown this once; nothing on later starts. Entries
// of the audit record that are older than its chain are taken into it.
func (s *Service) EnsureFirst(ctx context.Context) ([]First, error) {
	if err := s.store.AppendAudit(ctx, nil); err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), "staff.first", "take older entries into the audit chain: %w", err)
	}
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
		first(jiban.RoleSecurity, "安全管理员"), first(jiban.RoleAuditor, "审计员")}
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
