// Package lang understands Chinese (and plain English) as people write it to a
// hotline: it folds text for matching, tells dangers, commands, request types
// and moods, and finds telephone numbers, times, names, places and the like. It
// is rules, tables and small linear models in memory; no call leaves it, and
// everything in it may be used by many goroutines at once.
//
// It must not know dialogues, wording, storage or time limits: it is given text
// (and, for times, the present) and says what is in it.
package lang
