package modem

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// settings are what commands change, and a restart sets back.
type settings struct {
	echo     bool
	verbose  bool // words and not numbers as results (ATV1)
	cmee     int
	textMode bool // AT+CMGF=1
	cnmi     [5]int
	csms     int
	cmms     int
	cfun     int
	copsForm int
	chats    bool           // says what nobody asked for
	creg     map[string]int // <n> of +CREG and +CEREG
	linkUsed time.Time      // by the last text, for AT+CMMS
	buffered []string       // indications that <mode> 0 of AT+CNMI holds back
}

// common are the commands that all models know. One with a form ("+CPIN?") goes
// before one without.
var common map[string]handler

func init() { // a map that its own functions use
	common = map[string]handler{
		"AT": ok, "H": ok, "Q": ok, "X": ok, "S": ok, "L": ok, "M": ok, "&C": ok, "&D": ok, "&K": ok, "&S": ok, "&W": ok,
		"E": func(m *Modem, c command) reply { m.echo = c.value == "1"; return done },
		"V": func(m *Modem, c command) reply { m.verbose = c.value != "0"; return done },
		"Z": resetSettings, "&F": resetSettings, "I": identify,
		"+CGMI": identity, "+GMI": identity, "+CGMM": identity, "+GMM": identity,
		"+CGMR": identity, "+GMR": identity, "+CGSN": identity, "+GSN": identity, "+CIMI": identity,
		"+CGSN=?": ok, "+CIMI=?": ok, "+GCAP": text("+GCAP: +CGSM,+FCLASS,+DS"),
		"+CMEE":  number("+CMEE", "(0-2)", func(m *Modem) *int { return &m.cmee }),
		"+CPIN?": readPIN, "+CPIN=": enterPIN, "+CPIN=?": ok,
		"+CREG": registering, "+CGREG": registering, "+CEREG": nil,
		"+CSQ":   func(m *Modem, c command) reply { return answers(fmt.Sprintf("+CSQ:%s%d,99", m.p.Space, m.rssi)) },
		"+CSQ=?": text("+CSQ: (0-31,99),(0-7,99)"),
		"+COPS":  operators, "+CFUN": function, "+CPAS": text("+CPAS: 0"),
		"+CSCS?": text(`+CSCS: "IRA"`), "+CSCS=?": text(`+CSCS: ("IRA","GSM","UCS2")`), "+CSCS=": ok,
		"+CNUM": ownNumber, "+CUSD": unstructured, "+CLIP": ok, "+CRC": ok, "+CCWA": ok, "+CLAC": nil,
		"+CPBS": nil, "+CPBR": nil, // there is no phone book

		"+CSMS": service, "+CMGF": format, "+CPMS": chooseMemories, "+CSCA": serviceCentre,
		"+CNMI": indications, "+CNMA": acknowledge, "+CMMS": number("+CMMS", "(0-2)", func(m *Modem) *int { return &m.cmms }),
		"+CMGS": sendText, "+CMGS=?": ok, "+CMGW": writeText, "+CMSS": sendStored,
		"+CMGL": list, "+CMGR": readOne, "+CMGR=?": ok, "+CMGD": remove,
		"+CSDH": ok, "+CSMP": ok, "+CSCB": ok, "+CSAS": ok, "+CRES": ok, "+CNMA=?": text("+CNMA: (0-2)"),
	}
}

func ok(*Modem, command) reply { return done }

// text answers with one line, whatever the form.
func text(line string) handler {
	return func(*Modem, command) reply { return answers(line) }
}

// number is a command that sets one number.
func number(name, values string, of func(*Modem) *int) handler {
	return func(m *Modem, c command) reply {
		switch c.form {
		case "=?":
			return answers(name + ":" + m.p.Space + values)
		case "?":
			return answers(fmt.Sprintf("%s:%s%d", name, m.p.Space, *of(m)))
		}
		n, ok := c.ints(0)
		if !ok || !parseSets(values)[0][n[0]] {
			return failed
		}
		*of(m) = n[0]
		return done
	}
}

func resetSettings(m *Modem, c command) reply {
	creg := m.creg
	cfun := m.cfun
	m.settings = m.p.defaults()
	m.creg, m.cfun = creg, cfun
	return done
}

func identify(m *Modem, c command) reply {
	return answers(m.p.Manufacturer, m.p.Model, m.p.Revision)
}

func identity(m *Modem, c command) reply {
	switch c.name {
	case "+CGMI", "+GMI":
		return answers(m.p.Manufacturer)
	case "+CGMM", "+GMM":
		return answers(m.p.Model)
	case "+CGMR", "+GMR":
		return answers(m.p.Revision)
	case "+CIMI":
		return answers(m.sim.IMSI)
	}
	return answers("004999010640000") // a test IMEI (3GPP TS 23.003 Annex B: TAC 00 499901)
}

// cardNumber answers with the number that stands on the card, which needs no PIN.
func cardNumber(prefix string) handler {
	return func(m *Modem, c command) reply {
		if m.sim == nil {
			return fails("+CME ERROR", 10)
		}
		return answers(prefix + m.sim.ICCID)
	}
}

func registering(m *Modem, c command) reply {
	switch c.form {
	case "=?":
		return answers(c.name + ":" + m.p.Space + "(0-2)")
	case "=":
		n, ok := c.ints(0)
		if !ok || n[0] < 0 || n[0] > 2 {
			return failed
		}
		m.creg[c.name] = n[0]
		return done
	}
	return answers(m.registration(c.name, true))
}

func operators(m *Modem, c command) reply {
	registered := m.registered() == 1 || m.registered() == 5
	switch {
	case c.form == "=?":
		return answers(fmt.Sprintf(`+COPS: (2,"%s","%s","00101"),,(0-4),(0-2)`, m.operator, m.operator))
	case c.form == "=":
		n, ok := c.ints(0, m.copsForm, 0, 0)
		if ok && n[0] == 3 {
			m.copsForm = n[1]
		}
		return done
	case !registered || m.operator == "":
		return answers("+COPS:" + m.p.Space + "0")
	}
	name := m.operator
	if m.copsForm == 2 {
		name = "00101" // the test network
	}
	return answers(fmt.Sprintf(`+COPS:%s0,%d,"%s"%s`, m.p.Space, m.copsForm, name, m.p.Access))
}

// function is AT+CFUN: 0 and 4 switch the radio off, and ,1 restarts.
func function(m *Modem, c command) reply {
	switch c.form {
	case "=?":
		return answers("+CFUN:" + m.p.Space + "(0,1,4),(0-1)")
	case "?":
		return answers(fmt.Sprintf("+CFUN:%s%d", m.p.Space, m.cfun))
	}
	n, ok := c.ints(1, 0)
	if !ok || n[0] != 0 && n[0] != 1 && n[0] != 4 {
		return failed
	}
	m.cfun = n[0]
	if n[1] == 1 {
		m.clock(20*time.Millisecond, m.restart) // time to read the OK, which hanging up would discard
	}
	if m.cfun == 1 {
		m.clock(1, m.deliver)
	}
	return done
}

func ownNumber(m *Modem, c command) reply {
	if m.sim.Number == "" {
		return done
	}
	return answers(fmt.Sprintf(`+CNUM:%s"","%s",%d`, m.p.Space, m.sim.Number, typeOf(m.sim.Number)))
}

// unstructured is AT+CUSD: what the network answers comes as an indication.
func unstructured(m *Modem, c command) reply {
	args := c.args()
	if c.form != "=" || len(args) < 2 {
		return done
	}
	code := args[1]
	if m.p.PackedUSSD {
		b, err := hex.DecodeString(code)
		if err != nil {
			return fails("+CME ERROR", 100)
		}
		code = strings.TrimRight(fromSeptets(unpack(b, len(b)*8/7, 0), 0, 0), "\r@")
	}
	answer, known := m.o.USSD[code]
	line := "+CUSD:" + m.p.Space + "4" // not supported
	if known {
		if m.p.PackedUSSD {
			septets, _ := toSeptets(answer)
			answer = strings.ToUpper(hex.EncodeToString(pack(septets, 0)))
		}
		line = fmt.Sprintf(`+CUSD:%s0,"%s",15`, m.p.Space, answer)
	}
	m.clock(1+m.scaled(m.p.Times.Send), func() { m.say(line) })
	return done
}

func service(m *Modem, c command) reply {
	switch c.form {
	case "=?":
		return answers("+CSMS:" + m.p.Space + "(0,1)")
	case "?":
		return answers(fmt.Sprintf("+CSMS:%s%d,1,1,1", m.p.Space, m.csms))
	}
	n, ok := c.ints(0)
	if !ok || n[0] < 0 || n[0] > 1 {
		return fails("+CMS ERROR", 302)
	}
	m.csms = n[0]
	return answers("+CSMS:" + m.p.Space + "1,1,1")
}

func format(m *Modem, c command) reply {
	switch c.form {
	case "=?":
		return answers("+CMGF:" + m.p.Space + "(0,1)")
	case "?":
		n := 0
		if m.textMode {
			n = 1
		}
		return answers(fmt.Sprintf("+CMGF:%s%d", m.p.Space, n))
	}
	if c.value != "0" && c.value != "1" {
		return fails("+CMS ERROR", 302)
	}
	m.textMode = c.value == "1"
	return done
}

func serviceCentre(m *Modem, c command) reply {
	if c.form == "=?" {
		return done
	}
	if c.form == "=" {
		m.sim.SMSC = c.args()[0]
		return done
	}
	return answers(fmt.Sprintf(`+CSCA:%s"%s",%d`, m.p.Space, m.sim.SMSC, typeOf(m.sim.SMSC)))
}

// indications is AT+CNMI (TS 27.005 §3.4.1).
func indications(m *Modem, c command) reply {
	switch c.form {
	case "=?":
		return answers("+CNMI:" + m.p.Space + m.p.CNMI)
	case "?":
		n := m.cnmi
		return answers(fmt.Sprintf("+CNMI:%s%d,%d,%d,%d,%d", m.p.Space, n[0], n[1], n[2], n[3], n[4]))
	}
	n, ok := c.ints(m.cnmi[:]...)
	if c.form == "" || !ok {
		return fails("+CMS ERROR", 302)
	}
	sets := parseSets(m.p.CNMI)
	given := len(c.args())
	for i, set := range sets {
		if i < given && !set[n[i]] && !(i == 0 && m.p.AnyMode) {
			return fails("+CMS ERROR", 302)
		}
	}
	if m.p.Phase2Direct && m.csms != 1 && (n[1] >= 2 && n[1] <= 3 || n[3] == 1) {
		return fails("+CMS ERROR", 302)
	}
	copy(m.cnmi[:], n)
	if n[0] != 0 {
		if n[4] == 0 {
			m.held = append(m.held, m.buffered...) // flushed behind the OK, or else cleared
		}
		m.buffered = nil
	}
	m.clock(1, m.deliver)
	return done
}

// parseSets reads value ranges such as (0-2),(0,2) (V.250 §5.4.4).
func parseSets(ranges string) (sets []map[int]bool) {
	for _, part := range strings.Split(ranges, "),(") {
		set := map[int]bool{}
		for _, item := range strings.Split(strings.Trim(part, "()"), ",") {
			from, to := 0, 0
			if n, _ := fmt.Sscanf(item, "%d-%d", &from, &to); n == 1 {
				to = from
			}
			for i := from; i <= to; i++ {
				set[i] = true
			}
		}
		sets = append(sets, set)
	}
	return sets
}
