package modem_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/sms"
	"github.com/postel-mail/postel/smsengine/store/sqlite"
)

// The environment that makes this test binary a small service: its folder, and the modem's port.
const (
	serviceFolder = "MODEM_TEST_FOLDER"
	servicePort   = "MODEM_TEST_PORT"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(serviceFolder); folder != "" {
		if err := serve(folder, os.Getenv(servicePort)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// database is where a service keeps everything.
func database(folder string) string { return filepath.Join(folder, "postel.db") }

// serve is a service with a real Store: it accepts texts from its input, a line "NUMBER NAME TEXT" each, and answers
// "NAME ID" when the text is durable. It ends with its input, in good order, or is killed.
func serve(folder, port string) error {
	store, err := sqlite.Open(database(folder), sqlite.Options{})
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	c := modem.Default()
	c.Device, c.PIN, c.Poll = port, pin, modem.Duration(50*time.Millisecond)
	o := rough()
	o.Pins, o.Log = filepath.Join(folder, "pins"), log
	g, err := modem.New("modem", ours, c, o)
	if err != nil {
		return err
	}
	engine := smsengine.New(smsengine.Config{
		Node: "here", Store: store, Log: log, Outgoing: []smsengine.Stage{outgoing{}}, Incoming: []smsengine.Stage{incoming{}},
		Retry: smsengine.Retry{First: 5 * time.Millisecond, Max: 50 * time.Millisecond}, Sweep: 20 * time.Millisecond,
		Gateways: map[string]smsengine.Lane{"modem": {Gateway: g, Number: smsengine.Phone(ours), Concurrency: 1, Timeout: time.Second}},
	})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		engine.Run(ctx, 5*time.Second)
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.SplitN(lines.Text(), " ", 3)
		out := engine.Submit(ctx, smsengine.Submission{
			Source:     smsengine.Source{Sender: smsengine.Mailbox("john@example.org"), MessageID: words[1] + "@example.org"},
			Body:       smsengine.Body{Text: words[2]},
			Recipients: []smsengine.Recipient{{Address: words[0]}},
		})[0]
		if out.Err != nil {
			return out.Err
		}
		fmt.Println(words[1], out.ID)
	}
	stop()
	<-ended
	if err := g.Close(); err != nil {
		return err
	}
	return store.Close()
}

// outgoing cuts a text; incoming sends what comes to a mailbox that nobody fetches from.
type outgoing struct{}

func (outgoing) Name() string { return "cut" }
func (outgoing) Do(_ context.Context, d *smsengine.Draft) error {
	m := &d.Message
	cut, err := sms.SplitText(m.Body.Text, sms.Options{Ref: uint16(d.Now.UnixNano())})
	if err != nil {
		return err
	}
	m.To, m.Route, m.Expires, m.Cost = smsengine.Phone(d.Recipient.Address), smsengine.Over("modem"), d.Now.Add(time.Hour), len(cut.Parts)
	m.Body.Alphabet = cut.Alphabet.String()
	for _, p := range cut.Parts {
		m.Parts = append(m.Parts, smsengine.Part{Text: p.Text, UDH: p.UDH})
	}
	return nil
}

type incoming struct{}

func (incoming) Name() string { return "mailbox" }
func (incoming) Do(_ context.Context, d *smsengine.Draft) error {
	d.Message.To, d.Message.Route = smsengine.Mailbox("john@example.org"), smsengine.Over(smsengine.MailGateway)
	return nil
}
