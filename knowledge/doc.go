// Package knowledge keeps the articles people are answered from: it imports and
// reviews them, finds the ones that fit a question, and decides whether what was
// found is good enough to be an answer.
//
// It knows articles and nothing of dialogues, wording, channels or how records
// are stored: a caller gets articles and a verdict and says what follows.
package knowledge
