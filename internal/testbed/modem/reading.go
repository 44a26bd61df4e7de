package modem

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// chooseMemories is AT+CPMS (TS 27.005 §3.2.2).
func chooseMemories(m *Modem, c command) reply {
	switch c.form {
	case "=?":
		var lists []string
		for _, l := range m.p.Memories {
			lists = append(lists, `("`+strings.Join(l, `","`)+`")`)
		}
		list := strings.Join(lists, ",")
		if m.p.OuterBrackets {
			list = "(" + list + ")"
		}
		return answers("+CPMS:" + m.p.Space + list)
	case "?":
		return answers("+CPMS:" + m.p.Space + m.room(true))
	}
	args := c.args()
	if len(args) > len(m.p.Memories) {
		return fails("+CMS ERROR", 302)
	}
	chosen := m.memories
	for i, name := range args {
		if name == "" {
			continue
		}
		if !contains(m.p.Memories[i], name) || m.memory(name) == nil {
			return fails("+CMS ERROR", 302)
		}
		chosen[i] = name
	}
	m.memories = chosen
	m.deliver()
	return answers("+CPMS:" + m.p.Space + m.room(false))
}

// room tells how full the chosen memories are.
func (m *Modem) room(names bool) string {
	var parts []string
	for i := range m.p.Memories {
		s := m.memory(m.memories[i])
		if s == nil {
			continue
		}
		part := fmt.Sprintf("%d,%d", s.used(), len(s.places))
		if names {
			part = `"` + m.memories[i] + `",` + part
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ",")
}

func contains(list []string, name string) bool {
	for _, s := range list {
		if s == name {
			return true
		}
	}
	return false
}

// list is AT+CMGL.
func list(m *Modem, c command) reply {
	if c.form == "=?" {
		return answers("+CMGL: (0-4)")
	}
	stat, ok := m.status(c)
	s := m.memory(m.memories[0])
	if !ok || s == nil {
		return fails("+CMS ERROR", 302)
	}
	r := done
	for i, e := range s.places {
		if e != nil && (stat == all || e.stat == stat) {
			head := fmt.Sprintf("+CMGL:%s%d,", m.p.Space, i+m.p.FirstIndex)
			r.lines = append(r.lines, m.shows(head, e)...)
		}
	}
	if m.p.ListsTwice {
		r.lines = append(r.lines, r.lines...)
	}
	return r
}

var statWords = []string{"REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL"}

// status is which texts AT+CMGL is to list.
func (m *Modem) status(c command) (int, bool) {
	if m.textMode {
		for i, w := range statWords {
			if c.args()[0] == w {
				return i, true
			}
		}
		return 0, false
	}
	n, ok := c.ints(unread)
	return n[0], ok && n[0] >= 0 && n[0] <= all
}

// shows gives a stored text in two lines, and takes it as read.
func (m *Modem) shows(head string, e *entry) []string {
	stat := e.stat
	if e.stat == unread {
		e.stat = read
	}
	if m.textMode {
		from, at, text := readDeliver(e.tpdu)
		return []string{fmt.Sprintf(`%s"%s","%s",,"%s"`, head, statWords[stat], from, at), text}
	}
	pdu := append(centreAddress(e.smsc), e.tpdu...)
	return []string{
		fmt.Sprintf("%s%d%s,%d", head, stat, m.p.Alpha, len(e.tpdu)),
		strings.ToUpper(hex.EncodeToString(pdu)),
	}
}

// readOne is AT+CMGR.
func readOne(m *Modem, c command) reply {
	place := m.place(c)
	switch {
	case place == nil:
		return fails("+CMS ERROR", 321)
	case *place != nil:
		return answers(m.shows("+CMGR:"+m.p.Space, *place)...)
	case m.p.EmptyPlace == "":
		return fails("+CMS ERROR", 321)
	case m.p.EmptyPlace == "OK":
		return done
	}
	return answers(m.p.EmptyPlace, "")
}

// place is the place of the first memory that a command names.
func (m *Modem) place(c command) **entry {
	n, ok := c.ints(-1, 0)
	s := m.memory(m.memories[0])
	if !ok || s == nil {
		return nil
	}
	return s.at(n[0] - m.p.FirstIndex)
}

// remove is AT+CMGD, with its flag: 1 what was read, 2 and what was sent, 3 and
// what was not, 4 everything (TS 27.005 §3.5.4).
func remove(m *Modem, c command) reply {
	s := m.memory(m.memories[0])
	if c.form == "=?" {
		var used []string
		for i, e := range s.places {
			if e != nil {
				used = append(used, fmt.Sprint(i+m.p.FirstIndex))
			}
		}
		return answers("+CMGD:" + m.p.Space + "(" + strings.Join(used, ",") + "),(0-4)")
	}
	n, ok := c.ints(-1, 0)
	if !ok || s == nil {
		return fails("+CMS ERROR", 302)
	}
	if n[1] == 0 {
		place := m.place(c)
		if place == nil {
			return fails("+CMS ERROR", 321)
		}
		m.empty(place)
	}
	for i, e := range s.places {
		if e != nil && goes(e.stat, n[1]) {
			m.empty(&s.places[i])
		}
	}
	m.clock(1, m.deliver) // behind the OK: the network hears that there is room
	return done
}

// goes tells whether AT+CMGD with this flag removes a text.
func goes(stat, flag int) bool {
	switch stat {
	case read:
		return flag >= 1
	case sent:
		return flag >= 2
	case unsent:
		return flag >= 3
	}
	return flag >= 4
}

func (m *Modem) empty(place **entry) {
	e := *place
	*place = nil
	if e != nil && e.stat <= read {
		m.forget(e.tpdu)
	}
}
