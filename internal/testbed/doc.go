// Package testbed starts real daemons privately on loopback, for tests that
// must meet them: Postfix or Sendmail, configured with the very lines of
// contrib/postfix and contrib/sendmail; Dovecot, which keeps the mailboxes and
// the passwords; and two keepers of mailing lists, mlmmj (Options.Lists) and
// Mailman.
//
// A test makes a Host, which is a root directory and a loopback address of its
// own, and starts daemons on it:
//
//	h := testbed.NewHost(t)
//	d := h.StartDovecot(testbed.John, testbed.Mary)
//	p := h.StartPostfix(testbed.Options{})
//	c := p.Login(testbed.John) // an authenticated SMTP session
//
// People write from a Terminal, which has NeoMutt, s-nail and swaks.
//
// A Kannel is an HTTP provider for texts, with a Network of phones behind it.
//
// StartPostgres and StartMariaDB are database servers, each on a host of its own.
//
// Postel's sockets go into p.PostelDir(), before or after Postfix has started.
// StartSendmail is the same for Sendmail. Everything ends with the test, also if
// its process is killed. When a test fails, the last lines of the daemons' logs
// are in its output.
//
// The daemons run in a chroot made of unpacked Debian packages (package
// packages), so the paths in their configuration are the ordinary ones, such
// as /etc/postfix, and nothing on the machine is installed or changed. That
// takes root. With POSTEL_TESTBED_KEEP=1 the host's directory stays behind,
// to be looked at.
package testbed
