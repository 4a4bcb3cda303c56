package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"

	"jiban"
)

// Suite names the algorithms: for new values only, old ones tell their own.
type Suite string

// The suites.
const (
	AES Suite = "aes" // AES-256-GCM, HMAC-SHA-256
	SM  Suite = "sm"  // SM4-GCM, HMAC-SM3 (GB/T 32907, GB/T 32905; domain D2)
)

const (
	keySize   = 32 // bytes of every root and data key
	nonceSize = 12
	tagSize   = 16
)

type secret [keySize]byte

// mark is the letter of the suite in a sealed value.
func (s Suite) mark() byte {
	if s == SM {
		return 's'
	}
	return 'a'
}

func suiteOf(mark byte) (Suite, bool) {
	switch mark {
	case 'a':
		return AES, true
	case 's':
		return SM, true
	}
	return "", false
}

// mac returns the keyed hash function of the suite.
func (s Suite) mac(key []byte) hash.Hash {
	if s == SM {
		return hmac.New(sm3.New, key)
	}
	return hmac.New(sha256.New, key)
}

// derive makes a key for one use out of a key: two uses never share one.
func (s Suite) derive(key *secret, use string) []byte {
	m := s.mac(key[:])
	m.Write([]byte("jiban/" + use)) // never fails
	return m.Sum(nil)
}

// aead returns the cipher of the suite for a key. The key itself is not used: a
// data key may serve both suites after the configuration changed.
func (s Suite) aead(key *secret) (cipher.AEAD, error) {
	derived := s.derive(key, "seal/"+string(s))
	var block cipher.Block
	var err error
	if s == SM {
		block, err = sm4.NewCipher(derived[:sm4.BlockSize])
	} else {
		block, err = aes.NewCipher(derived)
	}
	if err != nil {
		return nil, fmt.Errorf("make the cipher %s: %w", s, err)
	}
	return cipher.NewGCM(block)
}

// envelope is a sealed value taken apart.
type envelope struct {
	suite Suite
	keyID string
	body  []byte // nonce, ciphertext, tag
}

const envelopeStart = "j1"

// Sealed reports whether a value looks like one that Seal made: for columns in
// which sealed values and older plain ones stand side by side.
func Sealed(value []byte) bool {
	_, err := parse(value)
	return err == nil
}

func parse(value []byte) (envelope, error) {
	var e envelope
	start, rest, _ := strings.Cut(string(value), ".")
	id, text, found := strings.Cut(rest, ".")
	if !found || len(start) != 3 || start[:2] != envelopeStart || id == "" || len(id) > 64 {
		return e, errNotSealed
	}
	suite, known := suiteOf(start[2])
	body, err := encoding.DecodeString(text)
	if !known || err != nil || len(body) < nonceSize+tagSize {
		return e, errNotSealed
	}
	return envelope{suite: suite, keyID: id, body: body}, nil
}

// encoding is strict, so that one sealed value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

var errNotSealed = jiban.Errorf(jiban.CodeInvalid, "keys.Open", "this is no value sealed by this house, or it was cut")

func (e envelope) bytes() []byte {
	out := make([]byte, 0, len(envelopeStart)+3+len(e.keyID)+encoding.EncodedLen(len(e.body)))
	out = append(out, envelopeStart...)
	out = append(out, e.suite.mark(), '.')
	out = append(out, e.keyID...)
	out = append(out, '.')
	return encoding.AppendEncode(out, e.body)
}

// bind joins what a value is bound to, each part with its length, so that no two
// lists of parts give the same bytes.
func bind(parts ...string) []byte {
	n := 0
	for _, p := range parts {
		n += 4 + len(p)
	}
	out := make([]byte, 0, n)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
