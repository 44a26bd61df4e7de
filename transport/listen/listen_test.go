package listen

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open opens a socket for the test.
func open(t *testing.T, spec string, o Options) *Listener {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet()
	}
	l, err := Open(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func dial(t *testing.T, l *Listener) net.Conn {
	t.Helper()
	c, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// refused wants the connection to be closed by the server.
func refused(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("got %d octets, %v, want an end", n, err)
	}
}

// echo serves each connection: it is idle between lines. For "slow" it takes a
// value from the channel when it begins, and one before it reads another line,
// which it also answers.
func echo(l *Listener, slow <-chan struct{}) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			c := c.(*Conn)
			defer c.Close()
			for {
				c.SetIdle(true)
				line, err := c.Reader.ReadString('\n')
				c.SetIdle(false)
				if errors.Is(err, ErrDrain) {
					io.WriteString(c, "bye\n")
				}
				if err != nil {
					return
				}
				if line == "slow\n" {
					<-slow
					<-slow
					more, _ := c.Reader.ReadString('\n')
					line += more
				}
				io.WriteString(c, line)
			}
		}()
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := "unix:" + filepath.Join(t.TempDir(), "taken")
	open(t, taken, Options{})
	for spec, want := range map[string]string{
		"":                       "want unix:/path or inet:host:port",
		"/run/postel":            "want unix:/path or inet:host:port",
		"unix:":                  "want unix:/path or inet:host:port",
		"tcp:127.0.0.1:0":        "want unix:/path or inet:host:port",
		"inet:127.0.0.1":         "missing port",
		"unix:/nowhere/at/all":   "no such file or directory",
		"unix:" + file:           "not a socket",
		taken:                    "another process listens there",
		"unix:/tmp/" + long(120): "invalid argument",
	} {
		if _, err := Open(spec, Options{Log: quiet()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, want %q", spec, err, want)
		}
	}
	if _, err := Open(taken+"2", Options{Peers: []string{"nobody-of-that-name"}}); err == nil || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("unknown peer: %v", err)
	}
	if _, err := Open(taken+"2", Options{Group: "nobody-of-that-name"}); err == nil || !strings.Contains(err.Error(), "no such group") {
		t.Errorf("unknown group: %v", err)
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestSocketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	// A socket that nobody answers on, as a crash leaves it.
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()

	l := open(t, "unix:"+path, Options{Mode: 0o600, Owner: strconv.Itoa(os.Getuid()), Group: strconv.Itoa(os.Getgid())})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("files left: %v", names)
	}
	l.Close()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("file is left after Close: %v", err)
	}
}

// A server that ends late must not take the socket of the one that followed.
func TestCloseLeavesTheFollowersSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	old := open(t, "unix:"+path, Options{})
	old.socket.inner.Close() // it no longer answers, but did not clean up yet
	open(t, "unix:"+path, Options{})
	old.Close()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestEcho(t *testing.T) {
	for _, spec := range []string{"inet:127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")} {
		l := open(t, spec, Options{})
		go echo(l, nil)
		c := dial(t, l)
		io.WriteString(c, "one\ntwo\n")
		r := bufio.NewReader(c)
		for _, want := range []string{"one\n", "two\n"} {
			if got, err := r.ReadString('\n'); got != want {
				t.Fatalf("%s: got %q, %v, want %q", spec, got, err, want)
			}
		}
	}
}

func TestPeersAreChecked(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to connect as somebody else")
	}
	dir, err := os.MkdirTemp("", "peer")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	connectAs := func(uid uint32, path string) string {
		cmd := exec.Command(filepath.Join(dir, "test"))
		cmd.Env = []string{"LISTEN_TEST_SOCKET=" + path, "GORACE=atexit_sleep_ms=0"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Skipf("cannot run the test as user %d: %v", uid, err)
		}
		return string(out)
	}
	exe, err := os.Executable() // go test keeps it where others cannot look
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "test"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peers []string
		uid   uint32
		want  string
	}{
		{nil, 0, "served"},
		{nil, 12345, "closed"},
		{[]string{"12345"}, 12345, "served"},
		{[]string{"12346"}, 12345, "closed"},
		{[]string{"*"}, 12345, "served"},
	} {
		path := filepath.Join(dir, "s")
		l := open(t, "unix:"+path, Options{Mode: 0o666, Peers: c.peers})
		go echo(l, nil)
		if got := connectAs(c.uid, path); !strings.Contains(got, c.want) {
			t.Errorf("peers %v, user %d: %q, want %q", c.peers, c.uid, got, c.want)
		}
		l.Close()
	}
}

// TestMain is also the program that TestPeersAreChecked runs as another user:
// it says whether the socket serves it.
func TestMain(m *testing.M) {
	path := os.Getenv("LISTEN_TEST_SOCKET")
	if path == "" {
		os.Exit(m.Run())
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		os.Exit(1)
	}
	io.WriteString(c, "hello\n")
	if line, _ := bufio.NewReader(c).ReadString('\n'); line == "hello\n" {
		os.Stdout.WriteString("served")
	} else {
		os.Stdout.WriteString("closed")
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	l := open(t, "inet:127.0.0.1:0", Options{Max: 1})
	go echo(l, nil)
	first := dial(t, l)
	io.WriteString(first, "a\n")
	if _, err := bufio.NewReader(first).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	refused(t, dial(t, l))
	first.Close()
	// Its place is free again once the server has noticed.
	for deadline := time.Now().Add(10 * time.Second); ; {
		c := dial(t, l)
		io.WriteString(c, "b\n")
		if line, _ := bufio.NewReader(c).ReadString('\n'); line == "b\n" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the place was never freed")
		}
	}
}

func TestSilentPeerIsDropped(t *testing.T) {
	l := open(t, "inet:127.0.0.1:0", Options{Idle: 20 * time.Millisecond})
	go echo(l, nil)
	if _, err := io.ReadAll(dial(t, l)); err != nil {
		t.Fatal(err)
	}
}

// A peer that sends a little again and again is not silent, and is cut off all
// the same where the server has set a deadline.
func TestDeadlineOfAPeerThatTrickles(t *testing.T) {
	l := open(t, "inet:127.0.0.1:0", Options{})
	ended := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			ended <- err
			return
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		for {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				ended <- err
				return
			}
		}
	}()
	c := dial(t, l)
	for {
		select {
		case err := <-ended:
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			return
		default:
			_, _ = c.Write([]byte("x"))
			time.Sleep(time.Millisecond)
		}
	}
}

func TestDrain(t *testing.T) {
	l := open(t, "inet:127.0.0.1:0", Options{})
	slow := make(chan struct{})
	go echo(l, slow)
	idle, busy := dial(t, l), dial(t, l)
	io.WriteString(idle, "a\n")
	idleIn, busyIn := bufio.NewReader(idle), bufio.NewReader(busy)
	if _, err := idleIn.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	io.WriteString(busy, "x\n")
	if _, err := busyIn.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	io.WriteString(busy, "slow\n")
	slow <- struct{}{} // it is at work

	var drained atomic.Bool
	done := make(chan error)
	go func() { err := l.Drain(context.Background()); drained.Store(true); done <- err }()
	if got, _ := io.ReadAll(idleIn); string(got) != "bye\n" {
		t.Errorf("idle connection got %q", got)
	}
	if drained.Load() {
		t.Error("drained with a connection at work")
	}
	close(slow)
	io.WriteString(busy, "more\n")
	if got, _ := io.ReadAll(busyIn); string(got) != "slow\nmore\nbye\n" {
		t.Errorf("busy connection got %q", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listens")
	}
}

func TestDrainCutsWhatDoesNotEnd(t *testing.T) {
	l := open(t, "inet:127.0.0.1:0", Options{})
	slow := make(chan struct{})
	defer close(slow)
	go echo(l, slow)
	c := dial(t, l)
	io.WriteString(c, "slow\n")
	slow <- struct{}{} // it is at work
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain = %v", err)
	}
	if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}
