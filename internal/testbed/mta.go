package testbed

import (
	"errors"
	"net"
	"regexp"
)

// mta is what every mail server of a host has, whichever it is.
type mta struct {
	// SMTP is the address, with port, where strangers deliver mail, as on port 25.
	SMTP string
	// Submission is where users log in and send: STARTTLS, then AUTH.
	Submission string

	h *Host
}

// newMTA finds two ports.
func (h *Host) newMTA() mta {
	h.t.Helper()
	return mta{
		SMTP:       h.smtpAddr(),
		Submission: net.JoinHostPort(h.Addr, h.port()),
		h:          h,
	}
}

// smtpAddr settles where the host's mail server will answer, which Mailman wants
// to know before.
func (h *Host) smtpAddr() string {
	h.t.Helper()
	if h.smtp == "" {
		h.smtp = net.JoinHostPort(h.Addr, h.port())
	}
	return h.smtp
}

// Log is what the mail server has logged so far.
func (m *mta) Log() string { return m.h.read("var/log/mail.log") }

// WaitLog waits for a line of the log that matches and returns the match with
// its groups.
func (m *mta) WaitLog(pattern string) (match []string) {
	m.h.t.Helper()
	re := regexp.MustCompile(pattern)
	m.h.wait("a log line that matches "+pattern, func() error {
		if match = re.FindStringSubmatch(m.Log()); match == nil {
			return errors.New("there is none")
		}
		return nil
	})
	return match
}
