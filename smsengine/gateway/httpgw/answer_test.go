package httpgw

import (
	"io/fs"
	"net/http"
	"testing"

	"github.com/postel-mail/postel/contrib/gateways"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// FuzzRead: whatever anybody answers, it is some outcome, and accepted only with
// the name that receipts will be about.
func FuzzRead(f *testing.F) {
	ids, err := provider.List(files...)
	if err != nil {
		f.Fatal(err)
	}
	var all []*provider.Provider
	for _, id := range ids {
		p, err := provider.Load(id, []fs.FS{gateways.Files}...)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, p)
	}
	f.Add(200, "X-Id", "1", []byte(`{"messages":[{"status":"0","message-id":"1"},{"status":"9"}]}`), true)
	f.Add(202, "", "", []byte("0: Accepted for delivery"), true)
	f.Add(200, "", "", []byte("ERR: 301, No credit left"), true)
	f.Add(400, "", "", []byte(`{"code":21211,"message":"no"}`), true)
	f.Add(503, "Retry-After", "120", []byte(`{"ids":[1`), false)
	f.Fuzz(func(t *testing.T, status int, name, value string, body []byte, whole bool) {
		x := exchange{status: status, header: http.Header{name: {value}}, body: body, whole: whole}
		for _, p := range all {
			r := read(&p.Answer, x, "ours")
			a := &p.Answer
			switch {
			case r.Kind == "":
				t.Errorf("%s: no outcome", p.ID)
			case r.Kind == provider.Accepted && !whole:
				t.Errorf("%s: accepted by an answer of which a part is missing", p.ID)
			case r.Kind == provider.Accepted && r.id == "" && !a.ID.IsZero() && !a.IDOptional:
				t.Errorf("%s: accepted without a name", p.ID)
			}
		}
	})
}

func BenchmarkSend(b *testing.B) {
	f := newFake(b, says("HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\n0: Thanks "))
	g := known(b, "kannel")
	f.connect(g)
	d := delivery(b, g, nil)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := g.Send(b.Context(), d); err != nil {
				b.Error(err)
			}
		}
	})
}
