//go:build soak

package e2e

import "testing"

// TestSoakKilledUnderLoad is TestKilledUnderLoad for as long as it takes to hit
// the rare moments too.
func TestSoakKilledUnderLoad(t *testing.T) { killUnderLoad(t, 150) }

// TestSoakHostileClients is TestHostileClients with one attack after the other, of
// thousands of connections.
func TestSoakHostileClients(t *testing.T) { hostile(t) }
