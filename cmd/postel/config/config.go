// Package config reads postel.toml.
//
// [Config] is the file: its fields are the keys, and the comments on them are
// what docs/configuration.md, the sample and the manual page say (go generate
// copies them). [Load] reads a file strictly and reports everything that is
// wrong with it at once, each with file, line, key and what to do.
package config

import (
	"os"
	"time"
)

//go:generate go run ./reference/write ../../..

// Config is everything that a site can set. A key that is left out has the
// value shown.
type Config struct {
	// The directory of the database and of the key that seals tickets. It
	// belongs to the user that runs Postel, and nobody else may look into it.
	State string `toml:"state"`
	// The name of this machine in SMTP greetings and Message-IDs. Empty: the
	// name that the system gives.
	Hostname string `toml:"hostname"`
	// The country whose rules complete a number that is written without its
	// country code, as two letters of ISO 3166.
	Region string `toml:"region"`
	// A directory of provider files of your own, for gateways of type "http". One
	// there stands for Postel's own of the same name. It need not be there.
	Providers string `toml:"providers"`
	// The directory of the rules: outgoing.toml, incoming.toml and the lists that they
	// name. It need not be there. Empty: rules, beside this file.
	Rules string `toml:"rules"`

	Log         Log         `toml:"log"`
	Control     Control     `toml:"control"`
	Address     Address     `toml:"address"`
	Access      Access      `toml:"access"`
	System      System      `toml:"system"`
	Milter      Milter      `toml:"milter"`
	Policy      Policy      `toml:"policy"`
	LMTP        LMTP        `toml:"lmtp"`
	SMTP        SMTP        `toml:"smtp"`
	Submission  Submission  `toml:"submission"`
	Mail        Mail        `toml:"mail"`
	IMAP        IMAP        `toml:"imap"`
	Text        Text        `toml:"text"`
	Incoming    Incoming    `toml:"incoming"`
	Attachments Attachments `toml:"attachments"`
	Hooks       Hooks       `toml:"hooks"`
	HTTP        HTTP        `toml:"http"`
	Mailboxes   []Mailbox   `toml:"mailbox"`
	Queue       Queue       `toml:"queue"`
	Links       Links       `toml:"links"`
	Routing     Routing     `toml:"routing"`
	Gateways    []Gateway   `toml:"gateway"`
	Databases   []Database  `toml:"database"`
}

// Log is what Postel says on standard error. Each line about a message bears its
// ID; passwords and keys never appear.
type Log struct {
	// The least important lines to write: "debug", "info", "warn" or "error".
	Level string `toml:"level"`
	// "text" for people, "json" for programs.
	Format string `toml:"format"`
}

// Control is the socket through which postel queue, send and sim talk to the
// service. Whoever can open it can send texts and see all messages.
type Control struct {
	// The socket, "unix:/path". Empty: control.sock in the state directory.
	Listen Endpoint `toml:"listen"`
	// The permissions of the socket, octal.
	Mode Mode `toml:"mode"`
	// The group of the socket. Empty: as the system gives it.
	Group string `toml:"group"`
	// The users who may use it besides root and Postel's own; a number is a user ID.
	Peers []string `toml:"peers"`
}

// Address says which mail addresses are phones.
type Address struct {
	// Domains of phones only: +15551234567@sms.example.org. The recommended
	// installation.
	PhoneDomains []string `toml:"phone_domains" example:"[\"sms.example.org\"]"`
	// Ordinary mail domains that have phones behind a prefix as well:
	// sms:+15551234567@example.org.
	Domains []string `toml:"domains" example:"[\"example.org\"]"`
	// The prefixes. One may bring parameters for all addresses that use it:
	// "smsp?maxmsgs=7".
	Prefixes []string `toml:"prefixes"`
	// Whether +15551234567@example.org is a phone in the domains above too. Only
	// numbers with "+" count, so no mailbox is mistaken for one.
	BareNumbers bool `toml:"bare_numbers"`
	// Short codes that may be written to.
	ShortCodes []string `toml:"short_codes"`
}

// Milter is asked by the mail server at each recipient, and seals a ticket into
// mail for phones, so that the LMTP server knows who authenticated. Sections
// milter, policy and lmtp each open a socket only if listen is set.
type Milter struct {
	// The socket, "unix:/path" or "inet:host:port". Postfix in a chroot sees only
	// paths below its queue directory.
	Listen Endpoint `toml:"listen" example:"\"unix:/var/spool/postfix/postel/milter\""`
	Socket
	// Whether the milter queues the texts itself at the end of a mail, and takes the
	// phones out of its recipients. Otherwise the mail goes on to [lmtp] with a
	// ticket. For Sendmail, or where no transport is wanted; it has to be the last
	// milter then, since what it takes cannot be called back.
	Take bool `toml:"take"`
	// Whose headers lose the passwords and keys in phones' addresses: "phone", mail
	// to phones; "all", any mail; "none".
	Scrub string `toml:"scrub"`
	// The largest mail that is taken.
	MaxSize Size `toml:"max_size"`
}

// Policy answers Postfix's policy delegation protocol for phone recipients, so
// that they wait while Postel is down and other mail does not.
type Policy struct {
	// The socket, "unix:/path" or "inet:host:port".
	Listen Endpoint `toml:"listen" example:"\"unix:/var/spool/postfix/postel/policy\""`
	Socket
}

// LMTP is the server that takes mail for phones, one answer for each recipient:
// the next hop of the mail server's transport. It relays nothing else.
type LMTP struct {
	// The socket, "unix:/path" or "inet:host:port".
	Listen Endpoint `toml:"listen" example:"\"unix:/var/spool/postfix/postel/lmtp\""`
	Server
}

// SMTP is the same server in SMTP, for programs that speak no LMTP. It knows no
// passwords: who may send comes from a ticket, or from trust.
type SMTP struct {
	// The socket, "unix:/path" or "inet:host:port".
	Listen Endpoint `toml:"listen"`
	Server
}

// Server is what the servers for mail have in common.
type Server struct {
	Socket
	// Whether everybody who can connect may send without a ticket, in the name of
	// the envelope sender. Only for a socket that nobody else can reach.
	Trust bool `toml:"trust"`
	// Networks whose clients are trusted in the same way: ["192.0.2.0/28"].
	TrustedNetworks []string `toml:"trusted_networks"`
	// The largest mail that is taken.
	MaxSize Size `toml:"max_size"`
	// The most recipients of one mail.
	MaxRecipients int `toml:"max_recipients"`
	// The most connections at a time.
	MaxConnections int `toml:"max_connections"`
}

// Socket is who may reach a unix socket; on a TCP socket these mean nothing.
type Socket struct {
	// The permissions of the socket, octal.
	Mode Mode `toml:"mode"`
	// The group of the socket. Empty: as the system gives it, which is that of the
	// directory if that has the setgid bit.
	Group string `toml:"group"`
	// The users whose programs may connect besides root and Postel's own; a number
	// is a user ID, "*" everybody whom the permissions let.
	Peers []string `toml:"peers"`
}

// Mail is where answers from phones and reports go: to the mail server.
type Mail struct {
	// "smtp:host:port", "smtp:unix:/path", "lmtp:host:port", "lmtp:unix:/path",
	// "maildir:/path", or "imap" for the server of [imap].
	To string `toml:"to"`
	// The address that a text comes from, perhaps with a display name; %s is the
	// phone's number. A local part alone is completed with the domain. Empty: "%s"
	// in the first phone domain, or "sms:%s" in the first domain.
	From string `toml:"from"`
	// The domain of addresses that Postel makes. Empty: the first phone domain, or
	// the first domain.
	Domain string `toml:"domain"`
	// The address that reports come from. Empty: postmaster in the domain.
	Postmaster string `toml:"postmaster"`
}

// Queue is how long a message is tried, and how.
type Queue struct {
	// When a text that could not be sent is given up, and its sender told.
	Expiry Duration `toml:"expiry"`
	// When the sender is told that a text still waits. "0": never.
	DelayWarning Duration `toml:"delay_warning"`
	// The wait before the second attempt. It doubles at each further one.
	RetryFirst Duration `toml:"retry_first"`
	// The longest wait between two attempts.
	RetryMax Duration `toml:"retry_max"`
	// What happens to a text that was perhaps sent, because the gateway's answer
	// was lost: "never" waits for a receipt or a person, "once" sends it a second
	// time, and the phone may get it twice.
	RepeatUnsure string `toml:"repeat_unsure"`
	// When a long text from a phone is delivered although parts of it are missing.
	Incomplete Duration `toml:"incomplete"`
}

// Links let a phone's answer find the sender of the text.
type Links struct {
	// How long after a text its answers go to its sender. "0": they always go to
	// the gateway's default recipient.
	Lifetime Duration `toml:"lifetime"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		State:      "/var/lib/postel",
		Region:     "US",
		Providers:  "/etc/postel/gateways.d",
		Log:        Log{Level: "info", Format: "text"},
		Control:    Control{Mode: 0o600},
		Address:    Address{Prefixes: []string{"sms"}},
		Access:     Access{DailyCeiling: 1000},
		System:     System{Service: "smtp"},
		Milter:     Milter{Socket: defaultSocket(), Scrub: "phone", MaxSize: 10 << 20},
		Policy:     Policy{Socket: defaultSocket()},
		LMTP:       LMTP{Server: defaultServer()},
		SMTP:       SMTP{Server: defaultServer()},
		Submission: defaultSubmission(),
		Mail:       Mail{To: "smtp:127.0.0.1:25"},
		Queue: Queue{
			Expiry:       Duration(7200 * time.Minute),
			DelayWarning: Duration(4 * time.Hour),
			RetryFirst:   Duration(time.Minute),
			RetryMax:     Duration(30 * time.Minute),
			RepeatUnsure: "never",
			Incomplete:   Duration(24 * time.Hour),
		},
		IMAP:        IMAP{IMAPServer: IMAPServer{TLS: "implicit"}, Folder: "INBOX", ReportFolder: "INBOX"},
		Incoming:    defaultIncoming(),
		Attachments: Attachments{Socket: Socket{Mode: 0o660, Peers: []string{"www-data"}}, Lifetime: Duration(30 * 24 * time.Hour), MaxSize: 25 << 20},
		Hooks:       defaultHooks(),
		HTTP:        defaultHTTP(),
		Links:       Links{Lifetime: Duration(7 * 24 * time.Hour)},
		Routing:     Routing{Patience: Duration(30 * time.Second)},
	}
}

func defaultSocket() Socket {
	return Socket{Mode: 0o660, Peers: []string{"postfix"}}
}

func defaultServer() Server {
	return Server{Socket: defaultSocket(), MaxSize: 10 << 20, MaxRecipients: 1000, MaxConnections: 100}
}

// complete fills in what follows from other settings or from the machine.
func (c *Config) complete() {
	if c.Hostname == "" {
		c.Hostname, _ = os.Hostname()
	}
	if c.Control.Listen.IsZero() {
		c.Control.Listen = Endpoint{"unix", c.State + "/control.sock"}
	}
	c.completeMailboxes()
	if c.Mail.Domain == "" {
		c.Mail.Domain = first(c.Address.PhoneDomains, c.Address.Domains)
	}
	if c.Mail.From == "" {
		c.Mail.From = "sms:%s"
		if len(c.Address.PhoneDomains) > 0 {
			c.Mail.From = "%s"
		}
	}
	if c.Mail.Postmaster == "" {
		c.Mail.Postmaster = "postmaster@" + c.Mail.Domain
	}
	if c.Access.Administrator == "" && len(c.Access.Domains) > 0 {
		c.Access.Administrator = "postmaster@" + c.Access.Domains[0]
	}
}

// first is the first element of the lists, "" if they are all empty.
func first(lists ...[]string) string {
	for _, l := range lists {
		if len(l) > 0 {
			return l[0]
		}
	}
	return ""
}
