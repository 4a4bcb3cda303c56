package sms

import "errors"

// concat says which part of which long message a part is. Of is 1 for a message
// that is whole.
type concat struct {
	Ref    uint16
	N, Of  int
	Reffed bool // a reference was given at all
}

var errUDH = errors.New("the user data header is broken")

// Information elements of 3GPP TS 23.040 that tell the parts of long messages.
const (
	ieConcat8  = 0x00
	ieConcat16 = 0x08
)

// cutUDH takes the user data header off a message and reads its concatenation
// element, with an 8-bit or a 16-bit reference. Other elements are skipped.
func cutUDH(raw []byte) (concat, []byte, error) {
	whole := concat{N: 1, Of: 1}
	if len(raw) == 0 || int(raw[0])+1 > len(raw) {
		return whole, nil, errUDH
	}
	header, text := raw[1:int(raw[0])+1], raw[int(raw[0])+1:]
	for len(header) > 0 {
		if len(header) < 2 || int(header[1])+2 > len(header) {
			return whole, nil, errUDH
		}
		id, value := header[0], header[2:int(header[1])+2]
		header = header[int(header[1])+2:]
		c, found := concatElement(id, value)
		if !found {
			continue
		}
		if c.Of == 0 || c.N == 0 || c.N > c.Of {
			return whole, nil, errUDH
		}
		return c, text, nil
	}
	return whole, text, nil
}

func concatElement(id byte, v []byte) (concat, bool) {
	switch {
	case id == ieConcat8 && len(v) == 3:
		return concat{Ref: uint16(v[0]), Of: int(v[1]), N: int(v[2]), Reffed: true}, true
	case id == ieConcat16 && len(v) == 4:
		return concat{Ref: uint16(v[0])<<8 | uint16(v[1]), Of: int(v[2]), N: int(v[3]), Reffed: true}, true
	}
	return concat{}, false
}

// joinUDH is the header of one part of a long message: an 8-bit reference, which
// every phone understands and which leaves room for 67 characters.
func joinUDH(ref byte, n, of int, text []byte) []byte {
	return append([]byte{5, ieConcat8, 3, ref, byte(of), byte(n)}, text...)
}
