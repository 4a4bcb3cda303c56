package wechatsim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// block is the size to which the platform pads; AES itself works on 16 bytes.
const block = 32

// encrypt seals a text as the platform does: 16 random bytes, the length, the text
// and the AppID, padded to 32 bytes (domain A2).
func encrypt(aesKey, appID string, text []byte) (string, error) {
	c, iv, err := open(aesKey)
	if err != nil {
		return "", err
	}
	plain := make([]byte, 20, 20+len(text)+len(appID)+block)
	if _, err := rand.Read(plain[:16]); err != nil {
		return "", fmt.Errorf("wechatsim: read randomness: %w", err)
	}
	binary.BigEndian.PutUint32(plain[16:], uint32(len(text)))
	plain = append(append(plain, text...), appID...)
	pad := block - len(plain)%block
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), nil
}

func decrypt(aesKey, appID, sealed string) ([]byte, error) {
	c, iv, err := open(aesKey)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) == 0 || len(raw)%block != 0 {
		return nil, errors.New("wechatsim: the answer is not sealed as it should be")
	}
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(raw, raw)
	pad := int(raw[len(raw)-1])
	if pad < 1 || pad > block || len(raw)-pad < 20 {
		return nil, errors.New("wechatsim: the answer's padding is wrong")
	}
	raw = raw[:len(raw)-pad]
	end := 20 + int(binary.BigEndian.Uint32(raw[16:20]))
	if end > len(raw) || string(raw[end:]) != appID {
		return nil, errors.New("wechatsim: the answer is for another account")
	}
	return raw[20:end], nil
}

func open(aesKey string) (cipher.Block, []byte, error) {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil || len(key) != 32 {
		return nil, nil, errors.New("wechatsim: the key must have 43 characters")
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, fmt.Errorf("wechatsim: %w", err)
	}
	return c, key[:16], nil
}
