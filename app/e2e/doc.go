// Package e2e holds the tests of the whole program from outside: the built
// binary, real sockets, a real browser, SIGKILL. It contains no code of the
// program.
package e2e
