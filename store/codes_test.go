package store_test

import (
	"sync"
	"testing"
	"time"

	"jiban"
	"jiban/people"
)

func TestACodeProvesATelephoneOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		if err := h.send(t, conv.ContactID, "138 0000 1234"); err != nil {
			t.Fatal(err)
		}
		code := h.digits(t, phone)
		if mine := must[[]jiban.Message](t)(h.store.Messages(t.Context(), conv.ID, 0, 10)); len(mine) != 1 {
			t.Fatalf("the code went where it was asked for: %+v", mine)
		}
		proof, err := h.codes.Check(t.Context(), conv.ContactID, "１３８００００１２３４", " "+code)
		if err != nil || proof.Join == nil || proof.Contact.ID != conv.ContactID {
			t.Fatalf("%+v, error %v", proof, err)
		}
		if ok, err := h.store.Proven(t.Context(), conv.ContactID, people.PhoneAddress(phone)); !ok || err != nil {
			t.Fatal(ok, err)
		}
		_, err = h.codes.Check(t.Context(), conv.ContactID, phone, code)
		wantCode(t, err, jiban.CodeNotFound)
		var left int
		p.query(t, &left, "SELECT COUNT(*) FROM messages WHERE params LIKE '%"+code+"%' OR content LIKE '%"+code+"%'")
		if left != 0 {
			t.Error("the digits of a spent code are still stored")
		}
		sms := must[jiban.Conversation](t)(h.store.FindConversation(t.Context(), "sms", people.PhoneAddress(phone)))
		if sms.ContactID != conv.ContactID {
			t.Error("the telephone's conversation did not come over")
		}
	})
}

func TestOneCodeCannotBeUsedTwiceAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		if err := h.send(t, conv.ContactID, phone); err != nil {
			t.Fatal(err)
		}
		code := h.digits(t, phone)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 5 {
			wg.Go(func() {
				if _, err := h.codes.Check(t.Context(), conv.ContactID, phone, code); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("one code was used %d times", won)
		}
	})
}

func TestGuessingACode(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		a, b := h.web(t, "v1", "你好"), h.web(t, "v2", "你好")
		if err := h.send(t, a.ContactID, phone); err != nil {
			t.Fatal(err)
		}
		code := h.digits(t, phone)
		_, err := h.codes.Check(t.Context(), b.ContactID, phone, code)
		wantCode(t, err, jiban.CodeNotFound) // somebody else's code
		_, err = h.codes.Check(t.Context(), a.ContactID, "13800001235", code)
		wantCode(t, err, jiban.CodeNotFound)
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		for range 5 {
			_, err = h.codes.Check(t.Context(), a.ContactID, phone, wrong)
			wantCode(t, err, jiban.CodeInvalid)
		}
		_, err = h.codes.Check(t.Context(), a.ContactID, phone, code)
		wantCode(t, err, jiban.CodeNotFound) // the right one, too late
	})
}

func TestACodeLivesFiveMinutes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		if err := h.send(t, conv.ContactID, phone); err != nil {
			t.Fatal(err)
		}
		code := h.digits(t, phone)
		h.clock.Advance(5 * time.Minute)
		_, err := h.codes.Check(t.Context(), conv.ContactID, phone, code)
		wantCode(t, err, jiban.CodeNotFound)
		if err := h.codes.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left, rows int
		p.query(t, &left, "SELECT COUNT(*) FROM messages WHERE params LIKE '%"+code+"%'")
		p.query(t, &rows, "SELECT COUNT(*) FROM codes")
		if left != 0 || rows != 1 {
			t.Errorf("%d messages with the digits, %d codes", left, rows)
		}
		h.clock.Advance(49 * time.Hour)
		if err := h.codes.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p.query(t, &rows, "SELECT COUNT(*) FROM codes"); rows != 0 {
			t.Errorf("%d codes after two days", rows)
		}
	})
}

func TestCodesAreLimited(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		sent := 0
		try := func() bool {
			err := h.send(t, conv.ContactID, phone)
			if err == nil {
				sent++
				return true
			}
			wantCode(t, err, jiban.CodeLimited)
			return false
		}
		if !try() || try() {
			t.Fatal("one in a minute")
		}
		h.clock.Advance(time.Minute)
		for range 4 {
			try()
			h.clock.Advance(time.Minute)
		}
		if sent != 5 || try() {
			t.Fatalf("%d in an hour, want 5", sent)
		}
		for range 30 {
			h.clock.Advance(31 * time.Minute)
			try()
		}
		if sent != 10 {
			t.Fatalf("%d in a day, want 10", sent)
		}
		var rows int
		p.query(t, &rows, "SELECT COUNT(*) FROM messages WHERE kind = 'code'")
		if rows != sent {
			t.Errorf("%d notices for %d codes: a refused code was sent", rows, sent)
		}
		// Other telephones, asked for from one address.
		err := error(nil)
		for i := 0; err == nil && i < 20; i++ {
			err = h.send(t, conv.ContactID, "1390000123"+string(rune('0'+i)))
		}
		wantCode(t, err, jiban.CodeLimited)
	})
}

func TestCodesAskedForAtOnceAreLimited(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		h := newHousehold(t, p)
		conv := h.web(t, "v1", "你好")
		var wg sync.WaitGroup
		var mu sync.Mutex
		sent := 0
		for range 12 {
			wg.Go(func() {
				if err := h.send(t, conv.ContactID, phone); err == nil {
					mu.Lock()
					sent++
					mu.Unlock()
				} else if jiban.CodeOf(err) != jiban.CodeLimited {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if sent != 1 {
			t.Errorf("%d codes at once, want 1", sent)
		}
	})
}
