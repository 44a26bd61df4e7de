package main

import (
	"strings"
	"testing"
)

func TestCareful(t *testing.T) {
	for _, line := range []string{
		"AT", "at", "ATI", "ATE0", "ATE1I4", "AT&V", "ATS0?", "ATH", "AT+CGMI", "at+csq", "AT+CPIN?", "AT+CPINR", "AT^CPIN?", `AT+QPINC="SC"`,
		"AT+CMEE=1;+CREG=2;+CREG?", "AT+CMGF=0", `AT+CPMS="SM","SM","SM"`, "AT+CNMI=2,1,0,1,0", "AT+CNMI=?", "AT+CMGL=4", "AT+CMGR=1",
		`AT+CLCK="SC",2`, "AT+COPS?", "AT+COPS=?", "AT+COPS=3,2", "AT+CFUN?", "AT+CFUN=1", `AT+CUSD=1,"*100#",15`, `AT+CUSD=1,"*100;#",15;+CSQ`,
		"AT^SYSINFO", "AT^WHATEVER?", "AT+CSCA?", "AT+CMGD=?", "AT +CSQ", "ATE0;+CSQ",
	} {
		if r := careful(line); r != nil {
			t.Errorf("%s: %v", line, r)
		}
	}
	for line, why := range map[string]string{
		"ATZ": "ATZ makes", "ATE0Z": "ATZ makes", "ATZ0": "ATZ makes", "AT&F": "AT&F makes", "at&f0": "AT&F", "AT&W": "AT&W keeps", "AT&D2": "AT&D is not known",
		"ATD*99#": "ATD calls", "ATD+15555550123;": "ATD calls", "ATDT5;+CSQ": "ATD calls", "ATS0=1": "ATS may set", "ATV0": "ATV is not known", "ATA": "ATA is not known",
		`AT+CPIN="1234"`: "AT+CPIN uses up", "at+cpin=1234": "AT+CPIN uses", "AT+CPIN=": "AT+CPIN uses", "AT +CPIN = 1234": "AT+CPIN uses", `AT+CPIN="1","2"`: "AT+CPIN uses", "AT^CPIN=1": "AT^CPIN",
		`AT+CLCK="SC",0,"1234"`: "AT+CLCK locks", `AT+CLCK="SC",1`: "AT+CLCK", `AT+CPWD="SC","1234","4321"`: "AT+CPWD",
		"AT+CFUN=0": "AT+CFUN", "AT+CFUN=1,1": "AT+CFUN", "AT+CMGD=1": "AT+CMGD", "AT+CMGDA=6": "AT+CMGDA", "AT+CNMA": "AT+CNMA", "AT+CNMA=0": "AT+CNMA",
		"AT+CMGS=20": "AT+CMGS sends", `AT+CMGW="+15555550123"`: "AT+CMGW", "AT+CMSS=1": "AT+CMSS", "AT+CNMI=2,2": "AT+CNMI would", "AT+CNMI=2, 3,0": "AT+CNMI would",
		`AT+CSCA="+15555550199"`: "AT+CSCA", "AT+CSMP=17": "AT+CSMP", "AT+COPS=1,2,\"26201\"": "AT+COPS", "AT+COPS=0": "AT+COPS", "AT+IPR=9600": "AT+IPR", "AT+CMUX=0": "AT+CMUX",
		"AT^WHATEVER=1": "AT^WHATEVER is not known", "AT+QPOWD": "AT+QPOWD", "AT+CSQ;+CMGD=1": "AT+CMGD", `AT+CSCS="GSM;";+CMGD=1`: "AT+CMGD", "A/": "this does not begin",
		"hello": "this does not begin", "AT\"": "is not known", "AT?": "is not known", "AT+": "is not known", "AT=": "is not known",
	} {
		r := careful(line)
		if r == nil || !strings.Contains(r.Error(), why) || strings.Contains(r.Error(), "1234") {
			t.Errorf("%s: %v", line, r)
		}
	}
}

// Whatever is typed gets a verdict, and a PIN shows in none.
func FuzzCareful(f *testing.F) {
	for _, seed := range []string{`AT+CPIN="4711"`, "ATE0V1&F", "ATS0=1;+CSQ", `AT+CLCK="SC",1,"4711"`, "AT+CMEE=1;;+C\"", "ATé"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r := careful(line)
		if up := strings.ToUpper(line); r == nil && strings.HasPrefix(up, "AT+CPIN=") && !strings.HasPrefix(up, "AT+CPIN=?") {
			t.Errorf("%q goes through", line)
		}
		if r != nil && strings.Contains(line, "4711") && !strings.Contains(line, "4711=") && strings.Contains(r.Error(), `"4711"`) {
			t.Errorf("%q: %v", line, r)
		}
	})
}
