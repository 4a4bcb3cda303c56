package sms

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"
)

// decode reads the bytes of a message by its data coding; 0x10 to 0x13, 0x18 to
// 0x1B and 0xF0 to 0xF3 are the default alphabet and UCS-2 with a class. False: the coding is of
// no text (pictures, ring tones), or of one that nobody here knows.
func decode(coding byte, raw []byte) (string, bool) {
	switch {
	case coding == data.UCS2Coding || coding&0xFC == 0x18:
		return decodeUCS2(raw), true
	case coding == data.GSM7BITCoding || coding == data.ASCIICoding || coding&0xFC == 0x10 || coding&0xFC == 0xF0:
		return decodeDefault(raw), true
	case coding == data.LATIN1Coding:
		return decodeLatin1(raw), true
	default:
		return "", false
	}
}

// decodeUCS2 reads UTF-16, big-endian: phones send characters outside the basic
// plane too. An odd byte at the end and lone surrogates become replacement marks.
func decodeUCS2(raw []byte) string {
	us := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		us = append(us, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return tidy(string(utf16.Decode(us)))
}

// decodeDefault reads the GSM alphabet, one character a byte. Bytes that are none
// come from gateways that send UTF-8 or Latin-1 under coding 0.
func decodeDefault(raw []byte) string {
	if s, err := data.GSM7BIT.Decode(raw); err == nil {
		return tidy(s)
	}
	if utf8.Valid(raw) {
		return tidy(string(raw))
	}
	return decodeLatin1(raw)
}

func decodeLatin1(raw []byte) string {
	rs := make([]rune, len(raw))
	for i, b := range raw {
		rs[i] = rune(b)
	}
	return tidy(string(rs))
}

// tidy takes out what no person writes: padding zeros and carriage returns.
func tidy(s string) string {
	return strings.NewReplacer("\x00", "", "\r\n", "\n", "\r", "\n").Replace(s)
}
