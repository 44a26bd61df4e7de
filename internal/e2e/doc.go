// Package e2e holds the end-to-end tests: the real postel binary, started as
// an administrator starts it, behind a real Postfix, with mailboxes in a real
// Dovecot, and phones in the simulated network. site_test.go builds and starts
// all of it; each other file is one promise.
package e2e
