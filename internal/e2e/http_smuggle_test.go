package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A request whose end can be read in two ways is refused, or is the last one on its
// connection: what may be another request behind it, hidden from a proxy, is never
// answered. A path has one spelling.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	url := s.openHTTP("")
	s.withShop()
	shop := s.program(url)
	address := strings.TrimPrefix(url, "http://")
	hidden := fmt.Sprintf("GET /sms/?number=%s&data=hidden&user=shop&pass=%s HTTP/1.1\r\nHost: %s\r\n\r\n", "%2B15551234568", serverPassword, address)
	post := "POST /sms/ HTTP/1.1\r\nHost: " + address + "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for name, request := range map[string]string{
		"both lengths":           post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"both, the other way":    post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
		"two lengths":            post + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + hidden,
		"a list of lengths":      post + "Content-Length: 0, 5\r\n\r\n" + hidden,
		"a signed length":        post + "Content-Length: +0\r\n\r\n" + hidden,
		"a negative length":      post + "Content-Length: -1\r\n\r\n" + hidden,
		"a length in hex":        post + "Content-Length: 0x0\r\n\r\n" + hidden,
		"an unknown coding":      post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden,
		"two codings":            post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden,
		"a list of codings":      post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a vertical tab":         post + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + hidden,
		"a space before the :":   post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a line that is none":    post + "Content-Length\r\n\r\n" + hidden,
		"a CR in a value":        post + "X: y\rContent-Length: 5\r\n\r\n" + hidden,
		"a NUL in a value":       post + "X: y\x00\r\n\r\n" + hidden,
		"HTTP/1.0 with chunks":   strings.Replace(post, "1.1", "1.0", 1) + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a chunk of hex":         post + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + hidden,
		"a chunk without end":    post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n" + hidden,
		"a chunk that is longer": post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz0\r\n\r\n" + hidden,
		"two hosts":              strings.Replace(post, "\r\n", "\r\nHost: other\r\n", 1) + "Content-Length: 0\r\n\r\n" + hidden,
		"no host":                "POST /sms/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n" + hidden,
		"a body of nothing":      "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n" + hidden,
		"a body of a GET":        fmt.Sprintf("GET /sms/ HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(hidden), hidden),
		"HTTP/2 in clear":        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden,
		"an upgrade":             "GET /sms/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 400\r\n\r\n" + hidden,
	} {
		t.Run(name, func(t *testing.T) {
			if answers := exchange(t, address, request); len(answers) > 1 {
				t.Errorf("there are %d answers: %v", len(answers), answers)
			}
		})
	}
	query := "number=%2B15551234568&data=hidden&user=shop&pass=" + serverPassword
	for _, path := range []string{
		"//sms/", "/./sms/", "/x/../sms/", "/v1/../sms/", "/sms/../sms/", "/sms//", "/SMS/", "/sms;x/", "/sms%2f", "/sms%00/", "/%2e/sms/",
		"/v1/%2e%2e/sms/", "/sms/deliver.html/..", "\\sms\\", "/sms/.", "/sms/%2e%2e/sms/", "/%73ms/", "*",
	} {
		answers := exchange(t, address, fmt.Sprintf("GET %s?%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, query, address))
		if len(answers) != 1 || answers[0] != 404 && answers[0] != 400 && answers[0] != 403 {
			t.Errorf("%s is answered %v", path, answers)
		}
	}
	if status, words := shop.do(http.MethodGet, "/sms/?"+strings.Replace(query, "hidden", "seen", 1), ""); status != 200 {
		t.Errorf("%d %s", status, words)
	}
	if got := s.inbox(bob, 1); got[0].Text != "seen" || len(got) > 1 {
		t.Errorf("the phone has %+v", got)
	}
	s.settle()
	if got := s.inbox(bob, 1); len(got) != 1 {
		t.Errorf("the phone has %+v", got)
	}
}

// exchange writes a request as it is, and gives the status of each answer until
// the other side ends the connection, or has nothing more to say.
func exchange(t *testing.T, address, request string) (answers []int) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	silent := time.AfterFunc(time.Second, func() { // whoever still waits for the rest of a request hears that there is none
		_ = c.(*net.TCPConn).CloseWrite()
	})
	defer silent.Stop()
	r := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		answers = append(answers, resp.StatusCode)
	}
}
