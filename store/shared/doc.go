// Package shared is what nodes share beside the records: publish and subscribe,
// leases, counters, presence, and small values such as a provider's token. There
// are two forms with the same behaviour: Memory for a single node and Redis for
// several. Correctness never rests on either (promise 3): a lease only saves work
// and a message that was not fanned out is found by polling. The package knows
// nothing of what is shared.
package shared
