package modem

import "testing"

// Amounts as people write them.
func TestAmounts(t *testing.T) {
	for text, want := range map[string]float64{
		"12": 12, "12.50": 12.5, "12,50": 12.5, "1.234,56": 1234.56, "1,234.56": 1234.56, "1 234,56": 1234.56, "1'234.56": 1234.56,
		"1.234.567": 1234567, "0.123": 0.123, "-3,5": -3.5, "7.": 7, ",5": 0.5,
	} {
		if got, ok := parseAmount(text); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "NaN", "Inf", "1e400", "abc", "."} {
		if got, ok := parseAmount(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}
