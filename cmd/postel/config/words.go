package config

import (
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/words"
)

// Text is about the words of texts and mails. What a text says of a mail is in
// the keys template, strip and attachments of [access].
type Text struct {
	Template []Template `toml:"template"`
	// Lines with which footers of your own begin, such as a company's disclaimer:
	// what follows is left out where strip says "disclaimer". Case and spaces do not
	// matter.
	Disclaimers []string `toml:"disclaimers" example:"[\"This message is confidential\"]"`
	// Whether the parts of a text are numbered with references of 16 bits. Those of 8
	// bits repeat after 256 texts, and a phone that was off may mix two of them up;
	// those of 16 cost a character a part.
	WideReferences bool `toml:"wide_references"`
}

// Template is a form that texts are written by, to be named in the key template
// of [access], of an account, or in an address (?template=NAME).
type Template struct {
	// Its name: letters, digits, "-" and "_".
	Name string `toml:"name" example:"\"alert\""`
	// What the text says, as the key template of [access] describes.
	Text string `toml:"text" example:"\"{subject} ({from})\""`
}

// Forms are the templates, by name. The configuration has been checked.
func (t Text) Forms() map[string]words.Template {
	forms := make(map[string]words.Template, len(t.Template))
	for _, f := range t.Template {
		forms[f.Name], _ = words.Parse(f.Text)
	}
	return forms
}

// Incoming is about texts from phones. Their order: an empty one is dropped,
// #user@example.org# in the text says where it goes, a live link finds the sender
// whom it answers, and what is left goes to the gateway's default recipient.
type Incoming struct {
	// The domains whose mailboxes a text can name as #user@example.org#. Empty: none,
	// and the form has no meaning. Phones and mailing lists' control addresses are
	// never reached.
	DirectDomains []string `toml:"direct_domains" example:"[\"example.org\"]"`
	// What a phone is told that answers when several people have written to it from
	// one number: {codes} is the list of codes to answer with, {direct} the example
	// "#user@example.org#". Empty: nothing, and the text goes to the default recipient.
	Conflict string `toml:"conflict"`
	// How many such answers a phone gets in a day.
	ConflictLimit int `toml:"conflict_limit"`
	// A text of nothing but one of these words keeps texts from that number of ours
	// away from the phone, until it says one of start. []: none.
	Stop []string `toml:"stop"`
	// The words that end it.
	Start []string `toml:"start"`
	// How often the same text from one phone to one mailbox is delivered in a time;
	// more of them are dropped, and the mailbox is told once. "none" for any number.
	Identical smsengine.Rate `toml:"identical"`
}

// Attachments are served as links where the key attachments of [access] says
// so. The address of a link cannot be guessed; whoever has it can read the file.
type Attachments struct {
	// The socket of the server, "inet:host:port" or "unix:/path": for a web server in front of it that
	// speaks HTTPS. Empty: there are no links.
	Listen Endpoint `toml:"listen" example:"\"inet:127.0.0.1:8025\""`
	Socket
	// What the links begin with, as phones reach it.
	URL string `toml:"url" example:"\"https://sms.example.org/a/\""`
	// How long a link works.
	Lifetime Duration `toml:"lifetime"`
	// The largest file that is served; of larger ones the text has the name alone.
	MaxSize Size `toml:"max_size"`
}

// IMAP is where mail.to = "imap" puts answers and reports: into the mailboxes
// themselves, by APPEND, under the login of a master user.
type IMAP struct {
	IMAPServer
	// The login for a mailbox; %s is the mailbox's address. Dovecot's master users
	// log in as "%s*postel".
	User string `toml:"user" example:"\"%s*postel\""`
	// The folder for texts from phones; it is made where it is missing.
	Folder string `toml:"folder" example:"\"SMS\""`
	// The folder for reports and notes.
	ReportFolder string `toml:"report_folder"`
}

// IMAPServer is how an IMAP server is reached.
type IMAPServer struct {
	// Host and port.
	Server string `toml:"server" example:"\"imap.example.org:993\""`
	// "implicit" (port 993), "starttls", or "none", on this machine alone.
	TLS string `toml:"tls"`
	// A file of certificates of authorities to trust instead of the system's.
	CAFile string `toml:"ca_file"`
	// The file with the password, which nobody else may read.
	PasswordFile string `toml:"password_file" example:"\"/etc/postel/imap.password\""`
}

// Mailbox is a folder of a mailbox at an IMAP server that is watched for mail to
// phones: where mail is hosted, and nothing can be installed. Such a mail's
// recipients are those of To and Cc that are phones.
type Mailbox struct {
	// Its name in logs: letters, digits, "-" and "_".
	ID string `toml:"id" example:"\"hosted\""`
	IMAPServer
	// The login.
	User string `toml:"user" example:"\"sms@example.org\""`
	// The folder that is watched. Empty: INBOX.
	Folder string `toml:"folder"`
	// The folder that mail is moved to when its texts are queued; it is made where it
	// is missing. Empty: "Done".
	Done string `toml:"done"`
	// The folder that mail is moved to when it was refused. Empty: "Refused".
	Refused string `toml:"refused"`
	// The name of the mail server whose Authentication-Results are believed (RFC
	// 8601 authserv-id): the author of a mail of which it says dmarc=pass has proved
	// who it is. Empty: only passwords and keys in addresses prove it.
	AuthServer string `toml:"auth_server" example:"\"mx.example.org\""`
}

// The texts of Incoming that hold unless others are set.
const defaultConflict = "Several people wrote to you from this number. Answer with a code and your text: {codes}"

func defaultIncoming() Incoming {
	return Incoming{
		Conflict: defaultConflict, ConflictLimit: 3,
		Stop:      []string{"STOP", "STOPALL", "UNSUBSCRIBE", "STOPP", "ARRET", "ALTO"},
		Start:     []string{"START", "UNSTOP"},
		Identical: smsengine.Rate{Parts: 3, Every: time.Hour},
	}
}
