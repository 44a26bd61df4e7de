package mailbridge

import "testing"

func TestOwnWords(t *testing.T) {
	const reply = "In-Reply-To: <a@b>"
	for _, test := range []struct {
		name   string
		header string
		lines  []string
		want   string
	}{
		{"signature", "", []string{"Call me", "-- ", "John", "ACME"}, "Call me"},
		{"signature alone", "", []string{"-- ", "John"}, ""},
		{"two dashes of one's own", "", []string{"Call me", "--", "or not"}, "Call me\n--\nor not"},
		{"top-posted, Thunderbird", reply, []string{"On my way", "", "On 05/01/2026 10:29, +15555550123 wrote:", "> Where are you?", ">", "> Me", ""}, "On my way"},
		{"top-posted, Gmail, wrapped", reply, []string{"On my way", "", "On Mon, Jan 5, 2026 at 10:29 AM +15555550123 <",
			"+15555550123@sms.example.org> wrote:", "", "> Where are you?"}, "On my way"},
		{"line above a short attribution", reply, []string{"On my way", "John <john@example.org> wrote:", "> Where?"}, "On my way"},
		{"a phone's number as the name", reply, []string{"Pump it out.", "", "+15551234567 wrote:", "> Water!"}, "Pump it out."},
		{"a name alone", reply, []string{"Pump it out.", "", "Mary schrieb:", "> Wasser!"}, "Pump it out."},
		{"signature, then quote", reply, []string{"On my way", "-- ", "John", "", "Am 05.01.2026 um 10:29 schrieb X:", "> Wo?"}, "On my way"},
		{"bottom-posted", reply, []string{"On 05/01/2026 10:29, +15555550123 wrote:", "> Where are you?", "", "On my way"}, "On my way"},
		{"between two quotes", reply, []string{"> a", "mine", "> b"}, "mine"},
		{"interleaved", reply, []string{"> a", "one", "> b", "two", "> c"}, "one\ntwo"},
		{"only a quote", reply, []string{"On 05/01/2026 10:29, x@y wrote:", "> Where?"}, ""},
		{"no answer, own list", "", []string{"Bring:", "> milk", "> bread"}, "Bring:\n> milk\n> bread"},
		{"no answer, with attribution", "", []string{"See", "On 5 Jan 2026, x@y wrote:", "> Where?"}, "See"},
		{"a colon of one's own", reply, []string{"I say:", "> Where?"}, "I say:"},
		{"Outlook's line", reply, []string{"On my way", "", "-----Original Message-----", "From: x", "Where?"}, "On my way"},
		{"Outlook's header", reply, []string{"On my way", "", "From: x <x@y>", "Sent: Monday", "To: me", "Subject: Where", "", "Where?"}, "On my way"},
		{"a From of one's own", "", []string{"From: Berlin", "To: Rome", "Train 5"}, "From: Berlin\nTo: Rome\nTrain 5"},
		{"Outlook's line on top", "", []string{"-----Original Message-----", "Where?"}, "-----Original Message-----\nWhere?"},
		{"forwarded", "Subject: Fwd: x", []string{"See below", "-- ", "John", "-----Original Message-----", "Where?"}, "See below\n-----Original Message-----\nWhere?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := "X: y"
			if test.header != "" {
				header = test.header
			}
			if got := read(t, eml(append([]string{header, ""}, test.lines...)...)).Body; got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
