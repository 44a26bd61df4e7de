package modem

import "strings"

// locked refuses what needs a SIM that is not ready.
func (m *Modem) locked(c command) (reply, bool) {
	l := m.lock()
	if l == ready || c.form == "=?" {
		return reply{}, false
	}
	switch {
	case l == busy && m.p.InitBusy != 0 && (needsSIM[c.name] || needsTexts[c.name]):
		return fails("+CME ERROR", m.p.InitBusy), true
	case needsTexts[c.name] || m.p.NeedsSIM[c.name]:
		return fails("+CMS ERROR", lockCMS[l]), true
	case needsSIM[c.name]:
		return fails("+CME ERROR", lockCME[l]), true
	}
	return reply{}, false
}

// needsTexts are the commands that need the texts of a SIM that is ready, and
// needsSIM others that need it.
var (
	needsTexts = map[string]bool{
		"+CMGS": true, "+CMGL": true, "+CMGR": true, "+CMGD": true, "+CMGW": true, "+CMSS": true,
		"+CPMS": true, "+CSCA": true,
	}
	needsSIM = map[string]bool{"+CIMI": true, "+CNUM": true, "+CUSD": true}
)

// spelt gives an error in the form that AT+CMEE asked for. Errors of texts
// always have a number or words (TS 27.005 §3.2.5).
func (m *Modem) spelt(result string) string {
	switch {
	case strings.HasPrefix(result, "+CME ERROR:") && m.cmee == 0:
		return "ERROR"
	case m.cmee == 2:
		if words, ok := spelling[result]; ok {
			return words
		}
	}
	return result
}

// spelling are the words of TS 27.007 §9.2.1 and TS 27.005 §3.2.5 for what the
// emulator itself answers.
var spelling = map[string]string{
	"+CME ERROR: 3":   "+CME ERROR: operation not allowed",
	"+CME ERROR: 4":   "+CME ERROR: operation not supported",
	"+CME ERROR: 10":  "+CME ERROR: SIM not inserted",
	"+CME ERROR: 11":  "+CME ERROR: SIM PIN required",
	"+CME ERROR: 12":  "+CME ERROR: SIM PUK required",
	"+CME ERROR: 13":  "+CME ERROR: SIM failure",
	"+CME ERROR: 14":  "+CME ERROR: SIM busy",
	"+CME ERROR: 16":  "+CME ERROR: incorrect password",
	"+CME ERROR: 30":  "+CME ERROR: no network service",
	"+CMS ERROR: 302": "+CMS ERROR: operation not allowed",
	"+CMS ERROR: 304": "+CMS ERROR: invalid PDU mode parameter",
	"+CMS ERROR: 310": "+CMS ERROR: SIM not inserted",
	"+CMS ERROR: 311": "+CMS ERROR: SIM PIN required",
	"+CMS ERROR: 314": "+CMS ERROR: SIM busy",
	"+CMS ERROR: 321": "+CMS ERROR: invalid memory index",
	"+CMS ERROR: 322": "+CMS ERROR: memory full",
	"+CMS ERROR: 331": "+CMS ERROR: no network service",
	"+CMS ERROR: 500": "+CMS ERROR: unknown error",
}
