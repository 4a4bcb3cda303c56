// Package prompts holds every sentence that a person is told: embedded templates
// in Chinese and English, found by key. It must not know who asks for a sentence,
// over which channel it goes or why it is said.
package prompts
