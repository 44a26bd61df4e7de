package milter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Sendmail asks the Guard in its socketmap protocol (also socketmap_table(5) of
// Postfix): netstrings, "name key" and "status data". The key is the client's
// address and port, "192.0.2.7/4711". Sendmail asks about phones only, and only
// whether the milter sees the client's mail: NOTFOUND if so. No answer is
// temporary for Sendmail, as it is for Postfix.

// maxQuestion is the longest question, in octets.
const maxQuestion = 1000

// isSocketmap tells a question of Sendmail, which begins with its length, from
// a request of Postfix, which begins with a name.
func isSocketmap(first byte) bool { return first >= '0' && first <= '9' }

// lookUp answers one question of Sendmail.
func (g *Guard) lookUp(r *bufio.Reader, w io.Writer) error {
	question, err := readNetstring(r)
	if err != nil {
		return err
	}
	_, key, _ := strings.Cut(question, " ")
	client, port, _ := strings.Cut(key, "/")
	answer := "NOTFOUND "
	if g.Seen != nil && !g.Seen.sees(address(client), port) {
		g.Log.Warn("a mail for a phone is not seen by the milter", "peer", client)
		answer = "OK unseen"
	}
	_, err = fmt.Fprintf(w, "%d:%s,", len(answer), answer)
	return err
}

var errNotNetstring = errors.New("not a netstring")

func readNetstring(r *bufio.Reader) (string, error) {
	length, err := r.ReadSlice(':')
	if err != nil {
		return "", err
	}
	n, err := strconv.ParseUint(string(length[:len(length)-1]), 10, 32)
	if err != nil || n > maxQuestion {
		return "", errNotNetstring
	}
	b := make([]byte, n+1)
	if _, err := io.ReadFull(r, b); err != nil {
		return "", err
	}
	if b[n] != ',' {
		return "", errNotNetstring
	}
	return string(b[:n]), nil
}
