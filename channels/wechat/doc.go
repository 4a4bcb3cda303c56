// Package wechat is the adapter of a WeChat official account (公众号): it verifies
// and opens callbacks, answers them passively within WeChat's five seconds, and
// sends customer-service messages after that. It knows WeChat's protocol and
// nothing of what is said: no dialog, no tickets, no store, no web framework.
//
// # What of the SDK is used, and why not all of it
//
// github.com/silenceper/wechat/v2 provides the shapes and the cryptography:
// officialaccount/message for the encrypted envelopes, the passive text reply,
// the customer-service message and the names of message types and events, util
// for the SHA-1 signature and for AES-CBC with the 32-byte PKCS#7 padding.
// Everything that talks or decides is ours, because the SDK's server accepts
// plain bodies although a key is set, compares signatures in variable time, has
// no replay window and answers an empty reply with an encrypted empty body; and
// because its calls take no context, share one HTTP client without a time limit,
// return untyped errors, do not refresh a refused token, and put the AppSecret
// into the error of a failed token call.
//
// # The journey of a callback
//
// The query's signature and timestamp are checked first (403), then the body is
// opened: its own signature, the current or the previous key, the AppID behind
// the text (403). Then it is read as XML without DTD, entities or processing
// instructions (400). Only then the gateway hears of it. WeChat is told "success"
// or a reply only after the message is on disk; when it cannot be stored WeChat
// gets an error status, so that it delivers again, and on its last delivery the
// person is told truthfully that nothing was taken in. Words about a danger are
// said even then.
package wechat
