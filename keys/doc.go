// Package keys holds the keys of the house: it seals identity fields, hashes
// what must be found again, and destroys what must be forgotten.
//
// There are three floors. Root keys come from a file or the environment and
// never enter the database; they do nothing but wrap data keys. Data keys, one
// for each contact and one for the house, are kept wrapped in the database and
// seal the fields. One more data key makes the keyed hashes by which a sealed
// field is found; it survives every rotation, because the hashed values are not
// kept and could not be hashed anew.
//
// A sealed value is printable and tells how it was made:
//
//	j1a.KEYID.BASE64URL(nonce ‖ ciphertext ‖ tag)     AES-256-GCM
//	j1s.KEYID.BASE64URL(nonce ‖ ciphertext ‖ tag)     SM4-GCM
//
// The additional data bind the form, the key, the key's owner and what the
// caller names (table, column, row): a value moved elsewhere does not open.
// Nonces are random; a data key should seal fewer than 2^32 values (NIST SP
// 800-38D), which one contact never has, and which is why the house's key, too,
// is replaced when its time is over.
//
// The room must not know what the fields mean, nor how anything is stored.
package keys
