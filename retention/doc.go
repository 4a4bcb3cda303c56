// Package retention sees to it that data are kept as long as the rules say and
// then really go: by kind, once a day on one of the nodes, in small steps that
// hold nobody up, with a plan before and a report after. What figures need stays
// when the person goes out of a record.
//
// It decides which rules are lawful, when it is time and in which order the kinds
// follow each other. It must not know how records are stored or found, and it
// reads none: it learns how many went.
package retention
