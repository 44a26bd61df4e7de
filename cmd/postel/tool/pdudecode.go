package tool

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// asked is a line for pdu-decode.
type asked struct {
	PDU  *string `json:"pdu"`
	Dir  string  `json:"dir"`
	TPDU bool    `json:"tpdu"`
}

// decoded is what a PDU says. Only what applies is there.
type decoded struct {
	Type      string      `json:"type"`
	SMSC      string      `json:"smsc,omitempty"`
	Number    string      `json:"number,omitempty"`
	TOA       byte        `json:"toa,omitempty"`
	Text      *string     `json:"text,omitempty"`
	Data      *octets     `json:"data,omitempty"`
	Alphabet  string      `json:"alphabet,omitempty"`
	DCS       *byte       `json:"dcs,omitempty"`
	PID       *byte       `json:"pid,omitempty"`
	UDH       octets      `json:"udh,omitempty"`
	Timestamp *time.Time  `json:"timestamp,omitempty"`
	Concat    *concat     `json:"concat,omitempty"`
	Ports     []uint16    `json:"ports,omitempty"` // to, from
	Class     *tpdu.Class `json:"class,omitempty"`
	MR        *byte       `json:"mr,omitempty"`
	Receipt   bool        `json:"receipt,omitempty"`
	Status    *byte       `json:"status,omitempty"`
	Discharge *time.Time  `json:"discharge,omitempty"`
	Validity  *validity   `json:"validity,omitempty"`
	Failure   byte        `json:"failure,omitempty"` // TP-FCS of the reports by which a text is refused
	Flaws     []string    `json:"flaws,omitempty"`
}

type concat struct {
	Ref   uint16 `json:"ref"`
	Total int    `json:"total"`
	Seq   int    `json:"seq"`
}

const decodeUsage = `Reads a short message in PDU mode a line:

  {"pdu":"HEX","dir":"mt","tpdu":false}

dir is mt (from the network; what is left out means that) or mo (to it). tpdu true says that no
service centre stands in front. The answer has of these what applies:

  type           deliver, submit, status-report, deliver-report or submit-report
  smsc           the service centre
  number, toa    the other side, and its type of address; names are as they are
  text, data     the words; hexadecimal digits where they are none
  alphabet       gsm7, 8bit or ucs2
  dcs, pid, udh  as on the air, udh with its length octet, in hexadecimal digits
  timestamp      when the service centre got it, RFC 3339 in the zone that it names
  concat         {"ref","total","seq"} of one part of several
  ports          [to, from]
  class          0 (flash) to 3
  mr, receipt    the message reference; whether a status report is wanted
  status         of a status report, TP-ST; discharge is its time
  validity       seconds, or RFC 3339 where an end is named
  failure        TP-FCS of a report that refuses
  flaws          what is not as it should be, and was passed over

or {"error"}, and then the exit code is 1.
`

// PDUDecode answers each {"pdu"} on in with what it says. A line that cannot be read is answered with an error, and
// then the exit code is 1.
func PDUDecode(args []string, in io.Reader, out, errw io.Writer) int {
	flags := flag.NewFlagSet("postel tool pdu-decode", flag.ContinueOnError)
	flags.SetOutput(errw)
	flags.Usage = func() { fmt.Fprint(errw, decodeUsage) }
	return each(flags, args, "PDUs", `{"pdu"}`, in, out, errw, func(line string) (any, error) {
		var q asked
		if err := question(line, &q); err != nil {
			return nil, err
		}
		return q.decode()
	})
}

func (q asked) decode() (any, error) {
	if q.PDU == nil || *q.PDU == "" {
		return nil, errors.New(`"pdu" is missing: want the hexadecimal digits that a modem gives or takes`)
	}
	direction := tpdu.MobileTerminated
	switch q.Dir {
	case "", "mt":
	case "mo":
		direction = tpdu.MobileOriginated
	default:
		return nil, fmt.Errorf(`"dir" is %q: want "mt", from the network, or "mo", to it`, q.Dir)
	}
	read, form := tpdu.ParseTPDU, `without a service centre in front, for "tpdu" is true`
	if !q.TPDU {
		read = func(digits string, d tpdu.Direction) (tpdu.Line, error) { return tpdu.ParseLine(digits, -1, d) }
		form = `with a service centre in front: say "tpdu":true if there is none`
	}
	line, err := read(*q.PDU, direction)
	if err != nil {
		return nil, fmt.Errorf(`"pdu": %w (read %s)`, err, form)
	}
	return answer(line), nil
}

// answer says what a PDU says.
func answer(l tpdu.Line) decoded {
	d := decoded{Type: l.TPDU.Name(), SMSC: l.Service.String()}
	switch t := l.TPDU.(type) {
	case *tpdu.Deliver:
		d.address(t.From)
		d.Timestamp = moment(t.Sent)
		d.content(t.Content)
	case *tpdu.Submit:
		d.address(t.To)
		d.MR, d.Receipt = &t.Ref, t.WantReport
		if v := t.Validity; v.For != 0 || v.Format == tpdu.Absolute && moment(v.Until) != nil {
			d.Validity = &validity{v}
		}
		d.content(t.Content)
	case *tpdu.StatusReport:
		d.address(t.To)
		d.MR, d.Status = &t.Ref, &t.Status
		d.Timestamp, d.Discharge = moment(t.Sent), moment(t.Done)
		d.extra(t.Content)
	case *tpdu.DeliverReport:
		d.Failure = t.Failure
		d.extra(t.Content)
	case *tpdu.SubmitReport:
		d.Failure, d.Timestamp = t.Failure, moment(t.Sent)
		d.extra(t.Content)
	}
	for _, f := range l.Flaws {
		d.Flaws = append(d.Flaws, f.Error())
	}
	return d
}

func (d *decoded) address(a tpdu.Address) { d.Number, d.TOA = a.String(), a.TOA }

// extra is for what reports may carry and seldom do.
func (d *decoded) extra(c tpdu.Content) {
	if c.PID != 0 || c.DCS != 0 || c.UDH != nil || len(c.Data) > 0 {
		d.content(c)
	}
}

func (d *decoded) content(c tpdu.Content) {
	dcs := byte(c.DCS)
	d.DCS, d.PID, d.UDH = &dcs, &c.PID, c.UDH
	d.Alphabet = c.DCS.Alphabet().String()
	if c.DCS.Alphabet() == sms.Binary {
		d.Alphabet = "8bit"
	}
	if text, err := c.Text(); err == nil {
		d.Text = &text
	} else {
		d.Data = (*octets)(&c.Data)
	}
	if part, ok := c.Concat(); ok {
		d.Concat = &concat{part.Ref, part.Total, part.Seq}
	}
	if p, ok := c.Ports(); ok {
		d.Ports = []uint16{p.To, p.From}
	}
	if class := c.DCS.Class(); class != tpdu.NoClass {
		d.Class = &class
	}
}

// moment gives a time, or nil where the octets are none.
func moment(ts tpdu.Timestamp) *time.Time {
	if t, _ := ts.Time(); !t.IsZero() { // an error may come with a time, and is a flaw
		return &t
	}
	return nil
}
