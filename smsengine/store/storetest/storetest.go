// Package storetest is the suite that every smsengine.Store must pass.
//
// It says in tests what the comments of the interface promise: what is
// acknowledged is there after a stop, what a change causes is stored with it,
// no two claimers get the same message, limits hold under concurrency, an
// administrator's change is in the next Directory, receipts find their part
// whichever comes first. The last case does random things to the
// Store and to a model built on Message.Apply, and compares them.
//
// A Store's own test is one line:
//
//	storetest.Run(t, func(t *testing.T, dir string) smsengine.Store { … })
package storetest

import (
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// sharesGenerators tells of groups whose cases use the generators of fields.go:
// rapid's are not for several goroutines.
func sharesGenerators(group string) bool {
	return group == "Fields" || group == "Accounts" || group == "Directory"
}

// Run runs the suite. open opens the store kept in dir: a new one if dir is
// empty, otherwise what was there when it was last closed. It fails t if it
// cannot.
func Run(t *testing.T, open func(t *testing.T, dir string) smsengine.Store) {
	for _, group := range []struct {
		name  string
		cases map[string]func(*bed)
	}{
		{"Accept", acceptCases},
		{"AtOnce", atOnceCases},
		{"Charges", chargeCases},
		{"Digests", digestCases},
		{"Notes", noteCases},
		{"Answers", answerCases},
		{"Links", linkCases},
		{"Accounts", accountCases},
		{"Keys", keyCases},
		{"Webhooks", webhookCases},
		{"Directory", directoryCases},
		{"Collect", collectCases},
		{"Claim", claimCases},
		{"Ranks", rankCases},
		{"Record", recordCases},
		{"Match", matchCases},
		{"Due", dueCases},
		{"Ledger", ledgerCases},
		{"Fields", fieldCases},
		{"Stop", stopCases},
		{"Model", modelCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for name, run := range group.cases {
				t.Run(name, func(t *testing.T) {
					if !sharesGenerators(group.name) {
						t.Parallel()
					}
					b := &bed{T: t, open: open, dir: t.TempDir()}
					b.store = open(t, b.dir)
					t.Cleanup(func() {
						if err := b.store.Close(); err != nil && !b.closed {
							t.Errorf("close: %v", err)
						}
					})
					run(b)
				})
			}
		})
	}
}
