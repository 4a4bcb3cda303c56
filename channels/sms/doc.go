// Package sms is the adapter of SMS gateways, with two drivers: smpp keeps a
// transceiver connection to an SMSC, twilio is called and calls by HTTP. It knows
// how text messages are coded, split, joined and receipted, and nothing of what is
// said: no dialog, no tickets, no store, no web framework.
//
// # Outbound
//
// One text becomes one message of at most max_parts parts: the signature stands
// once, at the start, other 【】 become 〔〕 because carriers take them for a
// signature, options are numbered lines, citations one short line. Over SMPP it is
// UCS-2, or GSM-7 where the whole text allows, long ones with an 8-bit
// concatenation header, never message_payload. Every part is submitted and
// receipted on its own.
//
// # Inbound over SMPP
//
// A part is answered only when the message it belongs to is on disk. The parts of
// a long message are held for five seconds at most, then refused as "try again
// later", and kept in memory so that the message is complete as soon as the missing
// ones come; what was refused is delivered again by the SMSC and then answered at
// once, because the message is on disk. When parts are still missing after the
// reassembly time the message is taken in with a mark where they are missing. So a
// crash at any instant loses nothing that was answered. The price is paid by an
// SMSC that sends the next part only after the answer to the one before: its long
// messages take some seconds.
//
// SMPP gives no message ids. The adapter makes one of sender, receiver, reference
// and text; the same id again is a repeat only within 120 seconds and only if the
// answer to the first could not be written, otherwise it is the same words said
// twice and gets an id of its own.
//
// # What of the library is used
//
// github.com/linxGnu/gosmpp provides the PDUs and the character sets. Its session
// is not used: it rebinds at a fixed pace without a context, breaks the connection
// on one malformed message, answers for us unless told otherwise, hides why a bind
// was refused, and loses what was pending when the connection went.
package sms
