package tpdu

import "testing"

func BenchmarkParseLine(b *testing.B) {
	for b.Loop() {
		line, err := ParseLine("0891945155050000F1040B915155550521F300006230102143658005E8329BFD06", 24, MobileTerminated)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := line.TPDU.(*Deliver).Text(); err != nil {
			b.Fatal(err)
		}
	}
}
