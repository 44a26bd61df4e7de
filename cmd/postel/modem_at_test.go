package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postel-mail/postel/internal/testbed/modem"
)

// post runs a command in this process, with something on its standard input.
func post(t *testing.T, input string, args ...string) (code int, out, errw string) {
	t.Helper()
	var o, e strings.Builder
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code = run(ctx, &terminal{strings.NewReader(input), &o, &e}, args)
	return code, o.String(), e.String()
}

func TestModemAt(t *testing.T) {
	t.Parallel()
	m := modem.Start(t, modem.SIM800, modem.Options{})
	code, out, errw := post(t, "AT+CGMM\n\nat+csq\r\nAT+CMGF?;+CSCA?\nquit\nAT+CGMI\n", "modem", "at", m.Path())
	if want := "> AT+CGMM\nSIMCOM_SIM800L\nOK\n> at+csq\n+CSQ: 20,99\nOK\n> AT+CMGF?;+CSCA?\n+CMGF: 0\n+CSCA: \"+15555550199\",145\nOK\n"; code != 0 || out != want || errw != "" {
		t.Errorf("code %d, %s\n%s\nwant\n%s", code, errw, out, want)
	}
}

// What is refused does not reach the modem; what follows does.
func TestModemAtRefuses(t *testing.T) {
	t.Parallel()
	m := modem.Start(t, modem.E220, modem.Options{PIN: "4711"})
	code, out, _ := post(t, "AT+CPIN=\"4711\"\nAT+CMGS=20\nATZ\nAT+CMEE=1;+CFUN=1,1\n0891\nAT+CSQ", "modem", "at", m.Path())
	for _, want := range []string{
		"not sent: AT+CPIN uses up a try", "not sent: AT+CMGS sends or stores a text, which may cost money; --texts", "not sent: ATZ makes",
		"not sent: AT+CFUN switches the modem off or restarts it; --anything", "not sent: this does not begin with AT", "+CSQ: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("not there: %s", want)
		}
	}
	if code != 1 || strings.Contains(out, "4711") || len(m.SIM().Attempts()) != 0 || m.Count("AT+") != 1 {
		t.Errorf("code %d, %q\n%s", code, m.Commands(), out)
	}
}

// With --anything a PIN goes out, and shows nowhere.
func TestModemAtPIN(t *testing.T) {
	t.Parallel()
	m := modem.Start(t, modem.E220, modem.Options{PIN: "4711"})
	code, out, errw := post(t, "AT+CPIN=\"0000\"\nAT+CPIN=\n\"4711\"\nAT+CPIN?\n", "modem", "at", "--anything", m.Path())
	if got := strings.Join(m.SIM().Attempts(), " "); got != "0000 4711" {
		t.Errorf("tried %q", got)
	}
	if code != 1 || strings.Contains(out+errw, "4711") || strings.Contains(out+errw, "0000") || strings.Count(out, "> AT+CPIN=***\n") != 2 ||
		!strings.Contains(out, "+CPIN: READY\n") {
		t.Errorf("code %d\n%s%s", code, out, errw)
	}
}

func TestModemAtTexts(t *testing.T) {
	t.Parallel()
	const pdu = "0001000B915155550521F300000AE8329BFD4697D9EC37"
	m := modem.Start(t, modem.SIM800, modem.Options{})
	m.Fail("submit", modem.CMS(500))
	code, out, _ := post(t, "AT+CMGS=22\n"+pdu+"\nAT+CMGS=22\n"+pdu+"\nAT+CMGS=22\n\n", "modem", "at", "--texts", m.Path())
	if sent := m.WaitSent(1); sent[0].Text != "hellohello" || len(sent) != 1 {
		t.Errorf("sent %+v", sent)
	}
	if code != 1 || !strings.Contains(out, "> AT+CMGS=22\n> "+pdu+" Ctrl-Z\n+CMS ERROR: 500\n") || !strings.Contains(out, "+CMGS: ") || !strings.HasSuffix(out, "not sent: no body was given\n") {
		t.Errorf("code %d\n%s", code, out)
	}
}

// What the modem says by itself shows as it comes, also when the input has ended.
func TestModemAtListens(t *testing.T) {
	t.Parallel()
	m := modem.Start(t, modem.SIM800, modem.Options{USSD: map[string]string{"*100#": "Balance 5.00"}})
	in, feed := io.Pipe()
	out, written := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(t.Context(), &terminal{in, written, io.Discard}, []string{"modem", "at", m.Path(), "--wait", "1m"})
		written.Close()
	}()
	lines := bufio.NewScanner(out)
	await := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("not there: %s", want)
	}
	io.WriteString(feed, "AT+CNMI=2,1,0,0,0\n")
	await("OK")
	m.Receive("+15555550123", "hello")
	await(`* +CMTI: "SM",1`)
	io.WriteString(feed, "AT+CUSD=1,\"*100#\",15\n")
	await("* +CUSD: 0")
	feed.Close()
	m.Receive("+15555550123", "again")
	await(`* +CMTI: "SM",2`)
	m.Unplug()
	if code := <-done; code != 1 {
		t.Errorf("code %d", code)
	}
}

func TestModemAtTroubles(t *testing.T) {
	t.Parallel()
	deaf := modem.Start(t, modem.SIM800, modem.Options{})
	deaf.Fail("+COPS=?", modem.Silence())
	code, out, _ := post(t, "AT+COPS=?\nAT+CGMM\n", "modem", "at", "--timeout", "1s", deaf.Path())
	if code != 1 || !strings.Contains(out, "no answer within 1s: it may come late; --timeout waits longer") || !strings.Contains(out, "SIM800L") {
		t.Errorf("silent: code %d\n%s", code, out)
	}
	pulled := modem.Start(t, modem.E220, modem.Options{})
	pulled.Fail("+CSQ", modem.Unplugged())
	if code, _, errw := post(t, "AT+CSQ\nAT+CGMM\n", "modem", "at", pulled.Path()); code != 1 || !strings.Contains(errw, "the port is gone") {
		t.Errorf("pulled out: code %d, %s", code, errw)
	}
	frozen := modem.Start(t, modem.E220, modem.Options{})
	frozen.Freeze(false)
	if code, _, errw := post(t, "", "modem", "at", frozen.Path()); code != 1 || !strings.Contains(errw, "nothing answers to AT") {
		t.Errorf("frozen: code %d, %s", code, errw)
	}
	if code, _, errw := post(t, "", "modem", "at", "/dev/ttyUSB99"); code != 1 || !strings.Contains(errw, "/dev/ttyUSB99: there is no such port: see that") {
		t.Errorf("missing: code %d, %s", code, errw)
	}
	if code, _, errw := post(t, "", "modem", "at"); code != 2 || !strings.Contains(errw, "give the port") {
		t.Errorf("no port: code %d, %s", code, errw)
	}
}

// A running postel has its modem to itself, and it is said what to do.
func TestModemAtBusy(t *testing.T) {
	t.Parallel()
	m := modem.Start(t, modem.EC25, modem.Options{})
	postel, err := exec.LookPath("postel")
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command(postel, "modem", "at", m.Path())
	in, _ := holder.StdinPipe()
	out, _ := holder.StdoutPipe()
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer holder.Wait()
	defer in.Close()
	io.WriteString(in, "AT\n")
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "> AT\n" {
		t.Fatalf("the holder says %q", line)
	}
	for _, args := range [][]string{{"modem", "at", m.Path()}, {"modem", "probe", m.Path()}} {
		code, out, errw := post(t, "", args...)
		if said := out + errw; code != 1 || !strings.Contains(said, "postel (process ") || !strings.Contains(said, "systemctl stop postel") {
			t.Errorf("%q: code %d, %s", args, code, said)
		}
	}
}

// At a terminal a PIN that was asked for does not show, and one that was typed in
// the open is wiped.
func TestModemAtPerson(t *testing.T) {
	t.Parallel()
	m := modem.Start(t, modem.E220, modem.Options{PIN: "4711"})
	master, slave := openTerminal(t)
	var shown strings.Builder
	done := make(chan int, 1)
	go func() {
		done <- run(t.Context(), &terminal{slave, slave, slave}, []string{"modem", "at", m.Path(), "--anything"})
	}()
	read := bufio.NewReader(master)
	await := func(want string) {
		t.Helper()
		for from := shown.Len(); !strings.Contains(shown.String()[from:], want); {
			b, err := read.ReadByte()
			if err != nil {
				t.Fatalf("%q did not come: %v\n%s", want, err, shown.String())
			}
			shown.WriteByte(b)
		}
	}
	await("The modem answers.")
	io.WriteString(master, "AT+CPIN=\n")
	await("PIN: ")
	waitNoEcho(t, slave)
	io.WriteString(master, "0000\n")
	await("ERROR")
	io.WriteString(master, "AT+CPIN=\"4711\"\n")
	await("\x1b[1A\x1b[2KAT+CPIN=***")
	await("OK")
	io.WriteString(master, "quit\n")
	if code := <-done; code != 0 {
		t.Errorf("code %d", code)
	}
	if strings.Contains(shown.String(), "0000") || strings.Count(shown.String(), "4711") != 1 {
		t.Errorf("%q", shown.String())
	}
}

// openTerminal makes a pseudo terminal for a person.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err == nil {
		err = master.SetReadDeadline(time.Now().Add(30 * time.Second))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close(); master.Close() })
	return master, slave
}

// waitNoEcho waits until what is typed does not show.
func waitNoEcho(t *testing.T, f *os.File) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		modes, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if modes.Lflag&unix.ECHO == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it would show")
		}
	}
}
