package phone

import (
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// Destination is what can be said of where a number leads, from the number alone.
type Destination struct {
	Home      bool   // the country of the rules' region
	Country   string // ISO 3166 code, "" if the number is in no known range of one
	Premium   bool   // costs extra: premium rate ranges, and +979
	Satellite bool   // satellite telephones and international networks, which belong to no country
}

// Destination classifies a normalised number. A short code is at home.
func (p *Parser) Destination(number string) Destination {
	if d, ok := p.known.get(number); ok {
		return d
	}
	d := p.destination(number)
	p.known.put(number, d)
	return d
}

// destinations remembers what was asked last: the library takes 20 µs, and each
// number is asked for twice, at RCPT and with its text.
type destinations struct {
	mu sync.Mutex
	of map[string]Destination
}

const maxKnown = 8192

func (k *destinations) get(number string) (Destination, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	d, ok := k.of[number]
	return d, ok
}

func (k *destinations) put(number string, d Destination) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.of) >= maxKnown || k.of == nil {
		k.of = make(map[string]Destination, 64)
	}
	k.of[number] = d
}

func (p *Parser) destination(number string) Destination {
	digits, international := strings.CutPrefix(number, "+")
	if !international {
		return Destination{Home: true, Country: p.region}
	}
	for _, code := range beyond {
		if strings.HasPrefix(digits, code) {
			return Destination{Satellite: code != premiumRate, Premium: code == premiumRate}
		}
	}
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return Destination{}
	}
	d := Destination{Country: phonenumbers.GetRegionCodeForNumber(n)}
	if d.Country != "" { // else it is of no known type either
		switch phonenumbers.GetNumberType(n) {
		case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
			d.Premium = true
		}
	}
	// Several countries may share a code: +1 is the United States and Jamaica. A
	// number in no known range of any of them is taken for the region's.
	if p.region != "" && int(n.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(p.region) {
		d.Home = d.Country == "" || d.Country == p.region
	}
	return d
}

// Lists reports whether the rules list a number as a short code.
func (p *Parser) Lists(code string) bool { return p.short[code] }

// premiumRate is ITU-T E.164's code for premium rate services of all countries.
const premiumRate = "979"

// beyond are the country codes of E.164 that belong to no country: Inmarsat
// (870), global mobile satellite systems (881), international networks (882,
// 883, and 878 for personal numbers), shared cost (808), and premium rate.
var beyond = []string{"870", "878", "881", "882", "883", "808", premiumRate}
