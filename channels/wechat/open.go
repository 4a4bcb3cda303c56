package wechat

import (
	"crypto/subtle"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/util"
)

// Why a callback is refused.
var (
	errForged     = errors.New("the signature, the timestamp or the account does not fit")
	errUnreadable = errors.New("the body is no message of WeChat")
)

// verify checks the query's signature over token, timestamp and nonce, and that
// the timestamp is within the replay window. WeChat keeps no nonces for us; what
// is replayed within the window is the same message and counts as a repeat.
func (a *Adapter) verify(q url.Values) error {
	want := util.Signature(a.cfg.Token, q.Get("timestamp"), q.Get("nonce"))
	if !same(want, q.Get("signature")) {
		return fmt.Errorf("signature: %w", errForged)
	}
	sec, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	if err != nil {
		return fmt.Errorf("timestamp: %w", errForged)
	}
	age := a.deps.Clock.Now().Sub(time.Unix(sec, 0))
	if age > a.cfg.ReplayWindow || age < -a.cfg.ReplayWindow {
		return fmt.Errorf("timestamp outside the replay window: %w", errForged)
	}
	return nil
}

func same(want, got string) bool {
	return subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// open returns the plain XML of a body and whether it came encrypted. An encrypted
// body carries its own signature, the only one that covers the text, so it is
// always checked. With a key set a plain body is refused unless compatible.
func (a *Adapter) open(q url.Values, body []byte) (plain []byte, encrypted bool, err error) {
	if err := checkXML(body); err != nil {
		return nil, false, err
	}
	var env message.EncryptedXMLMsg
	if err := xml.Unmarshal(body, &env); err != nil {
		return nil, false, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	if env.EncryptedMsg == "" {
		if q.Get("encrypt_type") == "aes" || (len(a.keys) > 0 && !a.cfg.Compatible) {
			return nil, false, fmt.Errorf("plain body where an encrypted one is expected: %w", errForged)
		}
		return body, false, nil
	}
	if !same(util.Signature(a.cfg.Token, q.Get("timestamp"), q.Get("nonce"), env.EncryptedMsg), q.Get("msg_signature")) {
		return nil, false, fmt.Errorf("msg_signature: %w", errForged)
	}
	for _, key := range a.keys {
		// The SDK checks the AppID at the end of the text; its errors hold no secret
		// but help nobody either, so they are dropped.
		if _, plain, err := util.DecryptMsg(a.cfg.AppID, env.EncryptedMsg, key); err == nil {
			return plain, true, checkXML(plain)
		}
	}
	return nil, false, fmt.Errorf("the body cannot be decrypted for this account: %w", errForged)
}

// seal encrypts a passive reply with the current key and signs it anew.
func (a *Adapter) seal(plain []byte) ([]byte, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(a.deps.Random, salt); err != nil {
		return nil, fmt.Errorf("wechat: read randomness: %w", err)
	}
	// The key in use is the current one; the previous only opens.
	cipher, err := util.EncryptMsg(salt, plain, a.cfg.AppID, a.keys[0])
	if err != nil {
		return nil, fmt.Errorf("wechat: encrypt the reply: %w", err)
	}
	n, err := nonce(a.deps.Random)
	if err != nil {
		return nil, err
	}
	now := a.deps.Clock.Now().Unix()
	return xml.Marshal(message.ResponseEncryptedXMLMsg{
		EncryptedMsg: string(cipher), Timestamp: now, Nonce: n,
		MsgSignature: util.Signature(a.cfg.Token, strconv.FormatInt(now, 10), n, string(cipher)),
	})
}
