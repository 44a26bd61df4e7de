package transport

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

func TestHTTP(t *testing.T) {
	permanent := func(code string) error { return smsengine.Fail("x", smsengine.Permanent, code, "words", nil) }
	temporary := func(code string) error { return smsengine.Fail("x", smsengine.Temporary, code, "words", nil) }
	for _, c := range []struct {
		err  error
		code int
		wait time.Duration
	}{
		{nil, 200, 0},
		{permanent("5.1.3"), 400, 0},
		{&phone.Error{Code: "5.1.3", Text: "bad"}, 400, 0},
		{permanent("5.5.4"), 400, 0},
		{permanent("5.7.8"), 401, 0},
		{permanent("5.7.1"), 403, 0},
		{permanent("5.2.2"), 403, 0},
		{permanent("5.2.3"), 413, 0},
		{permanent("5.3.4"), 413, 0},
		{permanent("5.6.1"), 422, 0},
		{permanent("5.9.9"), 422, 0},
		{permanent("rubbish"), 422, 0},
		{temporary("4.7.1"), 429, time.Minute},
		{temporary("4.2.2"), 429, time.Minute},
		{temporary("4.3.0"), 503, 30 * time.Second},
		{temporary(""), 503, 30 * time.Second},
		{smsengine.Fail("x", smsengine.Uncertain, "4.4.2", "words", nil), 503, 30 * time.Second},
		{errors.New("nobody classified it"), 503, 30 * time.Second},
		{fmt.Errorf("read: %w", smsengine.ErrNotFound), 404, 0},
		{smsengine.ErrTransition, 409, 0},
		{smsengine.ErrChanged, 409, 0},
		{smsengine.Fail("x", smsengine.Permanent, "5.5.1", "not now", smsengine.ErrTransition), 409, 0},
	} {
		code, s, wait := HTTP(c.err)
		if code != c.code || wait != c.wait || c.err != nil && (s.Text == "" || s.Class == smsengine.OK) {
			t.Errorf("%v: %d %+v %s, want %d", c.err, code, s, wait, c.code)
		}
	}
}
