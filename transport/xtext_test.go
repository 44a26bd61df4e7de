package transport

import "testing"

func TestXtext(t *testing.T) {
	for in, want := range map[string]string{
		"john@example.org": "john@example.org", "a+2Bb+3Dc": "a+b=c", "+1555": "\x1555", "+zz": "+zz", "end+2": "end+2", "+C3+A4": "ä",
	} {
		if got := Xtext(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		`j\x{E4}n@example.org`: "jän@example.org", `\x{5C}`: `\`, `\x{zz}`: `\x{zz}`, `\x{E4`: `\x{E4`, `\x{D800}`: `\x{D800}`, `\x{\x{E4}`: `\x{ä`,
	} {
		if got := UTF8Xtext(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
