package probe

import (
	"errors"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

func (e *examination) identify() {
	words := func(command string) string {
		w, _ := answer(e, command, func(a at.Answer) (string, error) { return at.ParseIdentity(a), nil })
		return w
	}
	e.Manufacturer, e.Model, e.Revision = words("AT+CGMI"), words("AT+CGMM"), words("AT+CGMR")
	e.IMEI, _ = answer(e, "AT+CGSN", at.ParseIMEI)
}

// Numbers of +CME ERROR (3GPP TS 27.007 §9.2).
const (
	cmeNoSIM   = 10
	cmeSIMBusy = 14
)

// card asks for the state of the SIM card, and how often its PIN may be tried.
func (e *examination) card() {
	a, err := e.do("AT+CPIN?")
	if r, ok := errors.AsType[*at.ResultError](err); ok && r.Kind == at.CME {
		switch r.Code {
		case cmeNoSIM:
			e.SIM = Missing
		case cmeSIMBusy:
			e.note("the SIM card is still being read: run this once more in a minute")
		default:
			e.note("the modem has trouble with its SIM card: %s", r.Result)
		}
		return
	} else if err != nil {
		return
	}
	if e.SIM, err = at.ParsePIN(a); err != nil {
		e.note("the state of the SIM card cannot be read: %v", err)
		return
	}
	for _, command := range at.TriesCommands {
		if command == "AT^SPIC" && e.SIM != at.SIMPIN {
			continue // it would tell of something else
		}
		left, ok := answer(e, command, at.ParseTries)
		if !ok {
			continue
		}
		if n, ok := left[at.SIMPIN]; ok {
			e.PINTries = &n
		}
		if n, ok := left[at.SIMPUK]; ok {
			e.PUKTries = &n
		}
		break
	}
	if e.SIM.Open() {
		e.Number, _ = answer(e, "AT+CNUM", ownNumber)
	}
}

// ownNumber reads the answer to AT+CNUM (3GPP TS 27.007 §7.1): the first number.
func ownNumber(a at.Answer) (string, error) {
	for _, line := range a.Lines {
		name, fields := at.Fields(line)
		if name != "+CNUM" || len(fields) < 2 {
			continue
		}
		number := fields[1].Text
		if len(fields) > 2 && fields[2].Text == "145" && !strings.HasPrefix(number, "+") && number != "" {
			number = "+" + number
		}
		return number, nil
	}
	return "", nil
}

func (e *examination) network() {
	if s, ok := answer(e, "AT+CSQ", at.ParseSignal); ok {
		if dBm, known := s.DBm(); known {
			e.DBm = &dBm
		}
	}
	for _, name := range []string{"+CREG", "+CEREG", "+CGREG"} {
		r, ok := answer(e, "AT"+name+"?", func(a at.Answer) (at.Registration, error) { return at.ParseRegistration(a.Line(name)) })
		if ok && (e.Registration == nil || r.Status.Registered()) {
			e.Registration = &r
		}
		if ok && r.Status.Registered() {
			break
		}
	}
	if o, ok := answer(e, "AT+COPS?", at.ParseOperator); ok {
		e.Operator = o.Name
	}
}

func (e *examination) texts() {
	pdu, back := e.lent("+CMGF", 0)
	defer back()
	e.PDU = pdu
	e.ServiceCentre, _ = answer(e, "AT+CSCA?", at.ParseServiceCentre)
	e.Memories, _ = answer(e, "AT+CPMS?", at.ParseMemories)
	if a, err := e.do("AT+CNMI=?"); err == nil {
		e.Indicates = strings.TrimSpace(strings.TrimPrefix(a.Line("+CNMI"), "+CNMI:"))
		if ranges, err := at.ParseRanges(a, "+CNMI"); err == nil {
			e.Indications = first(at.Indications(ranges))
		}
	}
	if n, ok := answer(e, "AT+CSMS?", func(a at.Answer) (int, error) { return at.ParseNumber(a, "+CSMS") }); ok {
		e.MessageService = &n
	}
	_, e.KeepsLink = answer(e, "AT+CMMS=?", func(a at.Answer) ([][]int, error) { return at.ParseRanges(a, "+CMMS") })
}

// first writes the best choice as AT+CNMI takes it; "" where a text would not be told of.
func first(choices [][]int) string {
	if len(choices) == 0 || len(choices[0]) < 2 || choices[0][1] == 0 {
		return ""
	}
	words := make([]string, len(choices[0]))
	for i, n := range choices[0] {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// judge says what stands in the way of texts.
func (e *examination) judge() {
	switch e.SIM {
	case Missing:
		e.note("put a SIM card in")
	case at.SIMPIN:
		e.note("give its PIN in the configuration; a wrong one is tried only once")
	case at.SIMPUK:
		e.note("put the card into a phone and enter its PUK: Postel never does")
	}
	if r := e.Registration; r != nil && e.SIM.Open() {
		switch {
		case r.Status == at.Denied:
			e.note("the network refuses this SIM card: see in a phone that it is active and paid")
		case !r.Status.Registered():
			e.note("no network yet: see to the antenna, and run this once more in a minute")
		case r.Status.Roams():
			e.note("this is not the card's own network: texts may cost more; gateway.modem.roaming says whether they may go")
		}
	}
	if e.SIM.Open() && e.ServiceCentre == "" && e.broken == nil {
		e.note("the SIM card names no service centre: give its number as gateway.modem.service_centre")
	}
	for i, m := range e.Memories {
		if (i == 0 || i == 2) && m.Total > 0 && m.Used >= m.Total {
			e.note("memory %s is full: no text comes in until some are read, which Postel does when it runs", m.Name)
			break
		}
	}
}
