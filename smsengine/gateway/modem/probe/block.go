package probe

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
	"github.com/postel-mail/postel/smsengine/gateway/modem/port"
)

// Block is the configuration of a modem. What only its owner knows stands there in
// words that the configuration is refused with.
func Block(id string, r Report) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("[[gateway]]")
	line("id = %q", id)
	line(`type = "modem"`)
	if strings.HasPrefix(r.Number, "+") {
		line("number = %q # as the SIM card says: see that it is right", r.Number)
	} else {
		line(`number = "the number of its SIM card" # such as "+15555550100"`)
	}
	line(`default_recipient = "the mailbox for texts that answer nobody" # such as "office@example.org"`)
	line("[gateway.modem]")
	line("device = %q", r.Device())
	if r.Baud != port.Baud {
		line("baud = %s", strconv.Itoa(r.Baud))
	}
	if r.SIM == at.SIMPIN {
		line(`# pin = "1234" # the SIM card asks for it: put it here, and take the "#" away`)
	}
	if r.SIM.Open() && r.ServiceCentre == "" {
		line(`# service_centre = "+15555550199" # the SIM card names none: ask its operator`)
	}
	return b.String()
}
