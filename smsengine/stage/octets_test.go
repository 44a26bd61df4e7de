package stage

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/sms"
)

// octets runs the stage size on a binary message.
func octets(data, udh []byte, params ...smsengine.Param) (smsengine.Message, error) {
	d := &smsengine.Draft{Now: now, Params: params, Terms: smsengine.Terms{MaxParts: 3}}
	d.Message = smsengine.Message{ID: "m1", Body: smsengine.Body{Alphabet: sms.Binary.String(), Data: data, UDH: udh}}
	err := Config{}.size(context.Background(), d)
	return d.Message, err
}

func TestBinaryParts(t *testing.T) {
	ports := []byte{0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0}
	m, err := octets([]byte{1, 2, 3}, ports)
	if err != nil || m.Cost != 1 || !bytes.Equal(m.Parts[0].Data, []byte{1, 2, 3}) || !bytes.Equal(m.Parts[0].UDH, append([]byte{6}, ports...)) {
		t.Errorf("%v, %+v", err, m.Parts)
	}
	m, err = octets(bytes.Repeat([]byte{7}, 300), ports)
	var whole []byte
	for i, p := range m.Parts {
		c, found, bad := sms.ParseUDH(p.UDH)
		if bad != nil || !found || c.Seq != i+1 || c.Total != 3 || !bytes.HasPrefix(p.UDH[1:], ports) {
			t.Errorf("part %d has the header % x: %+v, %v", i+1, p.UDH, c, bad)
		}
		whole = append(whole, p.Data...)
	}
	if err != nil || m.Cost != 3 || len(whole) != 300 {
		t.Errorf("%v, %d parts, %d octets", err, m.Cost, len(whole))
	}
	if m, err := octets(nil, ports); err != nil || m.Cost != 1 { // the header is all, as for a waiting message
		t.Errorf("a header alone: %v", err)
	}
}

func TestBinaryRefused(t *testing.T) {
	for name, c := range map[string]struct {
		data, udh []byte
		code      string
	}{
		"nothing":  {nil, nil, "5.6.0"},
		"too long": {make([]byte, 500), nil, "5.2.3"},
		"cut off":  {[]byte{1}, []byte{5, 4, 1}, "5.6.1"},
		"no room":  {[]byte{1}, make([]byte, 200), "5.6.1"},
	} {
		_, err := octets(c.data, c.udh)
		if e, ok := errors.AsType[*smsengine.Error](err); !ok || e.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// Other octets to the same number are no repetition.
func TestIdenticalBinary(t *testing.T) {
	period := func(b smsengine.Body) string {
		d := &smsengine.Draft{Now: now, Message: smsengine.Message{To: smsengine.Phone("+15555550123"), Body: b}}
		limitIdentical(d, smsengine.Mailbox("a@example.org"), smsengine.Rate{Parts: 1, Every: 3600e9}, smsengine.Address{})
		return d.Message.Charges[0].Counter.Period
	}
	one := period(smsengine.Body{Data: []byte{1}})
	if one == period(smsengine.Body{Data: []byte{2}}) || one == period(smsengine.Body{Data: []byte{1}, UDH: []byte{1, 0}}) ||
		one != period(smsengine.Body{Data: []byte{1}}) {
		t.Error("binary messages are told apart by their octets")
	}
}
