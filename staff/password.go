package staff

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"jiban"
)

// The rules of passwords (domain D1). The upper limit keeps hashing cheap for us
// and dear for others.
const (
	MinPassword = 10  // characters
	MaxPassword = 128 // characters
	minClasses  = 3   // of lower case, upper case, digits, others
)

// weak are parts that make a password easy to guess in spite of its classes.
// They are compared in lower case, with the usual replacements undone.
const weak = "password,passw0rd,qwerty,asdfgh,zxcvbn,1qaz2wsx,123456,abcdef,admin123,admin@123,welcome,iloveyou," +
	"letmein,12345hotline,jiban,woaini,5201314,111111,000000,888888,123123,changeme"

// CheckPassword says in words what is wrong with a password for the login, nil
// when nothing is. The error is of CodeInvalid and does not contain the password.
func CheckPassword(login, password string) error {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return badPassword("密码含有无法使用的字符 (the password has characters that cannot be used)")
	case n < MinPassword:
		return badPassword("密码至少 10 个字符 (at least 10 characters)")
	case n > MaxPassword:
		return badPassword("密码最多 128 个字符 (at most 128 characters)")
	case classes(password) < minClasses:
		return badPassword("密码须含大写字母、小写字母、数字、符号中的三类 (three of: upper case, lower case, digits, symbols)")
	case contains(password, login):
		return badPassword("密码不能包含登录名 (the password must not contain the login)")
	case isWeak(password):
		return badPassword("密码过于常见，请换一个 (the password is too common)")
	}
	return nil
}

func badPassword(words string) error {
	return &jiban.Error{Code: jiban.CodeInvalid, Op: "staff.password", Msg: words}
}

func classes(password string) int {
	var lower, upper, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

// contains looks for the login in the password; logins of one or two letters
// would forbid too much.
func contains(password, login string) bool {
	login = strings.ToLower(login)
	return len(login) >= 3 && strings.Contains(strings.ToLower(password), login)
}

func isWeak(password string) bool {
	lower := strings.ToLower(password)
	plain := strings.NewReplacer("@", "a", "$", "s", "!", "i", "0", "o", "1", "l", "3", "e").Replace(lower)
	for _, w := range strings.Split(weak, ",") {
		if strings.Contains(lower, w) || strings.Contains(plain, w) {
			return true
		}
	}
	return sameRun(lower)
}

// sameRun reports whether one character fills half of the password or more.
func sameRun(s string) bool {
	counts := map[rune]int{}
	most := 0
	for _, r := range s {
		counts[r]++
		most = max(most, counts[r])
	}
	return most*2 >= utf8.RuneCountInString(s)
}

// hash makes the hash of a password, waiting for its turn.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	if err := s.turn(ctx); err != nil {
		return "", err
	}
	defer func() { <-s.hashing }()
	h, err := argon2id.CreateHash(password, s.params)
	if err != nil {
		return "", jiban.Errorf(jiban.CodeInternal, "staff.hash", "hash a password: %w", err)
	}
	return h, nil
}

// matches compares a password with a hash, waiting for its turn.
func (s *Service) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := s.turn(ctx); err != nil {
		return false, err
	}
	defer func() { <-s.hashing }()
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, jiban.Errorf(jiban.CodeInternal, "staff.hash", "compare a password with its hash: %w", err)
	}
	return ok, nil
}

func (s *Service) turn(ctx context.Context) error {
	select {
	case s.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return jiban.Errorf(jiban.CodeUnavailable, "staff.hash", "too many logins at once, try again: %w", ctx.Err())
	}
}

// The characters of one-time passwords: none that are taken for another when
// read from a screen.
const (
	lowers  = "abcdefghijkmnpqrstuvwxyz"
	uppers  = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits  = "23456789"
	oneTime = 16 // characters, about 90 bits
)

// oneTimePassword draws a password that fulfils the rules.
func (s *Service) oneTimePassword() (string, error) {
	for {
		var b strings.Builder
		for range oneTime {
			n, err := rand.Int(s.random, big.NewInt(int64(len(lowers+uppers+digits))))
			if err != nil {
				return "", jiban.Errorf(jiban.CodeInternal, "staff.password", "draw a one-time password: %w", err)
			}
			b.WriteByte((lowers + uppers + digits)[n.Int64()])
		}
		if CheckPassword("", b.String()) == nil {
			return b.String(), nil
		}
	}
}
