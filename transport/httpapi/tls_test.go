package httpapi

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Over TLS it speaks HTTP/2 with those that do, and secrets are private there.
func TestHTTP2(t *testing.T) {
	other := httptest.NewUnstartedServer(nil) // for its certificate
	other.EnableHTTP2 = true
	other.StartTLS()
	defer other.Close()
	b := newBed(t, func(o *Options) { o.PlainAuth, o.TLS = false, &tls.Config{Certificates: other.TLS.Certificates} })
	address := b.serve(t, 0)
	client := other.Client()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 20 {
				req, _ := http.NewRequest(http.MethodPost, "https://"+address+"/office/", strings.NewReader(strings.Repeat("x", 50000)))
				req.SetBasicAuth("john", "hush")
				res, err := client.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.ProtoMajor != 2 || string(body) != "hello john" {
					t.Errorf("%s %d %s", res.Proto, res.StatusCode, body)
				}
			}
		})
	}
	all.Wait()
	client.CloseIdleConnections()
	plain := &http.Client{Transport: &http.Transport{TLSClientConfig: client.Transport.(*http.Transport).TLSClientConfig.Clone(), TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}}
	plain.Transport.(*http.Transport).TLSClientConfig.NextProtos = []string{"http/1.1"}
	defer plain.CloseIdleConnections()
	if res, err := plain.Get("https://" + address + "/healthz"); err != nil || res.ProtoMajor != 1 {
		t.Errorf("HTTP/1.1: %v %v", res, err)
	} else {
		res.Body.Close()
	}
}
