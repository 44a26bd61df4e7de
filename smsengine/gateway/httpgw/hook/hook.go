// Package hook reads what providers bring of themselves: texts from phones, and
// receipts for texts that were sent, as provider files say (package provider).
//
// A [Reader] turns one HTTP request into texts and reports, or into a [Refusal].
// Before anything in a request is believed, its signature is checked over the
// octets that came, with the provider's own time stamp where there is one. The
// reader keeps nothing and sends nothing; a [Handler] hands what it found to the
// engine, and says yes to the provider when it is durable, and not before.
//
// The same request again is the same text: it bears the provider's name for it,
// by which the engine's store knows it.
package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/template"
)

// Options are what a reader knows of its gateway.
type Options struct {
	Number   string            // ours: texts that name no recipient are for it
	Region   string            // of numbers that are written as at home, ISO 3166; "": none are
	Settings map[string]string // values of the provider file's needs
	Trust    Trust             // nil if the provider signs with no certificates
	Now      func() time.Time  // nil: time.Now
}

// Reader reads the requests of one gateway's provider. It is safe for concurrent
// use.
type Reader struct {
	provider *provider.Provider
	incoming *side // nil: there are no texts
	receipts *side // nil: there are no receipts
	envelope *envelope
	own      smsengine.Address
	region   string
	now      func() time.Time
}

// side is one half of a provider file, and how its requests are checked.
type side struct {
	*provider.Hook
	check verifier
}

// New makes a reader. The error says what the provider's settings lack.
func New(p *provider.Provider, o Options) (*Reader, error) {
	r := &Reader{provider: p, own: smsengine.Phone(o.Number), region: o.Region, now: o.Now}
	if r.now == nil {
		r.now = time.Now
	}
	var err error
	if in := p.Incoming; in != nil {
		r.incoming, err = r.newSide("incoming", &in.Hook, o)
	}
	if out := p.Receipts; out != nil && err == nil {
		r.receipts, err = r.newSide("receipts", &out.Hook, o)
	}
	return r, err
}

func (r *Reader) newSide(name string, h *provider.Hook, o Options) (*side, error) {
	s := &side{Hook: h}
	var err error
	if h.Signature.Kind == provider.SNSSignature {
		if topic, ok, _ := h.Signature.Key.Expand(template.Values{Settings: o.Settings}); h.Signature.Optional && (!ok || topic == "") {
			return nil, nil // anybody can have a topic: without the site's own, nothing is heard
		}
		if r.envelope, err = newEnvelope(h.Signature, o); err != nil {
			return nil, fmt.Errorf("%s.signature: %w", name, err)
		}
		s.check = signedEnvelope{}
		return s, nil
	}
	if s.check, err = newVerifier(h.Signature, o.Settings); err != nil {
		return nil, fmt.Errorf("%s.signature: %w", name, err)
	}
	return s, nil
}

// Request is what came, as the provider sent it.
type Request struct {
	Method string
	URL    *url.URL // absolute, as the provider knows it: some sign it
	Header http.Header
	Body   []byte
}

// Call is what a request says.
type Call struct {
	Texts   []smsengine.IncomingPart
	Reports []smsengine.ReceiptReport
	// Skipped says why there is more in the request than was understood. It never
	// will be, so that the provider need not come again for it.
	Skipped []string
	// Confirm is an address that has to be fetched, so that the provider knows that
	// its calls are wanted; "": none.
	Confirm string
	// Reply is what the provider gets when all of this is durable.
	Reply provider.Reply
}

// Empty reports whether there is nothing in it for anybody.
func (c *Call) Empty() bool {
	return len(c.Texts)+len(c.Reports)+len(c.Skipped) == 0 && c.Confirm == ""
}

// Refusal is a request of which nothing is believed, and what is answered.
type Refusal struct {
	Status int         // of HTTP
	Why    string      // for the log: no secrets, no texts, no numbers
	Header http.Header // of the answer; nil: nothing of its own
}

func (r *Refusal) Error() string { return r.Why }

func forged(format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Why: fmt.Sprintf(format, args...)}
}

// Read says what a request brings. The error is a [*Refusal].
func (r *Reader) Read(ctx context.Context, q Request) (*Call, error) {
	sides := r.sides(q.Method)
	if len(sides) == 0 {
		return nil, &Refusal{
			Status: http.StatusMethodNotAllowed, Why: "the provider does not come with this method",
			Header: http.Header{"Allow": r.methods()},
		}
	}
	c := r.newCaller(q)
	call := &Call{Reply: sides[0].Reply}
	if r.envelope != nil {
		done, err := r.envelope.open(ctx, c, call)
		if err != nil || done {
			return call, asRefusal(err)
		}
	}
	sides = concerned(sides, c)
	for _, s := range sides {
		if err := s.verify(c); err != nil {
			return nil, err
		}
	}
	for _, s := range sides {
		if !s.concerned(c) { // a signature may have brought what it is about
			continue
		}
		call.Reply = s.Reply
		for _, d := range c.doc.Each(s.Each) {
			if s.matches(d) {
				r.read(s, c, d, call)
			}
		}
	}
	if kind, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); call.Empty() && strings.HasSuffix(kind, "json") && !json.Valid(q.Body) {
		call.Skipped = append(call.Skipped, "a body that says that it is JSON, and is not")
	}
	return call, nil
}

// concerned are the halves of the file that a request is for; all, if it is for
// none, so that strangers are not even told that it means nothing.
func concerned(sides []*side, c *caller) []*side {
	all := slices.DeleteFunc(slices.Clone(sides), func(s *side) bool { return !s.concerned(c) })
	if len(all) == 0 {
		return sides
	}
	return all
}

// asRefusal keeps a nil *Refusal from becoming an error.
func asRefusal(err *Refusal) error {
	if err == nil {
		return nil
	}
	return err
}

func (r *Reader) read(s *side, c *caller, d *provider.Document, call *Call) {
	var err error
	if s == r.incoming {
		var text smsengine.IncomingPart
		if text, err = r.text(c, d); err == nil {
			call.Texts = append(call.Texts, text)
		}
	} else {
		var report smsengine.ReceiptReport
		if report, err = r.report(d); err == nil {
			call.Reports = append(call.Reports, report)
		}
	}
	if err != nil && !errors.Is(err, errNothing) {
		call.Skipped = append(call.Skipped, err.Error())
	}
}

// errNothing is what says nothing about a text.
var errNothing = errors.New("nothing")

// sides are those halves of the file that come with a method.
func (r *Reader) sides(method string) (all []*side) {
	for _, s := range []*side{r.incoming, r.receipts} {
		if s != nil && slices.Contains(s.methods(), method) {
			all = append(all, s)
		}
	}
	return all
}

// methods are all that the provider comes with.
func (r *Reader) methods() (all []string) {
	for _, s := range []*side{r.incoming, r.receipts} {
		if s != nil {
			all = append(all, s.methods()...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *side) methods() []string {
	if len(s.Methods) == 0 {
		return []string{http.MethodPost}
	}
	return s.Methods
}

// verify checks the signature, if the file or the site wants one.
func (s *side) verify(c *caller) error {
	if s.check == nil {
		return nil
	}
	return asRefusal(s.check.verify(c))
}
