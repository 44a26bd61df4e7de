package sqlite

import (
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// makeLink makes or renews a link. One that is new, or had ended, gets the
// smallest code that no other live link of the two numbers has.
func (t *tx) makeLink(l smsengine.Link, at time.Time) error {
	_, err := t.exec(`INSERT INTO link (ours, theirs, sender, message, expires, made, name, code)
		VALUES (?1,?2,?3,?4,?5,?6,?7, (
			WITH RECURSIVE free (code) AS (
				VALUES (1)
				UNION ALL
				SELECT code + 1 FROM free WHERE code IN (SELECT code FROM link
					WHERE ours = ?1 AND theirs = ?2 AND expires > ?6))
			SELECT max(code) FROM free))
		ON CONFLICT (theirs, ours, sender) DO UPDATE SET message = ?4, expires = ?5, made = ?6,
			name = CASE WHEN ?7 = '' THEN name ELSE ?7 END,
			code = CASE WHEN expires > ?6 THEN code ELSE excluded.code END`,
		l.Ours.String(), l.Theirs.String(), l.Sender.String(), string(l.Message), millis(l.Expires), millis(at), l.Name)
	return err
}
