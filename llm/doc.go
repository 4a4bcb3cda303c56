// Package llm asks a language model behind any OpenAI-compatible endpoint. It holds
// the limits: on time, on size, on what a conversation and a day may cost, on tries,
// and on calls to an endpoint that fails. It fulfils the runner's interface. It must
// not know what an answer is used for, who asks, or what a prompt says.
package llm
