package courier

import (
	"time"

	"github.com/postel-mail/postel/mailbridge"
	"github.com/postel-mail/postel/smsengine"
)

// What all tests of this package deliver.
var testStyle = mailbridge.Style{Hostname: "mx.example.org", Domain: "sms.example.org"}

func incomingDelivery() smsengine.Delivery {
	return smsengine.Delivery{Message: smsengine.Message{
		ID: "01msg", Kind: smsengine.Incoming,
		From: smsengine.Phone("+15555550123"), To: smsengine.Mailbox("john@example.org"),
		Created: time.Date(2026, 1, 5, 9, 30, 0, 0, time.UTC),
		Body: smsengine.Body{Text: "I am on my way", Received: &smsengine.ReceivedSMS{
			Gateway: "office", Sent: time.Date(2026, 1, 5, 10, 29, 0, 0, time.FixedZone("", 3600)),
		}},
	}}
}
