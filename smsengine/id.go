package smsengine

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// MessageID names a message in every log line, trace and report. SourceID names
// what it came from. Both sort by the time they were made.
type (
	MessageID string
	SourceID  string
)

// Crockford's base 32, lower case: no i, l, o, u, so that an ID can be read
// aloud. Its order is that of the bytes.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// IDLen is the length of an ID in characters.
const IDLen = 26

// newID makes 48 bits of Unix milliseconds followed by 80 random bits.
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails (crypto/rand, Go 1.24)
	var out [IDLen]byte
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	for i := IDLen - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// NewMessageID makes an ID for a message accepted at the given time.
func NewMessageID(now time.Time) MessageID { return MessageID(newID(now)) }

// NewSourceID makes an ID for a source received at the given time.
func NewSourceID(now time.Time) SourceID { return SourceID(newID(now)) }
