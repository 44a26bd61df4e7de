package tpdu

import "github.com/postel-mail/postel/smsengine/sms"

// StatusReport says what became of a Submit (SMS-STATUS-REPORT, 3GPP TS 23.040 §9.2.2.3).
type StatusReport struct {
	More      bool // more wait in the service centre
	Loop      bool
	OfCommand bool    // it answers an SMS-COMMAND, and no text (TP-SRQ)
	Ref       byte    // of the Submit (TP-MR), as +CMGS told it
	To        Address // of the Submit (TP-RA); perhaps national where that was international, and the other way round
	Sent      Timestamp
	Done      Timestamp // TP-DT: when it was delivered, or last tried
	Status    byte      // TP-ST
	Content             // rarely there
}

// Name is "status-report".
func (*StatusReport) Name() string { return "status-report" }

// Cause says what the status means.
func (s *StatusReport) Cause() sms.Cause { return sms.TPStatus(s.Status) }

// Encode writes it, which only tests and emulators want.
func (s *StatusReport) Encode() ([]byte, error) {
	if _, err := s.Sent.Time(); err != nil {
		return nil, wrong("TP-SCTS", "%v", err)
	}
	if _, err := s.Done.Time(); err != nil {
		return nil, wrong("TP-DT", "%v", err)
	}
	first := typeStatus | bit(!s.More, noMore) | bit(s.Loop, loop) | bit(s.OfCommand, report) | bit(len(s.UDH) > 0, hasHeader)
	b, err := s.To.append([]byte{first, s.Ref}, fieldReported)
	if err != nil {
		return nil, err
	}
	b = append(b, s.Sent[:]...)
	b = append(b, s.Done[:]...)
	b = append(b, s.Status)
	if s.indicator() == 0 {
		return b, nil
	}
	return s.appendOptional(b)
}

func readStatusReport(r *reader, first byte) *StatusReport {
	s := &StatusReport{More: first&noMore == 0, Loop: first&loop != 0, OfCommand: first&report != 0}
	s.Ref = r.octet("TP-MR")
	s.To = r.address(fieldReported)
	s.Sent, s.Done = r.timestamp("TP-SCTS"), r.timestamp("TP-DT")
	s.Status = r.octet("TP-ST")
	r.optional(&s.Content, first&hasHeader != 0)
	return s
}

// DeliverReport is what a phone says of a Deliver (SMS-DELIVER-REPORT, 3GPP TS 23.040 §9.2.2.1a), as AT+CNMA takes it.
type DeliverReport struct {
	Failure byte // TP-FCS, 0x80 and above; 0: the phone took it
	Content
}

// Name is "deliver-report".
func (*DeliverReport) Name() string { return "deliver-report" }

// Encode writes it.
func (d *DeliverReport) Encode() ([]byte, error) {
	b, err := appendFailure([]byte{typeDeliver | bit(len(d.UDH) > 0, hasHeader)}, d.Failure)
	if err != nil {
		return nil, err
	}
	return d.appendOptional(b)
}

func readDeliverReport(r *reader, first byte) *DeliverReport {
	d := &DeliverReport{Failure: r.failure()}
	r.optional(&d.Content, first&hasHeader != 0)
	return d
}

// SubmitReport is what the service centre says of a Submit at once (SMS-SUBMIT-REPORT, 3GPP TS 23.040 §9.2.2.2a). Some
// modems show it behind +CMGS.
type SubmitReport struct {
	Failure byte      // TP-FCS, 0x80 and above; 0: the service centre took it
	Sent    Timestamp // with To and the Submit's reference the text's name in the service centre
	Content
}

// Name is "submit-report".
func (*SubmitReport) Name() string { return "submit-report" }

// Encode writes it, which only tests and emulators want.
func (s *SubmitReport) Encode() ([]byte, error) {
	if _, err := s.Sent.Time(); err != nil {
		return nil, wrong("TP-SCTS", "%v", err)
	}
	b, err := appendFailure([]byte{typeSubmit | bit(len(s.UDH) > 0, hasHeader)}, s.Failure)
	if err != nil {
		return nil, err
	}
	return s.appendBehind(append(append(b, s.indicator()), s.Sent[:]...))
}

func readSubmitReport(r *reader, first byte) *SubmitReport {
	s := &SubmitReport{Failure: r.failure()}
	indicator := r.indicator()
	s.Sent = r.timestamp("TP-SCTS")
	r.behind(&s.Content, indicator, first&hasHeader != 0)
	return s
}

// The parameter indicator (TP-PI, 3GPP TS 23.040 §9.2.3.27) tells which parameters stand at the end of a report.
const (
	hasPID         = 0x01
	hasDCS         = 0x02
	hasData        = 0x04
	indicatorGoOn  = 0x80
	fieldIndicator = "TP-PI"
)

// lowestFailure tells a failure cause from a parameter indicator, which stands in its place in a report of success.
const lowestFailure = 0x80

func appendFailure(b []byte, cause byte) ([]byte, error) {
	switch {
	case cause == 0:
		return b, nil
	case cause < lowestFailure:
		return nil, wrong("TP-FCS", "%#02x is reserved", cause)
	}
	return append(b, cause), nil
}

// failure reads the cause of a failure, if there is one.
func (r *reader) failure() byte {
	if r.left() > 1 && r.octets[r.at] >= lowestFailure {
		return r.octet("TP-FCS")
	}
	return 0
}

// indicator names what of the content is worth writing at the end of a report.
func (c Content) indicator() byte {
	return bit(c.PID != 0, hasPID) | bit(c.DCS != 0, hasDCS) | bit(len(c.UDH)+len(c.Data) > 0, hasData)
}

func (c Content) appendOptional(b []byte) ([]byte, error) {
	return c.appendBehind(append(b, c.indicator()))
}

func (c Content) appendBehind(b []byte) ([]byte, error) {
	indicator := c.indicator()
	if indicator&hasPID != 0 {
		b = append(b, c.PID)
	}
	if indicator&hasDCS != 0 {
		b = append(b, byte(c.DCS))
	}
	if indicator&hasData != 0 {
		return c.append(b)
	}
	return b, c.check()
}

// padding fills the records of a SIM behind the TPDU (3GPP TS 51.011 §10.5.3).
const padding = 0xff

// optional reads the end of a report, which may be missing.
func (r *reader) optional(c *Content, header bool) {
	if r.err == nil && r.left() > 0 && r.octets[r.at] != padding {
		r.behind(c, r.indicator(), header)
	}
}

func (r *reader) indicator() byte {
	first := r.octet(fieldIndicator)
	if first&^(hasPID|hasDCS|hasData|indicatorGoOn) != 0 {
		r.flaw(fieldIndicator, "reserved bits in %#02x", first)
	}
	for next := first; next&indicatorGoOn != 0 && r.err == nil; {
		next = r.octet(fieldIndicator)
	}
	return first
}

// behind reads the parameters that the indicator promises. Those that are missing are flaws: the report itself is
// whole.
func (r *reader) behind(c *Content, indicator byte, header bool) {
	for _, p := range []struct {
		bit  byte
		read func()
	}{
		{hasPID, func() { c.PID = r.octet("TP-PID") }},
		{hasDCS, func() { c.DCS = DCS(r.octet(fieldCoding)) }},
		{hasData, func() { r.data(c, header) }},
	} {
		if indicator&p.bit == 0 || r.err != nil {
			continue
		}
		if r.left() == 0 {
			r.flaw(fieldIndicator, "promises more than is there")
			return
		}
		p.read()
	}
}
