package phone

import "testing"

func TestDestination(t *testing.T) {
	for _, c := range []struct {
		region, number string
		want           Destination
	}{
		{"US", "+12125550123", Destination{Home: true, Country: "US"}},
		{"US", "+15551234567", Destination{Home: true}}, // fiction, in no range
		{"US", "+18765550123", Destination{Country: "JM"}},
		{"US", "+14165550123", Destination{Country: "CA"}},
		{"US", "+19005550123", Destination{Home: true, Country: "US", Premium: true}},
		{"US", "+447700900123", Destination{}},
		{"GB", "+447700900123", Destination{Home: true}}, // fiction
		{"GB", "+447911123456", Destination{Country: "GG"}},
		{"GB", "+447400123456", Destination{Home: true, Country: "GB"}},
		{"GB", "+15551234567", Destination{}},
		{"DE", "+499005123456", Destination{Home: true, Country: "DE", Premium: true}},
		{"US", "+870776123456", Destination{Satellite: true}},
		{"US", "+881612345678", Destination{Satellite: true}},
		{"US", "+882345678901", Destination{Satellite: true}},
		{"US", "+979123456789", Destination{Premium: true}},
		{"US", "72727", Destination{Home: true, Country: "US"}},
		{"", "+15551234567", Destination{}},
	} {
		p, err := New(Rules{Region: c.region})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Destination(c.number); got != c.want {
			t.Errorf("%s from %s: %+v, want %+v", c.number, c.region, got, c.want)
		}
	}
}

func BenchmarkDestination(b *testing.B) {
	p, err := New(Rules{Region: "US"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.destination("+12125550123")
	}
}
