package httpgw

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine/gateway/gatewaytest"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw/provider"
)

// callingCompany is a company like Twilio that calls back: with texts from
// phones, and with what became of those that it took. It comes again until it
// hears yes.
type callingCompany struct {
	*company
	t       *testing.T
	gateway *Gateway
	calls   atomic.Int64
}

// undeliverable is a number whose texts the company takes and cannot deliver.
const undeliverable = "+15555550199"

// ServeHTTP takes a text, and says later what became of it.
func (c *callingCompany) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	c.company.ServeHTTP(answer, r)
	var taken struct{ SID string }
	if answer.Code == http.StatusCreated && json.Unmarshal(answer.Body.Bytes(), &taken) == nil {
		status := url.Values{"MessageSid": {taken.SID}, "To": r.Form["To"], "MessageStatus": {"delivered"}}
		if r.Form.Get("To") == undeliverable {
			status["MessageStatus"], status["ErrorCode"] = []string{"undelivered"}, []string{"30005"}
		}
		c.call(r.Form.Get("StatusCallback"), status)
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// post sends a text from a phone.
func (c *callingCompany) post(from, text string) {
	c.call(c.gateway.settings[provider.VarIncoming], url.Values{
		"MessageSid": {fmt.Sprintf("SM%032x", c.calls.Add(1))}, "From": {from}, "To": {ours}, "Body": {text}, "NumMedia": {"0"},
	})
}

// call brings fields until the gateway says yes or the test ends.
func (c *callingCompany) call(at string, fields url.Values) {
	at, _, _ = strings.Cut(at, "#")
	signed := at
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		signed += name + fields.Get(name)
	}
	m := hmac.New(sha1.New, []byte(c.gateway.settings["auth_token"]))
	m.Write([]byte(signed))
	go func() {
		for c.t.Context().Err() == nil {
			r := httptest.NewRequest(http.MethodPost, at, strings.NewReader(fields.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(m.Sum(nil)))
			w := httptest.NewRecorder()
			c.gateway.Hook().ServeHTTP(w, r)
			if w.Code/100 == 2 {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
}

func TestDriverHears(t *testing.T) {
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Fixture {
		c := &callingCompany{company: newCompany(), t: t, gateway: known(t, "twilio")}
		server := httptest.NewTLSServer(c)
		t.Cleanup(server.Close)
		for _, name := range []string{provider.VarIncoming, provider.VarReceipts} {
			c.gateway.settings[name] = "https://sms.example.org/hooks/office/abcdefghijklmnopqrstuvwxyz234567"
		}
		(&fake{plain: server.Listener, secure: server.Listener}).connect(c.gateway)
		return gatewaytest.Fixture{
			Gateway: c.gateway, ID: "office", Number: ours, Arrived: c.arrived, NoBinary: true,
			Fail: c.unlucky, Post: c.post, Receipts: true, Undeliverable: undeliverable,
		}
	})
}

// A provider that brings nothing has no address to bring it to.
func TestNothingToHear(t *testing.T) {
	g := known(t, "routo")
	if g.Hook() != nil {
		t.Error("it has a hook")
	}
}
