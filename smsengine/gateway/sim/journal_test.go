package sim

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

func TestJournalOutlivesTheNetwork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	for range 2 { // two lives
		g, err := New("sim", "+15555550100", Config{Journal: path}, NewNetwork())
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Send(context.Background(), smsengine.Delivery{Message: smsengine.Message{
			ID: "m1", To: smsengine.Phone("+15551234567"), Parts: []smsengine.Part{{Text: "two\nlines\tß"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(string(b)), "\n"); len(lines) != 2 ||
		!strings.HasSuffix(lines[1], "\t+15551234567\tm1\ttwo\\nlines\\tß") {
		t.Errorf("%q", b)
	}
}
