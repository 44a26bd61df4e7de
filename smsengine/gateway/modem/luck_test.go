package modem_test

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	emulator "github.com/postel-mail/postel/internal/testbed/modem"
)

// luck decides what goes wrong, by a seed, until it ends.
type luck struct {
	mu    sync.Mutex
	dice  *rand.Rand
	hits  int
	pins  bool          // with the answers to a PIN, too
	quiet chan struct{} // closed when nothing goes wrong any more
}

func newLuck(seed uint64) *luck {
	return &luck{dice: rand.New(rand.NewPCG(seed, 0)), quiet: make(chan struct{})} //nolint:gosec // to be repeated
}

func (l *luck) end()                   { close(l.quiet) }
func (l *luck) ended() <-chan struct{} { return l.quiet }

func (l *luck) over() bool {
	select {
	case <-l.quiet:
		return true
	default:
		return false
	}
}

func (l *luck) below(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dice.IntN(n)
}

func (l *luck) strokes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hits
}

var (
	afterText = []emulator.Fault{
		emulator.CMS(38), emulator.CMS(1), emulator.CMS(513), emulator.CMS(500), emulator.CMS(500).Done(), emulator.CMS(332).Done(),
		emulator.Result("ERROR").Done(), emulator.Silence(), emulator.Silence().Done(), emulator.Unplugged(), emulator.Unplugged().Done(),
		emulator.NoOK(), emulator.Garbage("\r\n^RSSI:9\r\n\xfe"), emulator.Late(30 * time.Millisecond), emulator.Late(400 * time.Millisecond),
	}
	atPrompt = []emulator.Fault{
		emulator.Silence(), emulator.Silence().Done(), emulator.CMS(302), emulator.CMS(500), emulator.Unplugged(),
		emulator.Garbage("\r\n> \r\n"), emulator.Garbage("\x00\xff"), emulator.Late(200 * time.Millisecond),
	}
	spoken   = []emulator.Fault{emulator.Silence(), emulator.Twice(), emulator.Garbage("\xfe\r\n")}
	commands = []emulator.Fault{
		emulator.Silence(), emulator.Silence().Done(), emulator.CMS(500), emulator.CMS(500).Done(), emulator.CMS(320), emulator.NoOK(),
		emulator.Result("ERROR"), emulator.Result("ERROR").Done(), emulator.Result("OK"), emulator.Garbage("\r\n^BOOT:1,0\r\n\xff"),
		emulator.Cut(1), emulator.Cut(7), emulator.Cut(60), emulator.Late(30 * time.Millisecond), emulator.Late(300 * time.Millisecond),
		emulator.Unplugged(), emulator.Unplugged().Done(),
	}
)

// at is asked by the emulator at every step.
func (l *luck) at(step string) *emulator.Fault {
	if l.over() || strings.HasPrefix(step, "+CPIN=") && !l.pins {
		return nil // a PIN that is not answered is never tried again, and nothing more goes through
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	choice, chance := commands, 60
	switch step {
	case "submit":
		choice, chance = afterText, 6
	case "prompt":
		choice, chance = atPrompt, 12
	case "+CMTI", "+CMT", "+CDS", "+CDSI", "+CREG":
		choice, chance = spoken, 6
	case "+CPIN=":
		chance = 2
	case "deliver":
		choice, chance = []emulator.Fault{emulator.Twice()}, 10
	}
	if l.dice.IntN(chance) > 0 {
		return nil
	}
	l.hits++
	f := choice[l.dice.IntN(len(choice))]
	return &f
}

// fate is what the network does with texts to a phone.
func (l *luck) fate() emulator.Fate {
	all := []emulator.Fate{
		{},
		{},
		{Early: true},
		{After: 30 * time.Millisecond},
		{Status: []byte{0x22, 0x00}},
		{Status: []byte{0x46}},
		{Lost: true},
		{Refused: 21},
		{Refused: 42},
	}
	return all[l.below(len(all))]
}
