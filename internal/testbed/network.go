package testbed

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"unicode/utf16"
)

// Network is a network of phones that takes texts by HTTP, one part in a
// request: GET ?from=&to=&text=&udh=&coding=&class=, where coding is 0 (text in
// UTF-8), 1 (octets) or 2 (text in UTF-16, big endian) and class 0 for what is
// shown at once. It answers "taken" and a number.
type Network struct {
	URL string // where texts are handed over, up to the "?"

	t       testing.TB
	mu      sync.Mutex
	parts   []Part
	changed chan struct{} // closed with the next part
	refused map[string]bool
	taken   func(Part) // is told of each part; nil: nobody is
}

// Part is an SMS that a phone got.
type Part struct {
	ID       string // the network's name for it
	From, To string
	Text     string // what it says; "" if it is octets
	Data     []byte // the octets, if it is
	UDH      []byte // its header, with the length in front
	UCS2     bool   // Text came as UTF-16
	Flash    bool   // it is shown at once
}

// NewNetwork starts a network for the time of a test.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	n := &Network{t: t, changed: make(chan struct{}), refused: map[string]bool{}}
	s := httptest.NewServer(n)
	t.Cleanup(s.Close)
	n.URL = s.URL + "/text"
	return n
}

// ServeHTTP takes a part.
func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := Part{From: q.Get("from"), To: q.Get("to"), UDH: []byte(q.Get("udh")), Flash: q.Get("class") == "0"}
	switch text := q.Get("text"); q.Get("coding") {
	case "1":
		p.Data = []byte(text)
	case "2":
		p.Text, p.UCS2 = fromUTF16(text), true
	default:
		p.Text = text
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.refused[p.To] {
		fmt.Fprint(w, "refused")
		return
	}
	p.ID = strconv.Itoa(len(n.parts) + 1)
	n.parts = append(n.parts, p)
	close(n.changed)
	n.changed = make(chan struct{})
	fmt.Fprint(w, "taken ", p.ID)
	if n.taken != nil {
		n.taken(p)
	}
}

// Refuse has the network refuse what is for a number from now on.
func (n *Network) Refuse(number string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refused[number] = true
}

// Parts are the SMS that phones have got so far.
func (n *Network) Parts() []Part {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.parts)
}

// WaitParts waits until phones have got so many SMS in all.
func (n *Network) WaitParts(number int) []Part {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	parts := n.Await(ctx, number)
	if len(parts) < number {
		n.t.Fatalf("testbed: phones have %d SMS after %v, want %d: %+v", len(parts), patience, number, parts)
	}
	return parts
}

// Await gives the SMS that phones have got, once there are so many or ctx has
// ended.
func (n *Network) Await(ctx context.Context, number int) []Part {
	for {
		n.mu.Lock()
		parts, changed := n.parts, n.changed
		n.mu.Unlock()
		if len(parts) >= number {
			return slices.Clone(parts)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return slices.Clone(parts)
		}
	}
}

func toUTF16(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

func fromUTF16(s string) string {
	units := make([]uint16, len(s)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16([]byte(s[2*i:]))
	}
	return string(utf16.Decode(units))
}
