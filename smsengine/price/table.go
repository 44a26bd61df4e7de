package price

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Table has prices by prefix. It does not change.
type Table struct {
	prices map[uint64]Price
	digits [longest + 1]bool // how long the prefixes are that there are
}

// longest is the longest prefix: E.164 numbers have no more digits.
const longest = 15

// out is the price of what cannot be reached.
const out Price = -1

// Read reads a table: a line for each prefix, "49171,0.075", with "+" before it
// or without. A price "-" says that the gateway does not reach the prefix. What
// follows a second comma is for people; lines that are empty or begin with "#"
// say nothing, nor does a first line "prefix,price". A semicolon or a tabulator
// may stand for the comma. The error names the line.
func Read(r io.Reader) (*Table, error) {
	t := &Table{prices: make(map[uint64]Price)}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		prefix, price := fields(line)
		if n == 1 && strings.EqualFold(prefix, "prefix") {
			continue
		}
		if err := t.add(prefix, price); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(t.prices) == 0 {
		return nil, fmt.Errorf("there is no price in it")
	}
	return t, nil
}

// fields gives the first two of a line.
func fields(line string) (prefix, price string) {
	const separators = ",;\t"
	i := strings.IndexAny(line, separators)
	if i < 0 {
		return line, ""
	}
	price = line[i+1:]
	if j := strings.IndexAny(price, separators); j >= 0 {
		price = price[:j]
	}
	return unquoted(line[:i]), unquoted(price)
}

func unquoted(field string) string { return strings.Trim(strings.TrimSpace(field), `"`) }

func (t *Table) add(prefix, text string) error {
	key, digits := keyOf(strings.TrimPrefix(prefix, "+"))
	if digits == 0 {
		return fmt.Errorf("%q is no prefix of a number: want country code and digits, such as 49171", prefix)
	}
	p := out
	if text != "-" {
		var err error
		if p, err = Parse(text); err != nil {
			return fmt.Errorf("%q is no price: %w, or \"-\" where there is no way", text, err)
		}
	}
	if _, twice := t.prices[key]; twice {
		return fmt.Errorf("the prefix %s is there twice", prefix)
	}
	t.prices[key], t.digits[digits] = p, true
	return nil
}

// keyOf makes a number of digits of which no two texts make the same: a 1 stands
// in front. digits is 0 if the text is no prefix.
func keyOf(text string) (key uint64, digits int) {
	if len(text) == 0 || len(text) > longest {
		return 0, 0
	}
	key = 1
	for i := range len(text) {
		d := text[i] - '0'
		if d > 9 {
			return 0, 0
		}
		key = 10*key + uint64(d)
	}
	return key, len(text)
}

// Len is how many prefixes there are.
func (t *Table) Len() int { return len(t.prices) }

// Of gives the price of the longest prefix that the number, which begins with
// "+", has. listed is false if there is none, reached if it has no way.
func (t *Table) Of(number string) (p Price, listed, reached bool) {
	digits, plus := strings.CutPrefix(number, "+")
	if len(digits) > longest {
		digits = digits[:longest]
	}
	key, n := keyOf(digits)
	if !plus || n == 0 {
		return 0, false, false
	}
	power := uint64(1) // of ten, whose multiple the 1 in front stands for
	for range n {
		power *= 10
	}
	rest := key - power
	for ; n > 0; n-- {
		if t.digits[n] {
			if p, there := t.prices[power+rest]; there {
				return max(p, 0), true, p != out
			}
		}
		power, rest = power/10, rest/10
	}
	return 0, false, false
}
