package mailbridge

import (
	"bytes"
	"encoding/base64"
	"mime/quotedprintable"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever octets are encoded, however the encoding is cut into lines and what
// noise stands between, they come back.
func TestBase64(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octets := rapid.SliceOf(rapid.Byte()).Draw(t, "octets")
		encoding := rapid.SampledFrom([]*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding}).Draw(t, "encoding")
		text := encoding.EncodeToString(octets)
		decoder := newTransfer("base64")
		var got []byte
		for text != "" {
			n := rapid.IntRange(1, len(text)).Draw(t, "line")
			noise := rapid.StringMatching(`[ !*\t]{0,2}`).Draw(t, "noise")
			got = decoder.decode(decoder, got, []byte(text[:n]+noise+"\r\n"))
			text = text[n:]
		}
		if !bytes.Equal(got, octets) {
			t.Errorf("got %x, want %x", got, octets)
		}
	})
}

func TestQuotedPrintable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-zü€= \t]{0,90}\n){0,5}`).Draw(t, "text")
		var encoded bytes.Buffer
		w := quotedprintable.NewWriter(&encoded)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		decoder := newTransfer("quoted-printable")
		var got []byte
		for line := range strings.Lines(encoded.String()) {
			got = decoder.decode(decoder, got, []byte(line))
		}
		if string(got) != text {
			t.Errorf("got %q, want %q", got, text)
		}
	})
}

func TestUUEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octets := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "octets")
		lines := []string{"begin 644 a", uuEncoded(octets), "`", "end", "more"}
		decoder := newTransfer("x-uuencode")
		var got []byte
		for line := range strings.Lines(strings.Join(lines, "\n")) {
			if decoder.over {
				break
			}
			got = decoder.decode(decoder, got, []byte(line))
		}
		if !bytes.Equal(got, octets) {
			t.Errorf("got %x, want %x", got, octets)
		}
	})
}

// uuEncoded writes lines of at most 45 octets; spaces at their ends are lost.
func uuEncoded(octets []byte) string {
	var lines []string
	for len(octets) > 0 {
		n := min(len(octets), 45)
		line := []byte{byte(' ' + n)}
		for i := 0; i < n; i += 3 {
			var three [3]byte
			copy(three[:], octets[i:n])
			for _, six := range []byte{three[0] >> 2, three[0]<<4&0x30 | three[1]>>4, three[1]<<2&0x3c | three[2]>>6, three[2] & 0x3f} {
				line = append(line, ' '+six)
			}
		}
		lines = append(lines, strings.TrimRight(string(line), " "))
		octets = octets[n:]
	}
	return strings.Join(lines, "\n")
}
