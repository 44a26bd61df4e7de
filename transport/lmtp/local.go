package lmtp

import (
	"os/user"
	"regexp"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// pickup is the trace line that Postfix puts on top of a mail that came through
// sendmail(1): nobody sent it ("from"), and the comment behind our host names
// the user that the program ran as, "by mx.example.org (Postfix, from userid
// 1000)". Mail from a network begins with "from", whatever the client calls
// itself.
var pickup = regexp.MustCompile(`^by [^\s()]+ \([^()]*, from userid ([0-9]{1,10})\)(\s|$)`)

// localUser gives the identity of the user as whom a program of this machine
// handed in the mail, or else the one that is given.
//
// Only the topmost trace line counts. The mail server adds it to every mail, so
// that one which came along with the mail stands below; a site whose mail server
// removes it (header_checks) must not set LocalUsers.
func (s *session) localUser(m mailbridge.Mail, otherwise smsengine.Identity) smsengine.Identity {
	if !s.LocalUsers || !s.near {
		return otherwise
	}
	found := pickup.FindStringSubmatch(m.Header.Get("Received"))
	if found == nil {
		return otherwise
	}
	u, err := user.LookupId(found[1])
	if err != nil {
		s.Log.Warn("mail of a local user who is not known", "uid", found[1], "mail", m.MessageID, "err", err)
		return otherwise
	}
	return smsengine.Identity{Method: smsengine.MethodLocalUser, User: u.Username, Peer: otherwise.Peer}
}
