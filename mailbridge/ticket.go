package mailbridge

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/postel-mail/postel/smsengine"
)

// TicketHeader is the header field that carries a ticket.
const TicketHeader = "X-Postel-Ticket"

// TicketLife is how long a ticket is good: longer than a mail stays in the
// queue of an MTA (Postfix: 5 days).
const TicketLife = 7 * 24 * time.Hour

// MaxTickets is how many tickets a mail may have, and so how many identities its
// recipients.
const MaxTickets = 16

// Ticket is the milter's word on who may send to the numbers in it. It carries an
// identity, not a verdict: the transport decides anew. It is bound to the envelope
// sender, the mail and the numbers; using it twice does no harm, because the same
// mail again is the same message. A mail whose recipients brought credentials of
// several accounts has a ticket for each.
type Ticket struct {
	Method    string    // how it was proved: smsengine.MethodAuth, ...
	User      string    // who it is; "" for smsengine.MethodClient
	Key       string    // the key's ID, for smsengine.MethodKey
	Peer      string    // address of the SMTP client
	Sender    string    // envelope sender, "" for the null sender
	MessageID string    // of the mail, without angle brackets; "" if it had none
	Numbers   []string  // normalised; as digests once sealed
	Issued    time.Time // zero: now
	Expires   time.Time // zero: TicketLife after Issued

	mail    []byte // digest of MessageID, nil if there was none
	numbers []byte // digests of Numbers, one after the other
	digest  func(kind, value string) []byte
}

// Errors of Open and Covers. All mean the same to the mail: it has no ticket.
var (
	ErrNoTicket      = errors.New("not a ticket that was sealed with this key")
	ErrTicketExpired = errors.New("the ticket has expired")
	ErrTicketOther   = errors.New("the ticket belongs to another mail")
)

// Sealer seals and opens tickets: XChaCha20-Poly1305 under a key that milter and
// transport share. It is safe for concurrent use.
type Sealer struct {
	aead cipher.AEAD
	mac  [32]byte // key of the digests
}

// NewSealer makes a Sealer for the key, which [LoadKey] reads from a file.
func NewSealer(key [32]byte) *Sealer {
	aead, err := chacha20poly1305.NewX(subkey(key, "seal"))
	if err != nil {
		panic(err) // only for a key of another length
	}
	s := &Sealer{aead: aead}
	copy(s.mac[:], subkey(key, "digest"))
	return s
}

func subkey(key [32]byte, purpose string) []byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("postel ticket 1 " + purpose))
	return mac.Sum(nil)
}

// digestLen is enough that nobody finds another number with the digest of one
// in a ticket: the digests are keyed, and nobody sees them.
const digestLen = 8

func (s *Sealer) digest(kind, value string) []byte {
	mac := hmac.New(sha256.New, s.mac[:])
	mac.Write([]byte(kind + "\x00" + value))
	return mac.Sum(nil)[:digestLen]
}

// sealed is a ticket as it is encrypted.
type sealed struct {
	Method  string `json:"m"`
	User    string `json:"u,omitempty"`
	Key     string `json:"k,omitempty"`
	Peer    string `json:"p,omitempty"`
	Sender  string `json:"s"`
	Mail    []byte `json:"i,omitempty"`
	Numbers []byte `json:"n"`
	Issued  int64  `json:"t"` // Unix seconds
	Expires int64  `json:"x"`
}

var additional = []byte(TicketHeader)

// Seal gives the value of the header field. It is folded with LF TAB, as the
// milter protocol wants line ends in headers.
func (s *Sealer) Seal(t Ticket) (string, error) {
	if !t.identifies() || len(t.Numbers) == 0 {
		return "", errors.New("a ticket needs an identity and numbers")
	}
	if t.Issued.IsZero() {
		t.Issued = time.Now()
	}
	if t.Expires.IsZero() {
		t.Expires = t.Issued.Add(TicketLife)
	}
	inner := sealed{
		Method: t.Method, User: t.User, Key: t.Key, Peer: t.Peer, Sender: t.Sender,
		Issued: t.Issued.Unix(), Expires: t.Expires.Unix(),
	}
	if t.MessageID != "" {
		inner.Mail = s.digest("mail", t.MessageID)
	}
	for _, n := range t.Numbers {
		inner.Numbers = append(inner.Numbers, s.digest("number", n)...)
	}
	plain, err := json.Marshal(inner)
	if err != nil {
		return "", fmt.Errorf("seal ticket: %w", err)
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	_, _ = rand.Read(nonce) // never fails (crypto/rand, Go 1.24)
	box := s.aead.Seal(nonce, nonce, plain, additional)
	return fold(base64.RawURLEncoding.EncodeToString(box)), nil
}

// identifies reports whether there is what the method needs.
func (t Ticket) identifies() bool {
	switch t.Method {
	case "":
		return false
	case smsengine.MethodClient:
		return t.Peer != ""
	case smsengine.MethodKey:
		return t.Key != ""
	}
	return t.User != ""
}

// Identity is who it is that the ticket vouches for.
func (t Ticket) Identity() smsengine.Identity {
	return smsengine.Identity{Method: t.Method, User: t.User, Key: t.Key, Peer: t.Peer}
}

// fold breaks the value into lines of at most 78 characters, the name included.
func fold(v string) string {
	var out strings.Builder
	for room := 60; len(v) > room; room = 76 {
		out.WriteString(v[:room] + "\n\t")
		v = v[room:]
	}
	out.WriteString(v)
	return out.String()
}

// maxTicket bounds a header that is looked at: some 4,000 numbers.
const maxTicket = 128 << 10

// Open opens the value of a ticket header, however an MTA folded it. The error
// is ErrNoTicket or ErrTicketExpired. MessageID and Numbers stay empty: they are
// in the ticket as digests, for [Ticket.Covers].
func (s *Sealer) Open(header string, now time.Time) (Ticket, error) {
	if len(header) > maxTicket {
		return Ticket{}, ErrNoTicket
	}
	value := strings.Join(strings.Fields(header), "")
	box, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(box) < chacha20poly1305.NonceSizeX {
		return Ticket{}, ErrNoTicket
	}
	nonce, box := box[:chacha20poly1305.NonceSizeX], box[chacha20poly1305.NonceSizeX:]
	plain, err := s.aead.Open(nil, nonce, box, additional)
	if err != nil {
		return Ticket{}, ErrNoTicket
	}
	var inner sealed
	if err := json.Unmarshal(plain, &inner); err != nil {
		return Ticket{}, ErrNoTicket
	}
	t := Ticket{
		Method: inner.Method, User: inner.User, Key: inner.Key, Peer: inner.Peer, Sender: inner.Sender,
		Issued: time.Unix(inner.Issued, 0).UTC(), Expires: time.Unix(inner.Expires, 0).UTC(),
		mail: inner.Mail, numbers: inner.Numbers, digest: s.digest,
	}
	if !now.Before(t.Expires) {
		return Ticket{}, ErrTicketExpired
	}
	return t, nil
}

// Covers reports whether an opened ticket is for this mail and number: nil, or
// an ErrTicketOther that says what differs. A ticket for a mail without
// Message-ID is for whatever Message-ID the MTA gave it since. An envelope sender
// without domain may have got one.
func (t Ticket) Covers(sender, messageID, number string) error {
	switch {
	case t.digest == nil:
		return ErrNoTicket
	case !sameSender(t.Sender, sender):
		return fmt.Errorf("%w: its sender was <%s>, not <%s>", ErrTicketOther, t.Sender, sender)
	case t.mail != nil && !hmac.Equal(t.mail, t.digest("mail", messageID)):
		return fmt.Errorf("%w: another Message-ID", ErrTicketOther)
	}
	want := t.digest("number", number)
	for d := range slices.Chunk(t.numbers, digestLen) {
		if hmac.Equal(d, want) {
			return nil
		}
	}
	return fmt.Errorf("%w: not for the number %s", ErrTicketOther, number)
}

// sameSender compares envelope senders: domains in any case (RFC 5321 §2.4).
func sameSender(ticket, mail string) bool {
	at := strings.LastIndexByte(mail, '@')
	if at >= 0 && ticket != "" && !strings.Contains(ticket, "@") {
		return mail[:at] == ticket
	}
	ticketAt := strings.LastIndexByte(ticket, '@')
	if at != ticketAt || at < 0 {
		return ticket == mail
	}
	return ticket[:at] == mail[:at] && strings.EqualFold(ticket[at:], mail[at:])
}
