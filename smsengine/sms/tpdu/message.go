package tpdu

// Deliver is a text from a phone (SMS-DELIVER, 3GPP TS 23.040 §9.2.2.1).
type Deliver struct {
	More       bool // more wait in the service centre (TP-MMS is 0)
	Loop       bool // it was forwarded (TP-LP)
	WantReport bool // the sender's phone will get a receipt (TP-SRI)
	ReplyPath  bool // an answer may go through the same service centre (TP-RP)
	From       Address
	Sent       Timestamp // when the service centre got it
	Content
}

// Name is "deliver".
func (*Deliver) Name() string { return "deliver" }

// Encode writes it, which only tests and emulators want.
func (d *Deliver) Encode() ([]byte, error) {
	if _, err := d.Sent.Time(); err != nil {
		return nil, wrong("TP-SCTS", "%v", err)
	}
	first := typeDeliver | bit(!d.More, noMore) | bit(d.Loop, loop) | bit(d.WantReport, report) |
		bit(len(d.UDH) > 0, hasHeader) | bit(d.ReplyPath, replyPath)
	b, err := d.From.append([]byte{first}, fieldSender)
	if err != nil {
		return nil, err
	}
	b = append(b, d.coding()...)
	b = append(b, d.Sent[:]...)
	return d.Content.append(b)
}

func readDeliver(r *reader, first byte) *Deliver {
	d := &Deliver{
		More: first&noMore == 0, Loop: first&loop != 0, WantReport: first&report != 0, ReplyPath: first&replyPath != 0,
	}
	d.From = r.address(fieldSender)
	d.PID, d.DCS = r.octet("TP-PID"), DCS(r.octet(fieldCoding))
	d.Sent = r.timestamp("TP-SCTS")
	r.data(&d.Content, first&hasHeader != 0)
	return d
}

// Submit is a text to a phone (SMS-SUBMIT, 3GPP TS 23.040 §9.2.2.2).
type Submit struct {
	RejectDuplicates bool // the service centre refuses one with the same Ref to the same phone (TP-RD)
	ReplyPath        bool // TP-RP
	WantReport       bool // a StatusReport is wanted (TP-SRR)
	Ref              byte // TP-MR; most modems put their own in its place, and tell it in +CMGS
	To               Address
	Validity         Validity
	Content
}

// Name is "submit".
func (*Submit) Name() string { return "submit" }

// Encode writes it.
func (s *Submit) Encode() ([]byte, error) {
	first := typeSubmit | bit(s.RejectDuplicates, rejectDup) | byte(s.Validity.Format)<<3&formatVP |
		bit(s.WantReport, report) | bit(len(s.UDH) > 0, hasHeader) | bit(s.ReplyPath, replyPath)
	b, err := s.To.append([]byte{first, s.Ref}, fieldRecipient)
	if err != nil {
		return nil, err
	}
	b = append(b, s.coding()...)
	if b, err = s.Validity.append(b); err != nil {
		return nil, err
	}
	return s.Content.append(b)
}

func readSubmit(r *reader, first byte) *Submit {
	s := &Submit{RejectDuplicates: first&rejectDup != 0, ReplyPath: first&replyPath != 0, WantReport: first&report != 0}
	s.Ref = r.octet("TP-MR")
	s.To = r.address(fieldRecipient)
	s.PID, s.DCS = r.octet("TP-PID"), DCS(r.octet(fieldCoding))
	s.Validity = r.validity(first)
	r.data(&s.Content, first&hasHeader != 0)
	return s
}
