// Package price knows what a part costs by the number that it goes to: tables of
// prefixes, as providers publish them, in which the longest prefix of a number
// counts.
package price

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Price is what a part costs, in millionths of whatever currency the site
// reckons in.
type Price int64

const unit = 1_000_000

// most is the highest price: what a table has by mistake shall not overflow.
const most = 1_000_000

var errPrice = errors.New(`want a price such as "0.075"`)

// Parse reads a price: digits with a decimal point or without. What is below a
// millionth is rounded.
func Parse(text string) (Price, error) {
	if strings.Trim(text, "0123456789.") != "" {
		return 0, errPrice // no signs, exponents, or NaN
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v > most {
		return 0, errPrice
	}
	return Of(v), nil
}

// Of makes a price of a number.
func Of(v float64) Price { return Price(math.Round(v * unit)) }

// String is the price without zeros at its end.
func (p Price) String() string {
	return strconv.FormatFloat(float64(p)/unit, 'f', -1, 64)
}
