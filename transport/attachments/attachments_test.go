package attachments

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

type bed struct {
	shelf *Shelf
	web   *httptest.Server
	now   time.Time
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	var err error
	if b.shelf, err = Open(t.TempDir(), "https://sms.example.org/a", 24*time.Hour, 1000); err != nil {
		t.Fatal(err)
	}
	b.shelf.now = func() time.Time { return b.now }
	s, err := New(b.shelf, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	b.web = httptest.NewServer(s)
	t.Cleanup(b.web.Close)
	return b
}

func (b *bed) get(t *testing.T, method, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.web.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(body)
}

func (b *bed) files(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(b.shelf.dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestServed(t *testing.T) {
	b := newBed(t)
	batch := b.shelf.Begin()
	url, err := batch.Put("übersicht.pdf", "application/pdf", strings.NewReader("the file"))
	if err != nil {
		t.Fatal(err)
	}
	batch.Close(true)
	path, ok := strings.CutPrefix(url, "https://sms.example.org")
	if !ok || len(path) != len("/a/")+26 {
		t.Fatalf("address %s", url)
	}
	a, body := b.get(t, "GET", path)
	if a.StatusCode != http.StatusOK || body != "the file" || a.Header.Get("Content-Type") != "application/pdf" ||
		!strings.Contains(a.Header.Get("Content-Disposition"), "attachment") || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v %q", a.StatusCode, a.Header, body)
	}
	for _, wrong := range []string{"/a/", "/", path + "x", path[:len(path)-1] + "2", strings.ToUpper(path), "/a/../a/" + path[3:] + "/..", "/a/new-1", "/b" + path[2:]} {
		if a, body := b.get(t, "GET", wrong); a.StatusCode != http.StatusNotFound || strings.Contains(body, "the file") {
			t.Errorf("%s: %d %q", wrong, a.StatusCode, body)
		}
	}
	if a, _ := b.get(t, "POST", path); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", a.StatusCode)
	}
	b.now = b.now.Add(24 * time.Hour)
	if a, _ := b.get(t, "GET", path); a.StatusCode != http.StatusNotFound {
		t.Errorf("after its time: %d", a.StatusCode)
	}
	if err := b.shelf.Sweep(); err != nil || b.files(t) != 0 {
		t.Errorf("%d files after the sweep, %v", b.files(t), err)
	}
}

func TestPages(t *testing.T) {
	b := newBed(t)
	batch := b.shelf.Begin()
	defer batch.Close(true)
	for _, kind := range []string{"text/html", "image/svg+xml", "application/javascript", "text/xml", ""} {
		url, err := batch.Put("", kind, strings.NewReader("<script>alert(1)</script>"))
		if err != nil {
			t.Fatal(err)
		}
		if a, _ := b.get(t, "GET", strings.TrimPrefix(url, "https://sms.example.org")); a.Header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s is served as %s", kind, a.Header.Get("Content-Type"))
		}
	}
}

func TestNotKept(t *testing.T) {
	b := newBed(t)
	batch := b.shelf.Begin()
	if _, err := batch.Put("a", "text/plain", strings.NewReader("a")); err != nil {
		t.Fatal(err)
	}
	large := strings.NewReader(strings.Repeat("x", 5000))
	if url, err := batch.Put("large", "text/plain", large); url != "" || err != nil || large.Len() != 0 {
		t.Errorf("too large: %q %v, %d left", url, err, large.Len())
	}
	if url, err := batch.Put("broken", "text/plain", iotest.ErrReader(io.ErrUnexpectedEOF)); url != "" || err == nil {
		t.Errorf("broken: %q %v", url, err)
	}
	if b.files(t) != 1 {
		t.Errorf("%d files", b.files(t))
	}
	batch.Close(false)
	if b.files(t) != 0 {
		t.Errorf("%d files after all", b.files(t))
	}
}

// What was being written when the power failed goes some time later.
func TestSweepHalfWritten(t *testing.T) {
	b := newBed(t)
	if err := os.WriteFile(b.shelf.dir+"/new-123", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.now = time.Now()
	if err := b.shelf.Sweep(); err != nil || b.files(t) != 1 {
		t.Errorf("%d files, %v", b.files(t), err)
	}
	b.now = b.now.Add(2 * time.Hour)
	if err := b.shelf.Sweep(); err != nil || b.files(t) != 0 {
		t.Errorf("%d files, %v", b.files(t), err)
	}
}
