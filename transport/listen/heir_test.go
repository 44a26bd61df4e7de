package listen

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"weak"
)

// heir hands the socket over for the test.
func heir(t *testing.T, l *Listener, o Options) *Listener {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet()
	}
	h, err := l.Heir(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// sockets are the kinds of socket that can be handed over.
func sockets(t *testing.T) []string {
	return []string{"inet:127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")}
}

// name answers each connection with a name, line by line.
func name(l *Listener, name string) {
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
				if _, err := c.Reader.ReadString('\n'); err != nil {
					return
				}
				c.SetIdle(false)
				io.WriteString(c, name+"\n")
			}
		}()
	}
}

// who asks the server at the other end for its name.
func who(t *testing.T, c net.Conn) string {
	t.Helper()
	io.WriteString(c, "who\n")
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

func TestHeir(t *testing.T) {
	for _, spec := range sockets(t) {
		old := open(t, spec, Options{})
		ended := make(chan struct{})
		go func() { name(old, "old"); close(ended) }()
		before := dial(t, old)
		if got := who(t, before); got != "old" {
			t.Errorf("%s: %s answers", spec, got)
		}

		young := heir(t, old, Options{})
		<-ended
		if _, err := old.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: Accept = %v", spec, err)
		}
		waiting := dial(t, old) // nobody takes it yet
		if err := old.Close(); err != nil {
			t.Error(err)
		}
		go name(young, "young")
		for c, want := range map[net.Conn]string{before: "old", waiting: "young", dial(t, old): "young"} {
			if got := who(t, c); got != want {
				t.Errorf("%s: %s answers, want %s", spec, got, want)
			}
		}
		if _, err := old.Heir(Options{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: a second heir: %v", spec, err)
		}

		select {
		case <-old.Left():
			t.Errorf("%s: the old one is left with a connection", spec)
		default:
		}
		before.Close()
		<-old.Left()
		if f := young.Figures(); f.Taken != 3 || f.Open != 2 {
			t.Errorf("%s: %+v", spec, f)
		}
		young.Close()
		if _, err := net.Dial(old.Addr().Network(), old.Addr().String()); err == nil {
			t.Errorf("%s: it still listens", spec)
		}
		if _, err := young.Heir(Options{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: heir of a closed one: %v", spec, err)
		}
	}
}

// A connection that the kernel has given, and no server has taken yet, is the
// heir's too.
func TestConnectionBetweenListeners(t *testing.T) {
	old := open(t, "inet:127.0.0.1:0", Options{})
	dial(t, old)
	if _, err := old.Accept(); err != nil { // and no more
		t.Fatal(err)
	}
	between := dial(t, old)
	for there := false; !there; runtime.Gosched() {
		old.socket.mu.Lock()
		there = old.socket.next != nil
		old.socket.mu.Unlock()
	}
	go name(heir(t, old, Options{}), "young")
	if got := who(t, between); got != "young" {
		t.Error(got)
	}
}

// Whatever clients do while the socket is handed over, each gets its answers.
func TestNoConnectionIsLost(t *testing.T) {
	for _, spec := range sockets(t) {
		now := open(t, spec, Options{})
		at := now.Addr()
		go name(now, "server")
		answered, done := make(chan struct{}), make(chan struct{})
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				for {
					visit(t, at, "server")
					select {
					case answered <- struct{}{}:
					case <-done:
						return
					}
				}
			})
		}
		for range 50 {
			for range 8 {
				<-answered
			}
			now = heir(t, now, Options{})
			go name(now, "server")
		}
		close(done)
		clients.Wait()
	}
}

// visit connects and asks the server for its name, twice.
func visit(t *testing.T, at net.Addr, want string) {
	c, err := net.Dial(at.Network(), at.String())
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for range 2 {
		io.WriteString(c, "who\n")
		if line, err := in.ReadString('\n'); line != want+"\n" {
			t.Errorf("%s: %q, %v", at, line, err)
		}
	}
}

func TestOptionsOfTheHeir(t *testing.T) {
	old := open(t, "inet:127.0.0.1:0", Options{Max: 3})
	go name(old, "old")
	first, second := dial(t, old), dial(t, old)
	who(t, first)
	who(t, second)
	// Those of its ancestor are among its two.
	young := heir(t, old, Options{Max: 2, Idle: time.Hour})
	go name(young, "young")
	refused(t, dial(t, young))
	first.Close()
	for young.Figures().Open > 1 {
		runtime.Gosched()
	}
	if got := who(t, dial(t, young)); got != "young" {
		t.Error(got)
	}
	if f := young.Figures(); f != (Figures{Open: 2, Taken: 3, Full: 1}) {
		t.Errorf("%+v", f)
	}
}

func TestFileOfTheHeir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := open(t, "unix:"+path, Options{Mode: 0o600})
	for _, mode := range []uint32{0o600, 0o666, 0, 0o622} {
		l = heir(t, l, Options{Mode: mode})
		want := fs.FileMode(mode)
		if want == 0 {
			want = 0o660
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != fs.ModeSocket|want {
			t.Fatalf("%v, %v, want %v", info.Mode(), err, want)
		}
	}
	for _, o := range []Options{{Mode: 0o600, Group: "nobody-of-that-name"}, {Mode: 0o600, Owner: "nobody-of-that-name"}, {Mode: 0o600, Peers: []string{"nobody-of-that-name"}}} {
		if _, err := l.Heir(o); err == nil || !strings.Contains(err.Error(), "nobody-of-that-name") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if os.Getuid() == 0 {
		before := owner(t, path)
		l = heir(t, l, Options{Mode: 0o640, Owner: "65534", Group: "65533"})
		if got, want := owner(t, path), [3]uint32{0o640, 65534, 65533}; got != want {
			t.Errorf("%o, want %o", got, want)
		}
		l = heir(t, l, Options{Mode: 0o622})
		if got := owner(t, path); got != before {
			t.Errorf("%o, want %o", got, before)
		}
	}
	go name(l, "it goes on")
	if got := who(t, dial(t, l)); got != "it goes on" {
		t.Error(got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o622 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	l.Close()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
}

func owner(t *testing.T, path string) [3]uint32 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	s := info.Sys().(*syscall.Stat_t)
	return [3]uint32{uint32(info.Mode().Perm()), s.Uid, s.Gid}
}

// The file of somebody else is not touched, and the socket is not handed over.
func TestFileOfSomebodyElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := open(t, "unix:"+path, Options{})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Heir(Options{Mode: 0o666}); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("Heir = %v", err)
	}
	l = heir(t, l, Options{}) // as it asks nothing of the file
	l.Close()
	if got := owner(t, path); got[0] != 0o600 {
		t.Errorf("mode is %o", got[0])
	}
}

// Each generation is drained for itself.
func TestDrainAnAncestor(t *testing.T) {
	old := open(t, "inet:127.0.0.1:0", Options{})
	go name(old, "old")
	first := dial(t, old)
	who(t, first)
	young := heir(t, old, Options{})
	go name(young, "young")
	second := dial(t, young)
	who(t, second)

	if err := old.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	refused(t, first)
	if got := who(t, second); got != "young" {
		t.Error(got)
	}
	if got := who(t, dial(t, young)); got != "young" {
		t.Error(got)
	}
	if err := young.Drain(t.Context()); err != nil {
		t.Error(err)
	}

	// One that does not end is cut.
	old = open(t, "inet:127.0.0.1:0", Options{})
	stuck := dial(t, old)
	if _, err := old.Accept(); err != nil {
		t.Fatal(err)
	}
	heir(t, old, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := old.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	refused(t, stuck)
}

// A thousand reloads leave nothing behind.
func TestAncestorsAreGarbage(t *testing.T) {
	l := open(t, "inet:127.0.0.1:0", Options{})
	var ancestors []weak.Pointer[Listener]
	before := runtime.NumGoroutine()
	for range 1000 {
		var servers sync.WaitGroup
		now := l
		servers.Go(func() { name(now, "server") })
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		who(t, c)
		ancestors = append(ancestors, weak.Make(l))
		if l, err = l.Heir(Options{Log: quiet()}); err != nil {
			t.Fatal(err)
		}
		servers.Wait()
		c.Close()
		<-now.Left()
	}
	defer l.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		runtime.GC()
		kept := 0
		for _, a := range ancestors {
			if a.Value() != nil {
				kept++
			}
		}
		if kept <= 1 && runtime.NumGoroutine() <= before+2 { // one is in the cleanup of open
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d ancestors are kept, and %d goroutines where there were %d", kept, runtime.NumGoroutine(), before)
		}
	}
}
