package port_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postel-mail/postel/internal/testbed/modem"
	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

// TestMain makes this binary a program that has a port open until its standard
// input ends.
func TestMain(m *testing.M) {
	name := os.Getenv("HOLD")
	if name == "" {
		os.Exit(m.Run())
	}
	p, err := port.Open(name, 0)
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("open\n")
	_, _ = bufio.NewReader(os.Stdin).ReadString(0)
	p.Close()
}

func open(t *testing.T, name string) (p interface {
	Read([]byte) (int, error)
	Write([]byte) (int, error)
	Close() error
}) {
	t.Helper()
	p, err := port.Open(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestDialogue(t *testing.T) {
	m := modem.Start(t, modem.SIM800, modem.Options{})
	for range 3 { // a port that was closed can be opened again
		p := open(t, m.Path())
		c := at.New(p, at.Options{Settle: 20 * time.Millisecond})
		if err := c.Wake(context.Background(), 3); err != nil {
			t.Fatal(err)
		}
		if a, err := c.Do(context.Background(), "AT+CGMM"); err != nil || at.ParseIdentity(a) != "SIMCOM_SIM800L" {
			t.Fatalf("%v, %v", a, err)
		}
		c.Close()
	}
}

func TestSpeeds(t *testing.T) {
	m := modem.Start(t, modem.SIM800, modem.Options{})
	for _, baud := range []int{9600, 921600, 250000} {
		p, err := port.Open(m.Path(), baud)
		if err != nil {
			t.Fatalf("%d: %v", baud, err)
		}
		p.Close()
	}
}

// Reads end when the modem is pulled out, and when we close the port.
func TestEnds(t *testing.T) {
	m := modem.Start(t, modem.E220, modem.Options{})
	for name, end := range map[string]func(close func() error){
		"closed":    func(close func() error) { close() },
		"unplugged": func(func() error) { m.Unplug() },
	} {
		p := open(t, m.Path())
		ended := make(chan error, 1)
		go func() {
			for {
				if _, err := p.Read(make([]byte, 100)); err != nil {
					ended <- err
					return
				}
			}
		}()
		end(p.Close)
		select {
		case err := <-ended:
			if name == "closed" && !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: Read goes on", name)
		}
		if _, err := p.Write([]byte("AT\r")); err == nil {
			t.Errorf("%s: a write goes through", name)
		}
		p.Close()
		m.Plug()
	}
}

// Two of us cannot have one port, in one process or in two; who has it is said.
func TestBusy(t *testing.T) {
	m := modem.Start(t, modem.EC25, modem.Options{})
	p := open(t, m.Path())
	_, err := port.Open(m.Path(), 0)
	if e, ok := errors.AsType[*port.Error](err); !ok || e.Kind != port.Busy || len(e.Holders) != 0 {
		t.Fatalf("opened twice: %v", err)
	}
	p.Close()

	hold := exec.Command(os.Args[0])
	hold.Env = append(os.Environ(), "HOLD="+m.Path())
	in, _ := hold.StdinPipe()
	out, _ := hold.StdoutPipe()
	if err := hold.Start(); err != nil {
		t.Fatal(err)
	}
	defer hold.Wait()
	defer in.Close()
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the other process says %q", line)
	}
	_, err = port.Open(m.Path(), 0)
	e, ok := errors.AsType[*port.Error](err)
	if !ok || e.Kind != port.Busy || len(e.Holders) != 1 || e.Holders[0].PID != hold.Process.Pid || !strings.Contains(err.Error(), "port.test (process ") {
		t.Fatalf("%+v", err)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, says string
		kind       port.Kind
	}{
		{filepath.Join(dir, "none"), "none: there is no such port: see that the modem is plugged in", port.Missing},
		{dir, "not usable as a serial port", port.Unusable},
		{plain, "inappropriate ioctl for device): choose another port", port.Unusable},
	} {
		_, err := port.Open(c.name, 0)
		if e, ok := errors.AsType[*port.Error](err); !ok || e.Kind != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if b, _ := os.ReadFile(plain); string(b) != "text" {
		t.Errorf("the file is %q now", b)
	}
}

func TestWords(t *testing.T) {
	denied := &port.Error{Port: "/dev/null", Kind: port.Denied, Err: syscall.EACCES}
	if !strings.Contains(denied.Error(), "group dialout (as root: usermod -aG dialout ") || !errors.Is(denied, syscall.EACCES) {
		t.Error(denied)
	}
	for name, want := range map[string]string{
		"ModemManager": "70-postel-modem.rules", "postel": "systemctl stop postel", "minicom": "ps -fp 7",
	} {
		busy := &port.Error{Port: "/dev/ttyUSB0", Kind: port.Busy, Holders: []port.Holder{{PID: 7, Name: name}}}
		if s := busy.Error(); !strings.HasPrefix(s, "/dev/ttyUSB0: "+name+" (process 7) has the port: ") || !strings.Contains(s, want) {
			t.Error(s)
		}
	}
}
