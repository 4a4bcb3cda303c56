// Package index finds texts by what they say: BM25 over Han characters and
// character pairs and the words and numbers of other scripts, held in memory.
//
// An Index never changes. A change makes a new one that shares the large base
// segment, so that readers need no lock and a changed document is visible at
// once. The package knows nothing of articles, regions, review or wording: a
// document is a few weighted fields, a class, a time of validity and bytes that
// belong to the caller.
package index
