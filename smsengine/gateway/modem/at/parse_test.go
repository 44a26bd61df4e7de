package at

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func lines(text string) Answer { return Answer{Lines: strings.Split(text, "|")} }

func TestFields(t *testing.T) {
	for line, want := range map[string]string{
		`+CMTI: "SM",3`:           `+CMTI SM" 3`,
		`+CMTI:"SM" , 3`:          `+CMTI SM" 3`,
		`+cmti: SM,3`:             `+CMTI SM 3`,
		`+CPMS: ,,,`:              `+CPMS    `,
		`+CPMS: (),(),()`:         `+CPMS () () ()`,
		`+CNMI: (0-1,3),"a,b)",2`: `+CNMI (0-1,3) a,b)" 2`,
		`+CUSD: 0,"not closed`:    `+CUSD 0 not closed"`,
		`+CREG:`:                  `+CREG`,
		`^RSSI:20`:                `^RSSI 20`,
		`_OSIGQ: 1,2`:             `_OSIGQ 1 2`,
		`RING`:                    `RING`,
		`351234567890123`:         ``,
		`Manufacturer: huawei`:    ``,
		``:                        ``,
		`:`:                       ``,
		`+:1`:                     ``,
	} {
		name, fields := Fields(line)
		got := name
		for _, f := range fields {
			got += " " + f.Text
			if f.Quoted {
				got += `"`
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// The answers that a driver needs, in the forms that modems have.
func TestParse(t *testing.T) {
	number := func(name string) func(Answer) (any, error) {
		return func(a Answer) (any, error) { return ParseNumber(a, name) }
	}
	parsers := map[string]func(Answer) (any, error){
		"PIN":    func(a Answer) (any, error) { return ParsePIN(a) },
		"tries":  func(a Answer) (any, error) { return ParseTries(a) },
		"lock":   func(a Answer) (any, error) { return ParseLock(a) },
		"reg":    func(a Answer) (any, error) { return ParseRegistration(a.Lines[0]) },
		"signal": func(a Answer) (any, error) { return ParseSignal(a) },
		"oper":   func(a Answer) (any, error) { return ParseOperator(a) },
		"IMEI":   func(a Answer) (any, error) { return ParseIMEI(a) },
		"IMSI":   func(a Answer) (any, error) { return ParseIMSI(a) },
		"ICCID":  func(a Answer) (any, error) { return ParseICCID(a) },
		"words":  func(a Answer) (any, error) { return ParseIdentity(a), nil },
		"centre": func(a Answer) (any, error) { return ParseServiceCentre(a) },
		"CPMS":   func(a Answer) (any, error) { return ParseMemories(a) },
		"CPMS=?": func(a Answer) (any, error) { return ParseMemoryNames(a) },
		"CNMI=?": func(a Answer) (any, error) { return ParseRanges(a, "+CNMI") },
		"CMMS":   number("+CMMS"),
		"ref":    func(a Answer) (any, error) { return ParseReference(a) },
	}
	for _, c := range []struct {
		parser, answer, want string // "" is an error
	}{
		{"PIN", "+CPIN: READY", "READY"},
		{"PIN", "+CPIN:READY", "READY"},
		{"PIN", `+CPIN: "SIM PIN"`, "SIM PIN"},
		{"PIN", "+CPIN: sim puk", "SIM PUK"},
		{"PIN", "+CPIN: SIM  PIN2", "SIM PIN2"},
		{"PIN", "READY", "READY"},
		{"PIN", "+CPIN: ", ""},
		{"PIN", "+CPIN: 7", ""},
		{"PIN", "", ""},
		{"tries", "+CPINR: SIM PIN,3,3|+CPINR: SIM PUK,10,10", "map[SIM PIN:3 SIM PUK:10]"},
		{"tries", `+CPINR: "SIM PIN",1`, "map[SIM PIN:1]"},
		{"tries", "+CPINR: SIM PIN", ""},
		{"tries", "^CPIN: SIM PIN,2,10,2,10,3", "map[SIM PIN:2 SIM PUK:10]"},
		{"tries", `+QPINC: "SC",3,10|+QPINC: "P2",1,1`, "map[SIM PIN:3 SIM PUK:10]"},
		{"tries", "+SPIC: 3,10,3,10", "map[SIM PIN:3 SIM PUK:10]"},
		{"tries", "+CPINC: 3,2,10,9", "map[SIM PIN:3 SIM PUK:10]"},
		{"tries", "^SPIC: 3", "map[SIM PIN:3]"},
		{"lock", "+CLCK: 1", "true"},
		{"lock", "+CLCK: 0,1|+CLCK: 1,2", "true"},
		{"lock", "+CLCK: 0", "false"},
		{"lock", "", ""},
		{"reg", "+CREG: 0,1", "{registered   -1}"},
		{"reg", "+CREG: 1", "{registered   -1}"},
		{"reg", "+CREG:0, 5", "{roaming   -1}"},
		{"reg", `+CREG: 2,1,"00C3","0000A1B2",7`, "{registered 00C3 0000A1B2 7}"},
		{"reg", "+CREG: 2,1,00C3,A1B2", "{registered 00C3 A1B2 -1}"},
		{"reg", `+CREG: 1,"00C3","A1B2",2`, "{registered 00C3 A1B2 2}"},
		{"reg", "+CREG: 1,0001,00A1,0", "{registered 0001 00A1 0}"},
		{"reg", `+CREG: 002,001,"18d8","ffff"`, "{registered 18d8 ffff -1}"},
		{"reg", `+CREG: 2,2,"",""`, "{searching   -1}"},
		{"reg", "+CREG: 2,3,,", "{denied   -1}"},
		{"reg", `+CEREG: 2,6,"0A1B","00C0FFEE",7`, "{registered for texts 0A1B 00C0FFEE 7}"},
		{"reg", "+CGREG: 0,4", "{unknown   -1}"},
		{"reg", "+CREG: 77", ""},
		{"reg", "+CREG:", ""},
		{"reg", "+COPS: 1", ""},
		{"signal", "+CSQ: 17,99", "{17 99}"},
		{"signal", "+CSQ:17, 0", "{17 0}"},
		{"signal", "+CSQ: 99,99", "{99 99}"},
		{"signal", "+CSQ: 31", "{31 99}"},
		{"signal", "17,99", "{17 99}"},
		{"signal", "+CSQ: ,", ""},
		{"signal", "+CSQ: 700,1", ""},
		{"oper", `+COPS: 0,0,"vodafone DE",2`, "{0 vodafone DE 2}"},
		{"oper", "+COPS: 0,2,26202", "{0 26202 -1}"},
		{"oper", "+COPS: 0", "{0  -1}"},
		{"oper", `+COPS: 1,0,"0056006F0064"`, "{1 Vod -1}"},
		{"oper", "+COPS: x", ""},
		{"IMEI", "351234567890123", "351234567890123"},
		{"IMEI", `+CGSN: "351234567890123"`, "351234567890123"},
		{"IMEI", "35123", ""},
		{"IMSI", "001010123456789", "001010123456789"},
		{"IMSI", "+CIMI: 001010123456789", "001010123456789"},
		{"ICCID", "+CCID: \"8949000000000000001F\"", "8949000000000000001"},
		{"ICCID", "ICCID: 89490000000000000012", "89490000000000000012"},
		{"ICCID", "^ICCID: 98940000000000000021", "89490000000000000012"},
		{"words", "huawei", "huawei"},
		{"words", `+CGMM: "E220","GSM900"|rev 1`, "E220 GSM900 rev 1"},
		{"words", "Manufacturer: huawei", "Manufacturer: huawei"},
		{"centre", `+CSCA: "+15555550100",145`, "+15555550100"},
		{"centre", `+CSCA: "15555550100",145`, "+15555550100"},
		{"centre", `+CSCA: 15555550100,129`, "15555550100"},
		{"centre", `+CSCA: "002B0031003500350035",145`, "+1555"},
		{"centre", `+CSCA: "",129`, "-"},
		{"centre", `+CSCA: "home",129`, ""},
		{"centre", "", ""},
		{"CPMS", `+CPMS: "SM",3,10,"ME",0,23,"SM",3,10`, "[{SM 3 10} {ME 0 23} {SM 3 10}]"},
		{"CPMS", `+CPMS: 3,10,3,10,3,10`, "[{ 3 10} { 3 10} { 3 10}]"},
		{"CPMS", `+CPMS: "SM",3,10,"SM",3,10`, "[{SM 3 10} {SM 3 10}]"},
		{"CPMS", `+CPMS: sm,3,10`, "[{SM 3 10}]"},
		{"CPMS", `+CPMS: ,,,`, "[]"},
		{"CPMS", "", ""},
		{"CPMS=?", `+CPMS: ("SM","ME"),("SM"),("SM","MT")`, "[[SM ME] [SM] [SM MT]]"},
		{"CPMS=?", `+CPMS: (("SM","BM","SR"),("SM"))`, "[[SM BM SR] [SM]]"},
		{"CPMS=?", `+CPMS: "SM","SM"`, "[[SM] [SM]]"},
		{"CPMS=?", `+CPMS: (),(),()`, "[[] [] []]"},
		{"CNMI=?", "+CNMI: (2),(0-1,3),(0,2),(0-1),(0)", "[[2] [0 1 3] [0 2] [0 1] [0]]"},
		{"CNMI=?", "+CNMI: (0,1,2),(0-3),0,(0-x),()", "[[0 1 2] [0 1 2 3] [0] [] []]"},
		{"CNMI=?", "+CNMI: (0-99999999999999999999),(5-2),(0-1000000)", "[[] [] " + fmt.Sprint(upTo(255)) + "]"},
		{"CMMS", "+CMMS: 2", "2"},
		{"CMMS", "+CMMS:", ""},
		{"ref", "+CMGS: 12", "12"},
		{"ref", `+CMGS:255,"0001"`, "255"},
		{"ref", "+CMGS: 256", ""},
		{"ref", "", ""},
	} {
		got, err := parsers[c.parser](lines(c.answer))
		var form *FormError
		switch {
		case c.want == "" && !errors.As(err, &form):
			t.Errorf("%s %q: %v, %v", c.parser, c.answer, got, err)
		case c.want != "" && (err != nil || strings.TrimSpace(fmt.Sprint(got)) != strings.Trim(c.want, "-")):
			t.Errorf("%s %q: %v, %v, want %s", c.parser, c.answer, got, err, c.want)
		}
	}
}

func upTo(n int) (all []int) {
	for i := range n + 1 {
		all = append(all, i)
	}
	return all
}

func TestStates(t *testing.T) {
	for s, want := range map[RegistrationStatus][2]bool{0: {}, 1: {true}, 2: {}, 3: {}, 4: {}, 5: {true, true}, 6: {true}, 7: {true, true}, 8: {}} {
		if s.Registered() != want[0] || s.Roams() != want[1] {
			t.Errorf("%v: %v %v", s, s.Registered(), s.Roams())
		}
	}
	for p, want := range map[PIN]bool{Ready: true, SIMPIN: false, SIMPUK: false, SIMPIN2: true, SIMPUK2: true, "PH-SIM PIN": false} {
		if p.Open() != want {
			t.Errorf("%s is open: %v", p, p.Open())
		}
	}
	for rssi, want := range map[int]string{0: "-113 0 true", 31: "-51 100 true", 99: "0 0 false", 100: "-116 -4 true", 191: "-25 100 true", 199: "0 0 false"} {
		dBm, _ := Signal{RSSI: rssi}.DBm()
		percent, ok := Signal{RSSI: rssi}.Percent()
		if got := fmt.Sprint(dBm, percent, ok); got != want {
			t.Errorf("RSSI %d: %s, want %s", rssi, got, want)
		}
	}
}

func TestIndications(t *testing.T) {
	for ranges, want := range map[string][][]int{
		"+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)":  {{2, 1, 0, 1, 0}, {2, 1, 0, 2, 0}, {2, 1, 0, 0, 0}},
		"+CNMI: (2),(0-1,3),(0,2),(0-1),(0)":    {{2, 1, 0, 1, 0}, {2, 1, 0, 0, 0}},
		"+CNMI: (0,1),(0,1),(0,2),(0,2),(1)":    {{1, 1, 0, 2, 1}, {1, 1, 0, 0, 1}},
		"+CNMI: (0,3),(0,2),(0),(0)":            {{0, 0, 0, 0}},
		"+CNMI: (1-2),(0-1),(0),(0),(0),(0-99)": {{2, 1, 0, 0, 0}},
		"+CNMI: (1-2),(0-1)":                    {{2, 1}},
	} {
		all, err := ParseRanges(lines(ranges), "+CNMI")
		if got := Indications(all); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", ranges, got, err, want)
		}
	}
}

func TestStoredMessages(t *testing.T) {
	const pdu = "00040B915155550521F300006230102143658001C1" // 20 octets without the service centre
	for _, c := range []struct {
		name, answer string
		want         []Stored
	}{
		{"plain", "+CMGL: 1,1,,20|" + pdu + "|+CMGL: 3,0,\"\",20|" + pdu, []Stored{{1, Read, 20, pdu}, {3, Unread, 20, pdu}}},
		{"index 0, our own", "+CMGL: 0,3,,20|" + pdu, []Stored{{0, Sent, 20, pdu}}},
		{"without a name field", "+CMGL: 17,3,20|" + pdu, []Stored{{17, Sent, 20, pdu}}},
		{"a name without quotes", "+CMGL: 2,1,Mary,20|" + pdu, []Stored{{2, Read, 20, pdu}}},
		{"words for the state", `+CMGL: 2,"REC UNREAD",,20|` + pdu, []Stored{{2, Unread, 20, pdu}}},
		{"a PDU missing", "+CMGL: 1,1,,20|+CMGL: 2,1,,20|" + pdu, []Stored{{1, Read, 20, ""}, {2, Read, 20, pdu}}},
		{"the last cut off", "+CMGL: 1,1,,20|" + pdu[:11], []Stored{{1, Read, 20, pdu[:11]}}},
		{"broken in two", "+CMGL: 1,1,,20|" + pdu[:20] + "|" + pdu[20:], []Stored{{1, Read, 20, pdu}}},
		{"noise between", "xyz|+CMGL: 1,1,,20|what?|" + pdu + "|C0FFEE", []Stored{{1, Read, 20, pdu}}},
		{"broken in pieces", "+CMGL: 1,1,,20|0|0|" + pdu[2:], []Stored{{1, Read, 20, pdu}}},
		{"nothing but an index", "+CMGL: 1|" + pdu, []Stored{{1, StatusUntold, -1, pdu}}},
		{"none", "", nil},
	} {
		if got := ParseList(lines(c.answer)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	for answer, want := range map[string]Stored{
		"+CMGR: 1,,20|" + pdu:            {-1, Read, 20, pdu},
		"+CMGR: ,,20|" + pdu:             {-1, StatusUntold, 20, pdu},
		`+CMGR: 0,"",20|` + pdu:          {-1, Unread, 20, pdu},
		"+CMGR: 1,20|" + pdu:             {-1, Read, 20, pdu},
		`+CMGR: "REC READ",,20|` + pdu:   {-1, Read, 20, pdu},
		"+CMGR: 2,,20|" + pdu + "|+CMGR": {-1, Unsent, 20, pdu},
	} {
		if got, ok := ParseRead(lines(answer)); !ok || got != want {
			t.Errorf("%s: %+v %v, want %+v", answer, got, ok, want)
		}
	}
	for _, empty := range []string{"", "+CMGR: 0,,0", "+CMS ERROR: 321"} {
		if got, ok := ParseRead(lines(empty)); ok {
			t.Errorf("%q: %+v", empty, got)
		}
	}
}

func TestParsePlace(t *testing.T) {
	for line, want := range map[string]string{
		`+CMTI: "SM",3`: "SM 3 <nil>", `+CMTI: sm, 0`: "SM 0 <nil>", `+CDSI:"SR",12`: "SR 12 <nil>", `+CMTI: 4`: " 4 <nil>",
	} {
		name, _ := Fields(line)
		memory, index, err := ParsePlace(Unsolicited{Name: name, Line: line})
		if got := fmt.Sprint(memory, " ", index, " ", err); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
	if _, _, err := ParsePlace(Unsolicited{Name: "+CMTI", Line: `+CMTI: "SM"`}); err == nil {
		t.Error("a place without an index")
	}
	for line, want := range map[string]int{
		"+CMT: ,23": 23, `+CMT: "",23`: 23, "+CDS: 25": 25, "+CDS: ,25": 25, `+CMT: "+1555",,"26/03/01,12:00:00+08"`: -1, "+CMT:": -1,
	} {
		if got := ParseLength(Unsolicited{Line: line}); got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}

func TestParseUSSD(t *testing.T) {
	for line, want := range map[string]USSD{
		`+CUSD: 0,"Balance: 7.50 EUR",15`:              {USSDDone, "Balance: 7.50 EUR", 15},
		`+CUSD:1, "1 Balance` + "\n" + `2 Top up", 15`: {USSDAsks, "1 Balance\n2 Top up", 15},
		`+CUSD: 0,"say "hi", now",15`:                  {USSDDone, `say "hi", now`, 15},
		`+CUSD: 0,7.50 EUR, thanks,15`:                 {USSDDone, "7.50 EUR, thanks", 15},
		`+CUSD: 2`:                                     {USSDEnded, "", -1},
		`+CUSD: 4`:                                     {USSDUnknown, "", -1},
		`+CUSD: 0,"00310032002020AC",72`:               {USSDDone, "12 €", 72},
		`+CUSD: 0,"00310032",15`:                       {USSDDone, "12", 15},
		`+CUSD: 0,"C8329BFD0E01",15`:                   {USSDDone, "Hello!", 15},
		`+CUSD: 0,"12345678",15`:                       {USSDDone, "12345678", 15},
		`+CUSD: 0,"CAFE",15`:                           {USSDDone, "CAFE", 15},
		`+CUSD: 0,"not closed`:                         {USSDDone, "not closed", -1},
	} {
		got, err := ParseUSSD(Unsolicited{Name: "+CUSD", Line: line})
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", line, got, err, want)
		}
	}
	for _, line := range []string{"+CUSD:", `+CUSD: "secret"`, "+CUSD: 9", "RING"} {
		if got, err := ParseUSSD(Unsolicited{Line: line}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
}

var printableASCII = func() (all string) {
	for c := ' '; c <= '~'; c++ {
		all += string(c)
	}
	return all
}()

// What a form error shows is no text.
func TestFormErrorsArePrivate(t *testing.T) {
	_, err := ParseSignal(lines("+CSQ: 00040B915155550521F300006230102143658001C1\xff\n"))
	if err == nil || strings.Contains(err.Error(), "915155") || strings.Trim(err.Error(), printableASCII) != "" {
		t.Error(err)
	}
}

func TestResultErrors(t *testing.T) {
	for final, want := range map[string]string{
		"ERROR": "0 -1 uncertain", "+CMS ERROR: 500": "2 500 uncertain", "+CMS ERROR:38": "2 38 temporary",
		"+cme error: 10": "1 10 temporary", "+CME ERROR: SIM busy": "1 14 temporary", "+CME ERROR: (U)SIM PIN required": "1 11 temporary",
		"+CMS ERROR: bananas": "2 -1 uncertain", "+CMS ERROR:": "2 -1 uncertain", "+CME ERROR": "1 -1 uncertain",
		`+CMS ERROR: "304"`: "2 304 permanent", "+CMS ERROR: -5": "2 -1 uncertain", "COMMAND NOT SUPPORT": "0 -1 uncertain",
	} {
		e := newResultError("AT", final)
		class := [...]string{"ok", "temporary", "permanent", "uncertain"}[e.Cause().Class]
		if got := fmt.Sprint(e.Kind, " ", e.Code, " ", class); got != want {
			t.Errorf("%s: %s, want %s", final, got, want)
		}
	}
	for final, want := range map[string]bool{
		"COMMAND NOT SUPPORT": true, "+CME ERROR: 4": true, "+CMS ERROR: 303": true, "ERROR": false, "+CMS ERROR: 4": false,
	} {
		if newResultError("AT", final).Unsupported() != want {
			t.Errorf("%s", final)
		}
	}
	if e := newResultError("AT", "+CME ERROR: "+strings.Repeat("x", 500)+"\xff"); len(e.Error()) > 100 {
		t.Errorf("%d characters", len(e.Error()))
	}
}
