package keys

import "crypto/cipher"

// Suite returns what new values are sealed with.
func (k *Keys) Suite() Suite { return k.cfg.Suite }

// Cipher makes the cipher of a suite for a key of the caller's own: for what is
// too large to be sealed as one value, such as a file. The caller keeps that key
// as a sealed value, and never uses a nonce twice with it. Suites are AES and SM.
func (s Suite) Cipher(key [keySize]byte) (cipher.AEAD, error) {
	own := secret(key)
	return s.aead(&own)
}
