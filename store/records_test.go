package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiban"
	"jiban/store"
)

func TestNotFoundEverywhere(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		for name, look := range map[string]func() error{
			"turn input":    func() error { _, err := s.TurnInput(ctx, "x"); return err },
			"conversation":  func() error { _, err := s.Conversation(ctx, "x"); return err },
			"find":          func() error { _, err := s.FindConversation(ctx, "x", "y"); return err },
			"contact":       func() error { _, err := s.Contact(ctx, "x"); return err },
			"message":       func() error { _, err := s.Message(ctx, "x"); return err },
			"turn":          func() error { _, err := s.Turn(ctx, "x"); return err },
			"provider id":   func() error { _, err := s.FindProviderID(ctx, "x", "y"); return err },
			"ticket":        func() error { _, err := s.Ticket(ctx, "x"); return err },
			"catalogue":     func() error { _, err := s.Catalogue(ctx); return err },
			"intake":        func() error { _, err := s.Intake(ctx, "x"); return err },
			"handoff":       func() error { _, err := s.Handoff(ctx, "x"); return err },
			"see alert":     func() error { return s.SeeAlert(ctx, "x", "y") },
			"article":       func() error { _, err := s.Article(ctx, "x"); return err },
			"account":       func() error { _, err := s.Account(ctx, "x"); return err },
			"login":         func() error { _, err := s.AccountByLogin(ctx, "x"); return err },
			"staff session": func() error { _, err := s.StaffSession(ctx, "x"); return err },
			"setting":       func() error { _, err := s.Setting(ctx, "x"); return err },
		} {
			if err := look(); jiban.CodeOf(err) != jiban.CodeNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestContacts(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		made := make([]string, 8)
		var wg sync.WaitGroup
		for i := range made {
			wg.Add(1)
			go func() {
				defer wg.Done()
				c, err := nodes[i%2].EnsureContact(t.Context(), "tel:+8613800001234")
				if err != nil {
					t.Error(err)
				}
				made[i] = c.ID
			}()
		}
		wg.Wait()
		if slices.Sort(made); made[0] == "" || made[0] != made[7] {
			t.Fatalf("one address has the contacts %v", made)
		}
		var n int
		if p.query(t, &n, "SELECT COUNT(*) FROM contacts"); n != 1 {
			t.Errorf("%d contacts", n)
		}
		c := must[jiban.Contact](t)(nodes[0].Contact(t.Context(), made[0]))
		c.Name, c.Lang, c.Roster, c.OptedOut = "李先生 O'Neil", jiban.English, true, true
		if err := nodes[0].SaveContact(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		same(t, "contact", c)(nodes[1].EnsureContact(t.Context(), "tel:+8613800001234"))
		same(t, "addresses", []jiban.Address{"tel:+8613800001234"})(nodes[1].Addresses(t.Context(), c.ID))
		r := text("s1", "", "停水")
		r.Channel, r.Address = "sms", "tel:+8613800001234"
		m := receive(t, nodes[1], r)
		if in := turnInput(t, nodes[0], m.ConversationID); in.Contact.ID != c.ID {
			t.Error("an inbound message of a known address made a new contact")
		}
	})
}

func TestTicketLists(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		ticket := func(number, department, region string, status jiban.TicketStatus, due int) jiban.Ticket {
			k := jiban.Ticket{Number: number, Department: department, Region: region, Status: status, ContactID: "c-" + department, CreatedAt: monday}
			if due > 0 {
				k.DueAt = monday.Add(time.Duration(due) * time.Hour)
			}
			return k
		}
		var b jiban.Batch
		for _, k := range []jiban.Ticket{
			ticket("1", "water", "230102", jiban.TicketDispatched, 5), ticket("2", "water", "230200", jiban.TicketHandling, 3),
			ticket("3", "", "230103", jiban.TicketAccepted, 0), ticket("4", "gas", "230100", jiban.TicketClosed, 1),
			ticket("5", "gas", "230102001", jiban.TicketHandling, 4),
		} {
			b.Tickets = append(b.Tickets, jiban.TicketChange{Ticket: k})
		}
		apply(t, s, b)
		for name, c := range map[string]struct {
			f    jiban.TicketFilter
			want []string
		}{
			"all":               {jiban.TicketFilter{}, []string{"1", "2", "3", "4", "5"}},
			"department":        {jiban.TicketFilter{Department: "water"}, []string{"1", "2"}},
			"injection":         {jiban.TicketFilter{Department: "water' OR '1'='1"}, nil},
			"injection in bun":  {jiban.TicketFilter{Department: `wa?ter\' OR 1=1 --`}, nil},
			"unassigned":        {jiban.TicketFilter{Unassigned: true}, []string{"3"}},
			"statuses":          {jiban.TicketFilter{Statuses: []jiban.TicketStatus{jiban.TicketHandling, jiban.TicketClosed}}, []string{"2", "4", "5"}},
			"a city":            {jiban.TicketFilter{Region: "230100"}, []string{"1", "3", "4", "5"}},
			"a county":          {jiban.TicketFilter{Region: "230102"}, []string{"1", "5"}},
			"the province":      {jiban.TicketFilter{Region: "230000"}, []string{"1", "2", "3", "4", "5"}},
			"the country":       {jiban.TicketFilter{Region: "000000"}, []string{"1", "2", "3", "4", "5"}},
			"due":               {jiban.TicketFilter{BeforeDue: monday.Add(4 * time.Hour)}, []string{"2", "4"}},
			"by due":            {jiban.TicketFilter{ByDue: true}, []string{"4", "2", "5", "1", "3"}},
			"the first page":    {jiban.TicketFilter{Limit: 2}, []string{"1", "2"}},
			"the second page":   {jiban.TicketFilter{AfterNumber: "2", Limit: 2}, []string{"3", "4"}},
			"all of it at once": {jiban.TicketFilter{Department: "gas", Region: "230100", Statuses: []jiban.TicketStatus{jiban.TicketHandling}, ByDue: true}, []string{"5"}},
		} {
			var got []string
			for _, k := range must[[]jiban.Ticket](t)(s.Tickets(t.Context(), c.f)) {
				got = append(got, k.Number)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		of := must[[]jiban.Ticket](t)(s.TicketsOf(t.Context(), "c-gas", 10))
		if len(of) != 2 || of[0].Number != "5" {
			t.Errorf("the contact's tickets, newest first: %v", of)
		}
	})
}

func TestSerialNeverRepeats(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		var mu sync.Mutex
		given := map[int64]bool{}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				n, err := nodes[i%2].NextSerial(t.Context(), "ticket 261102")
				mu.Lock()
				defer mu.Unlock()
				if err != nil || given[n] {
					t.Errorf("%d again, %v", n, err)
				}
				given[n] = true
			}()
		}
		wg.Wait()
		if !given[1] || !given[40] {
			t.Errorf("given %v", given)
		}
		if n := must[int64](t)(nodes[0].NextSerial(t.Context(), "ticket 261103")); n != 1 {
			t.Errorf("another name begins with %d", n)
		}
	})
}

func TestCatalogue(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		c := jiban.Catalogue{Version: 3, Regions: []jiban.Region{{Code: "230000", Name: "黑龙江省"}},
			Matters: []jiban.Matter{{Code: "010101", Name: "停水", Types: []jiban.RequestType{jiban.Help},
				Limits: map[jiban.RequestType]jiban.Limit{jiban.Help: {Hours: 24, OnClock: true}}}},
			Limits: map[jiban.RequestType]jiban.Limit{jiban.Complaint: {Days: 15}}}
		for range 2 {
			if err := s.SaveCatalogue(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			same(t, "catalogue", c)(s.Catalogue(t.Context()))
			c.Version++
		}
	})
}

func TestHandoffListsAndAlerts(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		apply(t, s, jiban.Batch{
			Handoffs: []jiban.Handoff{
				{ID: "h1", Queue: "general", Priority: 1, Status: jiban.HandoffWaiting, CreatedAt: monday},
				{ID: "h2", Queue: "general", Priority: 5, Status: jiban.HandoffWaiting, CreatedAt: monday.Add(2)},
				{ID: "h3", Queue: "medical", Priority: 1, Status: jiban.HandoffWaiting, CreatedAt: monday.Add(-time.Hour)},
				{ID: "h4", Queue: "general", Priority: 9, Status: jiban.HandoffAccepted, AgentID: "zhang", CreatedAt: monday}},
			Alerts: []jiban.Alert{{ID: "a1", Kind: "119", CreatedAt: monday}, {ID: "a2", Kind: "110", CreatedAt: monday.Add(time.Second)}},
		})
		list := func(statuses []jiban.HandoffStatus, queue, agent string, limit int, want ...string) {
			t.Helper()
			var got []string
			for _, h := range must[[]jiban.Handoff](t)(s.Handoffs(t.Context(), statuses, queue, agent, limit)) {
				got = append(got, h.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v %q %q: %v, want %v", statuses, queue, agent, got, want)
			}
		}
		waiting := []jiban.HandoffStatus{jiban.HandoffWaiting}
		list(waiting, "", "", 0, "h2", "h3", "h1")
		list(waiting, "general", "", 0, "h2", "h1")
		list(waiting, "", "", 1, "h2")
		list([]jiban.HandoffStatus{jiban.HandoffAccepted}, "", "zhang", 10, "h4")
		list(nil, "", "", 10, "h4", "h2", "h3", "h1")

		for _, by := range []string{"zhang", "li"} {
			if err := s.SeeAlert(t.Context(), "a1", by); err != nil {
				t.Fatal(err)
			}
		}
		all := must[[]jiban.Alert](t)(s.Alerts(t.Context(), false, 10))
		if len(all) != 2 || all[0].ID != "a2" || all[1].SeenBy != "zhang" {
			t.Errorf("alerts %+v", all)
		}
		if unseen := must[[]jiban.Alert](t)(s.Alerts(t.Context(), true, 10)); len(unseen) != 1 || unseen[0].ID != "a2" {
			t.Errorf("unseen %+v", unseen)
		}
	})
}

func TestArticles(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		article := func(id string, version int, title string, status jiban.ArticleStatus) jiban.Article {
			return jiban.Article{ID: id, Version: version, Title: title, Body: "正文 of " + id, Similar: []string{"怎么办"}, Keywords: []string{"k"},
				Department: "医保局", Source: "黑医保发〔2026〕1号", Regions: []string{"230000"}, Audience: jiban.Everyone, Theme: "医保",
				ValidFrom: monday, ValidTo: monday.Add(time.Hour), Status: status, UpdatedAt: monday}
		}
		save := func(as ...jiban.Article) {
			t.Helper()
			if err := s.SaveArticles(ctx, as, []jiban.AuditEntry{{Actor: "editor", Action: "save"}}); err != nil {
				t.Fatal(err)
			}
		}
		changed := func(since int64) (seen []string, revision int64) {
			revision, err := s.Articles(ctx, since, func(a jiban.Article) error {
				seen = append(seen, fmt.Sprint(a.ID, a.Version))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return seen, revision
		}
		a1, b1 := article("a", 1, "异地医保报销 100%", jiban.ArticleDraft), article("b", 1, "Hukou Transfer", jiban.ArticlePublished)
		save(a1, b1)
		seen, first := changed(0)
		if !slices.Equal(seen, []string{"a1", "b1"}) {
			t.Errorf("changed: %v", seen)
		}
		same(t, "article", a1)(s.Article(ctx, "a"))
		a2 := article("a", 2, "异地医保报销", jiban.ArticlePublished)
		save(a2)
		seen, second := changed(first)
		if !slices.Equal(seen, []string{"a2"}) || second <= first {
			t.Errorf("changed after %d: %v, up to %d", first, seen, second)
		}
		if seen, _ := changed(0); !slices.Equal(seen, []string{"b1", "a2"}) {
			t.Errorf("from the beginning: %v, want the newest versions", seen)
		}
		if seen, again := changed(second); seen != nil || again != second {
			t.Errorf("nothing changed, yet %v up to %d", seen, again)
		}
		same(t, "newest", a2)(s.Article(ctx, "a"))
		same(t, "versions", []jiban.Article{a2, a1})(s.ArticleVersions(ctx, "a"))
		err := s.SaveArticles(ctx, []jiban.Article{article("c", 1, "新", jiban.ArticleDraft), a2}, []jiban.AuditEntry{{Actor: "x"}})
		wantCode(t, err, jiban.CodeConflict)
		if _, err := s.Article(ctx, "c"); jiban.CodeOf(err) != jiban.CodeNotFound {
			t.Error("half of a refused import is there")
		}
		if seen, _ := changed(second); seen != nil {
			t.Errorf("a refused import changed %v", seen)
		}
		boom := errors.New("boom")
		if rev, err := s.Articles(ctx, 0, func(jiban.Article) error { return boom }); !errors.Is(err, boom) || rev != 0 {
			t.Errorf("a visit that fails: %d, %v", rev, err)
		}
		save(article("d%_", 1, "下划_线", jiban.ArticlePublished))
		for _, c := range []struct {
			status         jiban.ArticleStatus
			text, after    string
			limit          int
			want           []string
			whatIsThisFor_ string
		}{
			{"", "", "", 0, []string{"a", "b", "d%_"}, "all"},
			{jiban.ArticlePublished, "", "", 1, []string{"a"}, "a page"},
			{jiban.ArticlePublished, "", "a", 1, []string{"b"}, "the next page"},
			{jiban.ArticleDraft, "", "", 0, nil, "a is not a draft any more"},
			{"", "hukou", "", 0, []string{"b"}, "whatever case"},
			{"", "正文 OF d", "", 0, []string{"d%_"}, "in the body"},
			{"", "%", "", 0, []string{"d%_"}, "a percent sign is no wildcard"},
			{"", "100%", "", 0, nil, "only the newest version"},
			{"", "医保_报销", "", 0, nil, "an underscore is no wildcard"},
			{"", "' OR 1=1 --", "", 0, nil, "injection"},
		} {
			var got []string
			for _, a := range must[[]jiban.Article](t)(s.ListArticles(ctx, c.status, c.text, c.after, c.limit)) {
				got = append(got, a.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.whatIsThisFor_, got, c.want)
			}
		}
	})
}

// Who follows the revisions of several savers misses no article.
func TestFollowerOfRevisionsMissesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		nodes := []*store.Store{p.open(t), p.open(t)}
		const savers, each = 4, 10
		var wg sync.WaitGroup
		for w := range savers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range each {
					a := jiban.Article{ID: fmt.Sprintf("%d-%d", w, i), Version: 1, Status: jiban.ArticlePublished}
					if err := nodes[w%2].SaveArticles(t.Context(), []jiban.Article{a}, nil); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		seen := map[string]bool{}
		var revision int64
		for finished := false; ; {
			var err error
			revision, err = nodes[0].Articles(t.Context(), revision, func(a jiban.Article) error { seen[a.ID] = true; return nil })
			if err != nil {
				t.Fatal(err)
			}
			if finished {
				break
			}
			select {
			case <-done:
				finished = true // once more, for what came last
			default:
			}
		}
		if len(seen) != savers*each {
			t.Errorf("saw %d of %d articles", len(seen), savers*each)
		}
	})
}

func TestStaff(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		a := jiban.Account{ID: "1", Login: "zhang", Name: "张三", Roles: []jiban.Role{jiban.RoleAgent, jiban.RoleAdmin}, Department: "water",
			Region: "230100", PasswordHash: "$argon2id$…", MustChange: true, Disabled: true, Failures: 3, LockedUntil: monday,
			LastLoginAt: monday.Add(time.Second), CreatedAt: monday, PasswordAt: monday, PastHashes: []string{"$argon2id$…"},
			Second:  jiban.SecondFactor{Sealed: []byte{1, 2}, Since: monday, LastStep: 7, Recovery: []string{"ab"}, Offered: []byte{3}, OfferedAt: monday},
			Edition: 2}
		for range 2 {
			if err := s.ChangeStaff(ctx, jiban.StaffChange{Account: &a}); err != nil {
				t.Fatal(err)
			}
			wantCode(t, s.ChangeStaff(ctx, jiban.StaffChange{Account: &a}), jiban.CodeConflict)
			a.Version++
			same(t, "account", a)(s.Account(ctx, "1"))
			same(t, "by login", a)(s.AccountByLogin(ctx, "zhang"))
			a.Failures, a.LockedUntil = 0, time.Time{}
		}
		wantCode(t, s.ChangeStaff(ctx, jiban.StaffChange{Account: &jiban.Account{ID: "2", Login: "zhang"}}), jiban.CodeConflict)
		if err := s.ChangeStaff(ctx, jiban.StaffChange{Account: &jiban.Account{ID: "2", Login: "li"}}); err != nil {
			t.Fatal(err)
		}
		if all := must[[]jiban.Account](t)(s.Accounts(ctx)); len(all) != 2 || all[0].Login != "li" {
			t.Errorf("accounts %+v", all)
		}
		for _, hash := range []string{"h1", "h2", "h3"} {
			session := jiban.Session{Hash: hash, AccountID: "1", CSRF: "x", Stage: "second", Method: "oidc", CreatedAt: monday, SeenAt: monday, ExpiresAt: monday.Add(time.Hour)}
			if hash == "h3" {
				session.AccountID = "2"
			}
			if err := s.ChangeStaff(ctx, jiban.StaffChange{Session: &session}); err != nil {
				t.Fatal(err)
			}
			same(t, "session", session)(s.StaffSession(ctx, hash))
		}
		if err := errors.Join(s.DeleteSession(ctx, "h1"), s.DeleteSession(ctx, "h1"), s.ChangeStaff(ctx, jiban.StaffChange{EndSessions: "1"})); err != nil {
			t.Fatal(err)
		}
		for hash, there := range map[string]bool{"h1": false, "h2": false, "h3": true} {
			if _, err := s.StaffSession(ctx, hash); (err == nil) != there {
				t.Errorf("session %s: %v", hash, err)
			}
		}
		var want []jiban.AuditEntry
		for i := range 5 {
			want = append(want, jiban.AuditEntry{ID: fmt.Sprint("e", i), Actor: "zhang", Action: "view", Object: "contact", Result: "ok", At: monday})
		}
		if err := s.AppendAudit(ctx, want); err != nil {
			t.Fatal(err)
		}
		same(t, "audit", want[:2])(s.Audit(ctx, "", 2))
		same(t, "audit", want[2:])(s.Audit(ctx, "e1", 0))
		wantCode(t, s.AppendAudit(ctx, want[:1]), jiban.CodeConflict)
	})
}

func TestSettingsAndPing(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s, ctx := p.open(t), t.Context()
		for _, value := range []string{"一", "", "三"} {
			if err := s.SetSetting(ctx, "k", value); err != nil {
				t.Fatal(err)
			}
			same(t, "setting", value)(s.Setting(ctx, "k"))
		}
		if err := errors.Join(s.Ping(ctx), s.Ping(ctx), s.Check(ctx), s.Migrate(ctx)); err != nil {
			t.Error(err)
		}
	})
}

// A ticket changed by many at once keeps every change that was reported as made,
// and no other.
func TestTicketVersionsModel(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			if run++; p.postgres && run > fewRuns {
				return
			}
			number := fmt.Sprint("n", run)
			apply(t, s, jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: jiban.Ticket{Number: number}}}})
			readers := map[string]jiban.Ticket{}
			want := must[jiban.Ticket](t)(s.Ticket(t.Context(), number))
			var events int64
			rt.Repeat(map[string]func(*rapid.T){
				"read": func(rt *rapid.T) {
					readers[rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "who")] = must[jiban.Ticket](t)(s.Ticket(t.Context(), number))
				},
				"change": func(rt *rapid.T) {
					k, ok := readers[rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "who")]
					if !ok {
						return
					}
					fresh := k.Version == want.Version
					k.Urged++
					_, err := s.Apply(t.Context(), jiban.Batch{Tickets: []jiban.TicketChange{{Ticket: k,
						Events: []jiban.TicketEvent{{Number: number, Seq: k.Version, Kind: jiban.EventUrged}}}}})
					if (err == nil) != fresh || err != nil && jiban.CodeOf(err) != jiban.CodeConflict {
						rt.Fatalf("a change of version %d upon %d: %v", k.Version, want.Version, err)
					}
					if err == nil {
						events++
						want = k
						want.Version++
					}
				},
				"": func(rt *rapid.T) {
					got := must[jiban.Ticket](t)(s.Ticket(t.Context(), number))
					log := must[[]jiban.TicketEvent](t)(s.TicketEvents(t.Context(), number))
					if !reflect.DeepEqual(got, want) || int64(len(log)) != events {
						rt.Fatalf("stored %+v with %d events, want %+v with %d", got, len(log), want, events)
					}
				},
			})
		})
	})
}
