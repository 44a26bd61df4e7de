package at_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/sms/tpdu"
)

// session is a Conn with an emulated modem.
type session struct {
	*testing.T
	*at.Conn
	ctx context.Context
}

func connect(t *testing.T, m *modem.Modem) session {
	t.Helper()
	fd, err := unix.Open(m.Path(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	c := at.New(os.NewFile(uintptr(fd), m.Path()), at.Options{
		Settle: 20 * time.Millisecond, WithoutOK: 50 * time.Millisecond,
		Trace: func(l at.Trace) { t.Log(l) },
	})
	t.Cleanup(func() { c.Close(); <-c.Done() })
	return session{t, c, ctx}
}

func (s session) do(command string) at.Answer {
	s.Helper()
	a, err := s.Do(s.ctx, command)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

// heard gives the first of what the modem says by itself that has one of the names.
func (s session) heard(names ...string) at.Unsolicited {
	s.Helper()
	for {
		u, err := s.Next(s.ctx)
		if err != nil {
			s.Fatalf("%v did not come: %v", names, err)
		}
		if slices.Contains(names, u.Name) {
			return u
		}
	}
}

func parsed[A any](s session, command string, parse func(at.Answer) (A, error)) A {
	s.Helper()
	value, err := parse(s.do(command))
	if err != nil {
		s.Fatal(err)
	}
	return value
}

// All that a driver asks of a modem, with each of the emulator's, whose author knew nothing of this package: once in
// whole lines, once in pieces of a few octets.
func TestEmulatedModems(t *testing.T) {
	for _, p := range modem.Personalities {
		for _, chunk := range []int{0, 3} {
			t.Run(fmt.Sprintf("%s/%d", p.Name, chunk), func(t *testing.T) {
				m := modem.Start(t, p, modem.Options{PIN: "7391", Chunk: chunk, USSD: map[string]string{"*100#": "Balance: 7.50 EUR"}})
				s := connect(t, m)
				if err := s.Wake(s.ctx, 3); err != nil {
					t.Fatal(err)
				}
				begin(s)
				network(s)
				memories(s)
				receive(s, m)
				send(s, m)
				ussd(s)
			})
		}
	}
}

func begin(s session) {
	s.Helper()
	s.do("ATE0")
	s.do("AT+CMEE=1")
	if pin := parsed(s, "AT+CPIN?", at.ParsePIN); pin != at.SIMPIN {
		s.Fatalf("the SIM wants %s", pin)
	}
	if left := tries(s); left[at.SIMPIN] != 3 {
		s.Errorf("tries left: %v", left)
	}
	s.do(`AT+CPIN="7391"`)
	ready := func() bool {
		a, err := s.Do(s.ctx, "AT+CPIN?")
		pin, _ := at.ParsePIN(a)
		return err == nil && pin == at.Ready
	}
	for !ready() && s.ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond) // the emulated SIM is being read
	}
}

func tries(s session) map[at.PIN]int {
	s.Helper()
	for _, command := range at.TriesCommands {
		if a, err := s.Do(s.ctx, command); err == nil {
			if left, err := at.ParseTries(a); err == nil {
				return left
			}
		}
	}
	return nil
}

func network(s session) {
	s.Helper()
	for {
		r, err := at.ParseRegistration(s.do("AT+CREG?").Line("+CREG"))
		if err != nil {
			s.Fatal(err)
		}
		if r.Status.Registered() || s.ctx.Err() != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.do("AT+CREG=2")
	if r, err := at.ParseRegistration(s.do("AT+CREG?").Line("+CREG")); err != nil || r.Status != at.Home || r.Area == "" || r.Cell == "" {
		s.Errorf("registration: %+v, %v", r, err)
	}
	if signal := parsed(s, "AT+CSQ", at.ParseSignal); signal.RSSI > 31 {
		s.Errorf("signal: %+v", signal)
	}
	if o := parsed(s, "AT+COPS?", at.ParseOperator); o.Name == "" {
		s.Errorf("operator: %+v", o)
	}
	if centre := parsed(s, "AT+CSCA?", at.ParseServiceCentre); !strings.HasPrefix(centre, "+") {
		s.Errorf("service centre %s", centre)
	}
	parsed(s, "AT+CGSN", at.ParseIMEI)
	parsed(s, "AT+CIMI", at.ParseIMSI)
	for _, command := range []string{"AT+CGMI", "AT+CGMM", "AT+CGMR"} {
		if at.ParseIdentity(s.do(command)) == "" {
			s.Errorf("%s: nothing", command)
		}
	}
}

func memories(s session) {
	s.Helper()
	s.do("AT+CMGF=0")
	names := parsed(s, "AT+CPMS=?", at.ParseMemoryNames)
	if len(names) < 2 || !slices.Contains(names[0], "SM") {
		s.Fatalf("memories: %v", names)
	}
	command := "AT+CPMS=" + strings.TrimSuffix(strings.Repeat(`"SM",`, len(names)), ",")
	if all := parsed(s, command, at.ParseMemories); len(all) != len(names) || all[0].Used != 0 || all[0].Total < 5 {
		s.Errorf("chosen: %+v", all)
	}
	if all := parsed(s, "AT+CPMS?", at.ParseMemories); len(all) != len(names) || all[0].Name != "SM" {
		s.Errorf("in use: %+v", all)
	}
	ranges := parsed(s, "AT+CNMI=?", func(a at.Answer) ([][]int, error) { return at.ParseRanges(a, "+CNMI") })
	for _, chosen := range at.Indications(ranges) {
		_, err := s.Do(s.ctx, "AT+CNMI="+strings.Trim(strings.ReplaceAll(fmt.Sprint(chosen), " ", ","), "[]"))
		if err == nil && chosen[1] == 1 && chosen[3] != 0 {
			return
		}
	}
	s.Fatalf("indications: none of %v", ranges)
}

func receive(s session, m *modem.Modem) {
	s.Helper()
	texts := []string{"hello {€}", "Grüße, Жук \U0001f600"}
	for _, text := range texts {
		m.Receive("+15555550123", text)
		memory, index, err := at.ParsePlace(s.heard("+CMTI"))
		if err != nil || memory != "SM" {
			s.Errorf("stored in %s, %d: %v", memory, index, err)
		}
		stored, ok := at.ParseRead(s.do(fmt.Sprintf("AT+CMGR=%d", index)))
		if !ok {
			s.Fatalf("nothing at %d", index)
		}
		checkText(s, stored, text)
	}
	list := at.ParseList(s.do("AT+CMGL=4"))
	if len(list) != len(texts) {
		s.Fatalf("listed: %+v", list)
	}
	for i, stored := range list {
		checkText(s, stored, texts[i])
		s.do(fmt.Sprintf("AT+CMGD=%d", stored.Index))
		if a, err := s.Do(s.ctx, fmt.Sprintf("AT+CMGR=%d", stored.Index)); err == nil {
			if left, ok := at.ParseRead(a); ok {
				s.Errorf("left: %+v", left)
			}
		}
	}
}

func checkText(s session, stored at.Stored, want string) {
	s.Helper()
	line, err := tpdu.ParseLine(stored.PDU, stored.Length, tpdu.MobileTerminated)
	if err != nil || len(line.Flaws) > 0 {
		s.Fatalf("%+v: %v, %v", stored, err, line.Flaws)
	}
	d := line.TPDU.(*tpdu.Deliver)
	if text, err := d.Text(); err != nil || text != want || d.From.String() != "+15555550123" {
		s.Errorf("%q from %s, %v, want %q", text, d.From, err, want)
	}
}

func send(s session, m *modem.Modem) {
	s.Helper()
	to, err := tpdu.ParseAddress("+15555550123")
	if err != nil {
		s.Fatal(err)
	}
	split, err := sms.SplitText(strings.Repeat("Öfter {als} nötig: ", 12), sms.Options{Ref: 99})
	if err != nil {
		s.Fatal(err)
	}
	refs := map[byte]bool{}
	for _, part := range split.Parts {
		content, err := tpdu.NewContent(part, split.Alphabet, tpdu.NoClass)
		if err != nil {
			s.Fatal(err)
		}
		digits, length, err := tpdu.FormatLine(tpdu.Address{}, &tpdu.Submit{To: to, WantReport: true, Validity: tpdu.ValidFor(time.Hour), Content: content})
		if err != nil {
			s.Fatal(err)
		}
		a, err := s.Send(s.ctx, fmt.Sprintf("AT+CMGS=%d", length), digits)
		if err != nil {
			s.Fatal(err)
		}
		ref, err := at.ParseReference(a)
		if err != nil {
			s.Fatal(err)
		}
		refs[ref] = true
	}
	sent := m.WaitSent(len(split.Parts))
	for i, part := range sent {
		if part.Number != "+15555550123" || part.Text != split.Parts[i].Text || !part.ReportAsked || part.Ref != 99 || part.Seq != i+1 || part.Total != len(sent) {
			s.Errorf("sent %+v", part)
		}
	}
	for range sent {
		report(s, refs)
	}
	if len(refs) > 0 {
		s.Errorf("no report on %v", refs)
	}
	m.Fail("submit", modem.CMS(38))
	var failed *at.SendError
	if _, err := s.Send(s.ctx, "AT+CMGS=18", "0011000B915155550521F30000AA04D4F29C0E"); !errors.As(err, &failed) || failed.Cause().Class != sms.Temporary {
		s.Errorf("refused: %v", err)
	}
}

// report takes a status report, given at once or stored.
func report(s session, refs map[byte]bool) {
	s.Helper()
	u := s.heard("+CDS", "+CDSI", "+CMTI")
	pdu, length := u.PDU, at.ParseLength(u)
	if u.Name != "+CDS" {
		memory, index, err := at.ParsePlace(u)
		if err != nil {
			s.Fatal(err)
		}
		s.do(fmt.Sprintf(`AT+CPMS="%s"`, memory))
		stored, ok := at.ParseRead(s.do(fmt.Sprintf("AT+CMGR=%d", index)))
		if !ok {
			s.Fatalf("nothing at %d", index)
		}
		pdu, length = stored.PDU, stored.Length
	}
	line, err := tpdu.ParseLine(pdu, length, tpdu.MobileTerminated)
	if err != nil || len(line.Flaws) > 0 {
		s.Fatalf("%s: %v, %v", pdu, err, line.Flaws)
	}
	r := line.TPDU.(*tpdu.StatusReport)
	if !refs[r.Ref] || r.To.String() != "+15555550123" || r.Cause().Class != sms.OK {
		s.Errorf("%+v", r)
	}
	delete(refs, r.Ref)
}

func ussd(s session) {
	s.Helper()
	for _, code := range []string{"*100#", "AA180C3602"} { // as it is, then packed, as Huawei wants it
		if _, err := s.Do(s.ctx, `AT+CUSD=1,"`+code+`",15`); err != nil {
			continue
		}
		d, err := at.ParseUSSD(s.heard("+CUSD"))
		if err == nil && d.Text == "Balance: 7.50 EUR" {
			return
		}
	}
	s.Error("no balance")
}
