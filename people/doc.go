// Package people knows who the house speaks with: the addresses of a contact and
// their proof, verification codes, consent, what a person wants to be told and
// when, the special-service list (the roster), and what is done when somebody
// asks to see or delete what is held about them.
//
// A telephone number is personal data: the roster and the codes keep keyed hashes
// only, logs and errors none at all.
//
// The room must not know how conversations are held, nor how anything is stored
// or sent: a code goes out as a notice, like all that is told.
package people
