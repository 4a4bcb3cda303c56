package staff

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"image/png"
	"math/big"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"jiban"
)

// The second factor: six digits that change every 30 seconds (RFC 6238), as the
// usual applications on telephones make them.
const (
	issuer        = "Jiban 即办"
	secretSize    = 20 // bytes
	period        = 30 // seconds
	skew          = 1  // steps that a telephone's clock may be off, either way
	codeLength    = 6
	offerLimit    = 10 * time.Minute // from the secret shown to its first code
	qrSize        = 264              // pixels
	recoveryCodes = 10
	recoveryGroup = 4 // characters; four groups make a code of about 78 bits
)

// Enrolment is what is shown once to who sets up a second factor. QR is the URI
// as a PNG picture.
type Enrolment struct {
	URI    string
	Secret string // base 32, to be typed where no picture can be read
	QR     []byte
}

// OfferSecond draws a new secret for who proves the password, and, where a second
// factor is in use already, a code of it. The secret counts only when a code was
// made with it (ConfirmSecond). CodeUnauthorized when the proof fails,
// CodeUnavailable when there is no key to seal the secret with.
func (s *Service) OfferSecond(ctx context.Context, accountID, password, code string) (Enrolment, error) {
	const op = "staff.second"
	if s.sealer == nil {
		return Enrolment{}, &jiban.Error{Code: jiban.CodeUnavailable, Op: op,
			Msg: "系统尚未配置密钥，不能启用动态验证码 (no key is configured, second factors cannot be set up)"}
	}
	seen, err := s.load(ctx, accountID)
	if err != nil {
		return Enrolment{}, err
	}
	right, err := s.matches(ctx, clip(password), seen.PasswordHash)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: seen.Login, SecretSize: secretSize, Period: period, Rand: s.random})
	if err != nil {
		return Enrolment{}, jiban.Errorf(jiban.CodeInternal, op, "draw a secret: %w", err)
	}
	sealed, err := s.sealer.Seal(ctx, secondAAD(accountID), []byte(key.Secret()))
	if err != nil {
		return Enrolment{}, jiban.Errorf(jiban.CodeOf(err), op, "seal the secret of %s: %w", accountID, err)
	}
	secret, err := s.secret(ctx, seen)
	if err != nil {
		return Enrolment{}, err
	}
	_, err = s.prove(ctx, accountID, "second.offer", func(a *jiban.Account, _ *jiban.StaffChange) bool {
		if !right || a.PasswordHash != seen.PasswordHash || secondOn(*a) && !s.takeCode(a, secret, code) {
			return false
		}
		a.Second.Offered, a.Second.OfferedAt = sealed, s.clock.Now()
		return true
	})
	if err != nil {
		return Enrolment{}, err
	}
	return enrolment(key)
}

// enrolment makes the picture.
func enrolment(key *otp.Key) (Enrolment, error) {
	picture, err := key.Image(qrSize, qrSize)
	if err != nil {
		return Enrolment{}, jiban.Errorf(jiban.CodeInternal, "staff.second", "draw the picture of a secret: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return Enrolment{}, jiban.Errorf(jiban.CodeInternal, "staff.second", "encode the picture of a secret: %w", err)
	}
	return Enrolment{URI: key.URL(), Secret: key.Secret(), QR: b.Bytes()}, nil
}

// ConfirmSecond takes the offered secret into use once a first code was made with
// it, and returns new recovery codes, shown this once; older ones are void. All
// sessions end.
func (s *Service) ConfirmSecond(ctx context.Context, accountID, code string) ([]string, error) {
	const op = "staff.second"
	seen, err := s.load(ctx, accountID)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	if seen.Second.Offered == nil || now.Sub(seen.Second.OfferedAt) >= offerLimit || s.sealer == nil {
		return nil, &jiban.Error{Code: jiban.CodeInvalid, Op: op, Msg: "二维码已失效，请重新生成 (the secret is too old, ask for a new one)"}
	}
	secret, err := s.sealer.Open(ctx, secondAAD(accountID), seen.Second.Offered)
	if err != nil {
		return nil, jiban.Errorf(jiban.CodeOf(err), op, "open the offered secret of %s: %w", accountID, err)
	}
	codes, hashes, err := s.drawRecovery(accountID)
	if err != nil {
		return nil, err
	}
	_, err = s.prove(ctx, accountID, "second.confirm", func(a *jiban.Account, c *jiban.StaffChange) bool {
		step, ok := stepOf(string(secret), plainCode(code), now)
		if !ok || !bytes.Equal(a.Second.Offered, seen.Second.Offered) {
			return false
		}
		a.Second = jiban.SecondFactor{Sealed: seen.Second.Offered, Since: now, LastStep: step, Recovery: hashes}
		c.EndSessions = accountID
		return true
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveSecond takes the second factor of somebody away who lost it, and ends the
// sessions. Who must have one sets up another at the next login.
func (s *Service) RemoveSecond(ctx context.Context, accountID string) error {
	if ActorOf(ctx) == accountID {
		return &jiban.Error{Code: jiban.CodeForbidden, Op: "staff.second", Msg: "不能移除自己的动态验证码 (you cannot remove your own second factor)"}
	}
	_, err := s.administer(ctx, accountID, "second.remove", func(a *jiban.Account, _ *jiban.StaffChange) error {
		a.Second = jiban.SecondFactor{}
		return nil
	})
	return err
}

// secondOn reports whether the account has a second factor in use.
func secondOn(a jiban.Account) bool { return len(a.Second.Sealed) > 0 }

// secret opens the secret that is in use, "" for none.
func (s *Service) secret(ctx context.Context, a jiban.Account) (string, error) {
	if !secondOn(a) {
		return "", nil
	}
	if s.sealer == nil {
		return "", jiban.Errorf(jiban.CodeUnavailable, "staff.second", "the second factor of %s is sealed and no key is configured", a.ID)
	}
	plain, err := s.sealer.Open(ctx, secondAAD(a.ID), a.Second.Sealed)
	if err != nil {
		return "", jiban.Errorf(jiban.CodeOf(err), "staff.second", "open the second factor of %s: %w", a.ID, err)
	}
	return string(plain), nil
}

func secondAAD(accountID string) string { return "staff.second:" + accountID }

// takeCode accepts a code once: of the secret, when its time step is later than
// the last one taken, or a recovery code that was not used yet.
func (s *Service) takeCode(a *jiban.Account, secret, code string) bool {
	code = plainCode(code)
	if step, ok := stepOf(secret, code, s.clock.Now()); ok && step > a.Second.LastStep {
		a.Second.LastStep = step
		return true
	}
	hash := recoveryHash(a.ID, code)
	left, found := make([]string, 0, len(a.Second.Recovery)), false
	for _, h := range a.Second.Recovery {
		if subtle.ConstantTimeCompare([]byte(h), []byte(hash)) == 1 {
			found = true
			continue
		}
		left = append(left, h)
	}
	if found {
		a.Second.Recovery = left
	}
	return found
}

// stepOf returns the latest time step whose code this is, within the skew.
func stepOf(secret, code string, now time.Time) (int64, bool) {
	if secret == "" || len(code) != codeLength {
		return 0, false
	}
	at, found := int64(0), false
	for d := int64(-skew); d <= skew; d++ {
		step := now.Unix()/period + d
		want, err := totp.GenerateCodeCustom(secret, time.Unix(step*period, 0), totp.ValidateOpts{Period: period, Digits: otp.DigitsSix})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			at, found = step, true
		}
	}
	return at, found
}

// plainCode takes off what people type around a code.
func plainCode(code string) string {
	if len(code) > 64 {
		return ""
	}
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

// drawRecovery draws recovery codes and their hashes.
func (s *Service) drawRecovery(accountID string) (codes, hashes []string, err error) {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	for range recoveryCodes {
		var b strings.Builder
		for i := range 4 * recoveryGroup {
			n, err := rand.Int(s.random, big.NewInt(int64(len(letters))))
			if err != nil {
				return nil, nil, jiban.Errorf(jiban.CodeInternal, "staff.second", "draw a recovery code: %w", err)
			}
			if i > 0 && i%recoveryGroup == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(letters[n.Int64()])
		}
		codes = append(codes, b.String())
		hashes = append(hashes, recoveryHash(accountID, plainCode(b.String())))
	}
	return codes, hashes, nil
}

// recoveryHash needs no slow hash: the codes are drawn, not chosen.
func recoveryHash(accountID, code string) string {
	sum := sha256.Sum256([]byte(accountID + ":" + code))
	return hex.EncodeToString(sum[:])
}
