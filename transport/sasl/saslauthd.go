package sasl

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
)

// saslauthd asks the daemon of Cyrus SASL. A question is four strings, each
// behind its length in two octets: user, password, service, realm. The answer is
// one: "OK", or "NO" and a reason. Then the daemon hangs up.
type saslauthd struct {
	service string
	dial    func(context.Context) (net.Conn, error)
}

// maxAnswer bounds an answer in octets. Cyrus reads 1024.
const maxAnswer = 1024

func (s saslauthd) ask(ctx context.Context, q question) (verdict, error) {
	c, err := s.dial(ctx)
	if err != nil {
		return unsure, err
	}
	defer c.Close()
	release, err := within(ctx, c)
	if err != nil {
		return unsure, err
	}
	defer release()
	if _, err := c.Write(s.request(q)); err != nil {
		return unsure, err
	}
	return readAnswer(c)
}

// request is the question. A domain behind the user's name is its realm, as
// libsasl2 has it.
func (s saslauthd) request(q question) []byte {
	user, realm := q.user, ""
	if at := strings.LastIndexByte(q.user, '@'); at > 0 {
		user, realm = q.user[:at], q.user[at+1:]
	}
	var b []byte
	for _, part := range []string{user, q.password, s.service, realm} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(part)))
		b = append(b, part...)
	}
	return b
}

// readAnswer reads the daemon's answer. Its reasons are words of its backends:
// it has no way to say that one of them is out of order, so NO is a refusal.
func readAnswer(r io.Reader) (verdict, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return unsure, err
	}
	n := int(binary.BigEndian.Uint16(size[:]))
	if n < 2 || n > maxAnswer {
		return unsure, errors.New("the answer has an impossible length")
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return unsure, err
	}
	switch word, _, _ := bytes.Cut(bytes.TrimRight(text, "\x00"), []byte(" ")); string(word) {
	case "OK":
		return right, nil
	case "NO":
		return wrong, nil
	}
	return unsure, errors.New("the answer is not of the protocol")
}
