// Package files takes files from people: it tells their type by their content,
// refuses what is broken, disguised or too large, takes out of pictures and films
// what tells where and with what they were made, has them scanned where a scanner
// is configured, seals them with a key of their own, and gives them out again by
// links that only one viewer can use for a short time.
//
// The bytes of a file are sealed in chunks under a key made for it alone; that key
// and the file's name are sealed under the contact's key, so that destroying the
// contact's key deletes the file wherever a copy of it may lie.
//
// The room must not know HTTP, SQL, any provider, nor where bytes are kept.
package files
