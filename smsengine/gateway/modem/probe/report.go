package probe

import (
	"fmt"
	"strings"

	"github.com/postel-mail/postel/smsengine/gateway/modem/at"
)

// Report is what one port said. What it did not tell is empty or nil.
type Report struct {
	Port
	Baud int `json:"baud"`
	// Problem says why there is nothing more, Remedy what to do about it.
	Problem string `json:"problem,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
	Answers bool   `json:"answers"` // to AT

	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	Revision     string `json:"revision,omitempty"`
	IMEI         string `json:"imei,omitempty"`

	SIM      at.PIN `json:"sim,omitempty"` // "READY", "SIM PIN"; "MISSING" where there is no card
	PINTries *int   `json:"pin_tries,omitempty"`
	PUKTries *int   `json:"puk_tries,omitempty"`
	Number   string `json:"number,omitempty"` // as the SIM card says, which may be wrong

	Registration *at.Registration `json:"registration,omitempty"`
	Operator     string           `json:"operator,omitempty"`
	DBm          *int             `json:"dbm,omitempty"`

	PDU            bool        `json:"pdu"` // texts can be sent and read in PDU mode; some do not tell before the SIM card is open
	ServiceCentre  string      `json:"service_centre,omitempty"`
	Memories       []at.Memory `json:"memories,omitempty"`        // to read from, to write to, for what comes
	Indications    string      `json:"indications,omitempty"`     // what AT+CNMI will be told
	Indicates      string      `json:"indicates,omitempty"`       // what it says that AT+CNMI can be told
	MessageService *int        `json:"message_service,omitempty"` // <service> of AT+CSMS
	KeepsLink      bool        `json:"keeps_link"`                // AT+CMMS works: parts go back to back

	Notes []string `json:"notes,omitempty"` // what stands in the way of texts, with what to do
}

// Missing is the state of a SIM card that is not there.
const Missing at.PIN = "MISSING"

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Text is the report for people, one fact a line.
func (r Report) Text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-13s %s\n", name, fmt.Sprintf(format, args...))
	}
	b.WriteString(r.Device())
	if r.Stable != "" && r.Stable != r.Path {
		fmt.Fprintf(&b, " (now %s)", r.Path)
	}
	b.WriteByte('\n')
	if r.Answers {
		line("modem", "%s", r.identity())
		line("SIM card", "%s", r.card())
		line("network", "%s", r.network())
		line("texts", "%s", r.texts())
		if len(r.Memories) > 0 {
			line("memory", "%s", memoryWords(r.Memories))
		}
		if r.ServiceCentre != "" {
			line("SMSC", "%s", r.ServiceCentre)
		}
	}
	if r.Problem != "" {
		line("problem", "%s:", r.Problem)
		line("", "%s", r.Remedy)
	}
	for _, n := range r.Notes {
		line("note", "%s", n)
	}
	return b.String()
}

func (r Report) identity() string {
	var words []string
	for _, w := range []string{r.Manufacturer, r.Model, r.Revision} {
		if w != "" {
			words = append(words, w)
		}
	}
	if r.IMEI != "" {
		words = append(words, "IMEI "+r.IMEI)
	}
	if len(words) == 0 {
		return "answers, and does not say what it is"
	}
	return strings.Join(words, ", ")
}

func (r Report) card() string {
	words := map[at.PIN]string{
		"": "does not tell", at.Ready: "ready", Missing: "none", at.SIMPIN: "wants its PIN", at.SIMPUK: "blocked, wants its PUK",
	}[r.SIM]
	if words == "" {
		words = "wants " + string(r.SIM)
	}
	if r.PINTries != nil && r.SIM != Missing {
		words += fmt.Sprintf(", %d tries left", *r.PINTries)
	}
	if r.PUKTries != nil && r.SIM == at.SIMPUK {
		words += fmt.Sprintf(", %d for the PUK", *r.PUKTries)
	}
	if r.Number != "" {
		words += ", number " + r.Number
	}
	return words
}

func (r Report) network() string {
	words := "does not tell"
	if r.Registration != nil {
		words = r.Registration.Status.String()
	}
	if r.Operator != "" {
		words += ", " + r.Operator
	}
	if r.DBm != nil {
		words += fmt.Sprintf(", %d dBm", *r.DBm)
	}
	return words
}

func (r Report) texts() string {
	if !r.PDU && !r.SIM.Open() {
		return "does not tell yet"
	}
	if !r.PDU {
		return "no PDU mode: not through this port"
	}
	words := "PDU mode"
	if r.Indications == "" {
		words += ", does not tell of texts: they are looked for"
	} else {
		words += ", told of with AT+CNMI=" + r.Indications
	}
	if r.KeepsLink {
		words += ", long ones in one go"
	}
	return words
}

func memoryWords(memories []at.Memory) string {
	var words []string
	for i, m := range memories {
		use := []string{"read from", "write to", "for what comes"}[min(i, 2)]
		word := fmt.Sprintf("%s %s", use, m.Name)
		if m.Total >= 0 && m.Used >= 0 {
			word += fmt.Sprintf(" (%d of %d)", m.Used, m.Total)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
