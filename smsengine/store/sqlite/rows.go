package sqlite

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// messageColumns is what scanMessage reads, in its order.
const messageColumns = `m.id, m.source, m.key, m.kind, m.about, m.account, m.charges, m.sender, m.recipient, m.original,
	m.body, m.cost, m.notify, m.created, m.expires, m.warn, m.link_for, r.gateways, m.gateway,
	m.state, m.attempt, m.repeats, m.next, m.node, m.lease, m.awaits, m.cancel, m.parts, m.status, m.watch,
	m.seq, m.events, m.history`

const messageTables = ` FROM message m JOIN route r ON r.id = m.route `

// row is a message as it stands in the table.
type row struct {
	smsengine.Message
	seq     int64  // its number in the table
	events  int    // how many there are
	history string // the last of them
}

func scanMessage(sc scanner) (row, error) {
	var m row
	var charges, from, to, gateways, body, parts, status, watch string
	var created, expires, warn, linkFor, next, lease int64
	err := sc.Scan(&m.ID, &m.Source, &m.Key, &m.Kind, &m.About, &m.Account, &charges, &from, &to, &m.Original,
		&body, &m.Cost, &m.Notify, &created, &expires, &warn, &linkFor, &gateways, &m.Gateway,
		&m.State, &m.Attempt, &m.Repeats, &next, &m.Lease.Node, &lease, &m.Awaits, &m.Cancel, &parts, &status, &watch,
		&m.seq, &m.events, &m.history)
	if err != nil {
		return m, err
	}
	m.Created, m.Expires, m.Warn = instant(created), instant(expires), instant(warn)
	m.Next, m.Lease.Until, m.LinkFor = instant(next), instant(lease), time.Duration(linkFor)*time.Millisecond
	if m.Route, err = smsengine.ParseRoute(gateways); err != nil {
		return m, fmt.Errorf("message %s: %w", m.ID, err)
	}
	for _, f := range []struct {
		name, text string
		into       any
	}{
		{"charges", charges, &m.Charges}, {"body", body, &m.Body}, {"parts", parts, &m.Parts},
		{"status", status, &m.Status}, {"watch", watch, &m.Watch},
	} {
		if f.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(f.text), f.into); err != nil {
			return m, fmt.Errorf("message %s: %s: %w", m.ID, f.name, err)
		}
	}
	if err := m.From.UnmarshalText([]byte(from)); err != nil {
		return m, fmt.Errorf("message %s: sender: %w", m.ID, err)
	}
	if err := m.To.UnmarshalText([]byte(to)); err != nil {
		return m, fmt.Errorf("message %s: recipient: %w", m.ID, err)
	}
	return m, nil
}

// insertMessage stores a new message and its first events; false if its Key is
// known.
func (t *tx) insertMessage(m smsengine.Message, events ...smsengine.Event) (bool, error) {
	route, err := t.route(m.Route)
	if err != nil {
		return false, err
	}
	body, err := json.Marshal(m.Body)
	if err != nil {
		return false, err
	}
	charges, err := listText(m.Charges)
	if err != nil {
		return false, err
	}
	watch, err := listText(m.Watch)
	if err != nil {
		return false, err
	}
	parts, status, err := outcome(m)
	if err != nil {
		return false, err
	}
	lines, err := history(events)
	if err != nil {
		return false, err
	}
	seq, err := t.insert(`INSERT INTO message (id, source, key, kind, about, account, charges, sender, recipient, original,
			body, cost, notify, created, expires, warn, link_for, route, gateway,
			state, attempt, repeats, next, node, lease, awaits, cancel, parts, status, watch, events, history)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO NOTHING`,
		string(m.ID), string(m.Source), m.Key, string(m.Kind), string(m.About), m.Account, charges,
		m.From.String(), m.To.String(), m.Original,
		string(body), m.Cost, int(m.Notify), millis(m.Created), millis(m.Expires), millis(m.Warn),
		m.LinkFor.Milliseconds(), route, m.Gateway,
		string(m.State), m.Attempt, m.Repeats, millis(m.Next), m.Lease.Node, millis(m.Lease.Until),
		m.Awaits, m.Cancel, parts, status, watch, len(events), lines)
	if err != nil || seq == 0 {
		return false, err
	}
	if m.State == smsengine.Ready {
		t.wakes = true
	}
	t.moves.made(m)
	t.s.active.keep(row{m, seq, len(events), lines})
	return true, nil
}

// accepted is the first event of every message.
func accepted(m smsengine.Message) smsengine.Event {
	return smsengine.Event{Message: m.ID, Kind: smsengine.Accepted, At: m.Created, Status: m.Status}
}

// updateMessage stores an event and what it has changed about the message.
func (t *tx) updateMessage(from row, m smsengine.Message, e smsengine.Event) error {
	parts, status, err := outcome(m)
	if err != nil {
		return err
	}
	to := row{Message: m, seq: from.seq, events: from.events + 1}
	if to.history, err = t.goesOn(from, e); err != nil {
		return err
	}
	_, err = t.exec(`UPDATE message SET state=?, gateway=?, attempt=?, repeats=?, next=?, node=?, lease=?,
			awaits=?, cancel=?, warn=?, parts=?, status=?, events=?, history=? WHERE seq=?`,
		string(m.State), m.Gateway, m.Attempt, m.Repeats, millis(m.Next), m.Lease.Node, millis(m.Lease.Until),
		m.Awaits, m.Cancel, millis(m.Warn), parts, status, to.events, to.history, to.seq)
	if m.State == smsengine.Ready {
		t.wakes = true
	}
	t.moves.moved(from.Message, m)
	t.s.active.keep(to)
	return err
}

// listText is a list as JSON, "" for an empty one.
func listText[T any](all []T) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	text, err := json.Marshal(all)
	return string(text), err
}

func outcome(m smsengine.Message) (parts, status string, err error) {
	p, err := json.Marshal(m.Parts)
	if err != nil {
		return "", "", err
	}
	if m.Status == (smsengine.Status{}) {
		return string(p), "", nil
	}
	s, err := json.Marshal(m.Status)
	return string(p), string(s), err
}

// knownRoute is a row of the route table.
type knownRoute struct {
	id int64
	smsengine.Route
}

// route gives the number of a route.
func (t *tx) route(r smsengine.Route) (int64, error) {
	text := r.String()
	if known, ok := t.s.routes[text]; ok {
		return known.id, nil
	}
	var id int64
	_, err := t.row(func(r scanner) error { return r.Scan(&id) },
		`INSERT INTO route (gateways) VALUES (?) RETURNING id`, text)
	if err == nil {
		t.s.routes[text] = knownRoute{id, r}
	}
	return id, err
}

// message loads a message for a change.
func (t *tx) message(id smsengine.MessageID) (row, error) {
	if m, ok := t.s.active[id]; ok {
		return m, nil
	}
	var m row
	found, err := t.row(func(r scanner) (err error) { m, err = scanMessage(r); return err },
		`SELECT `+messageColumns+messageTables+`WHERE m.id = ?`, string(id))
	if err == nil && !found {
		err = smsengine.ErrNotFound
	}
	return m, err
}

// sourceData is a Source without its ID, time and original.
type sourceData struct {
	Door       string             `json:"door"`
	Identity   smsengine.Identity `json:"identity,omitzero"`
	Sender     smsengine.Address  `json:"sender,omitzero"`
	MessageID  string             `json:"messageID,omitempty"`
	Digest     string             `json:"digest,omitempty"`
	References []string           `json:"references,omitempty"`
	Subject    string             `json:"subject,omitempty"`
	EnvID      string             `json:"envID,omitempty"`
	Return     smsengine.Return   `json:"return,omitempty"`
}

func (t *tx) insertSource(s smsengine.Source) error {
	data, err := json.Marshal(sourceData{s.Door, s.Identity, s.Sender, s.MessageID, s.Digest, s.References, s.Subject, s.EnvID, s.Return})
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO source (id, received, data, original) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`,
		string(s.ID), millis(s.Received), string(data), s.Original)
	return err
}

func scanSource(sc scanner) (smsengine.Source, error) {
	var s smsengine.Source
	var d sourceData
	var received int64
	var data string
	if err := sc.Scan(&s.ID, &received, &data, &s.Original); err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		return s, fmt.Errorf("source %s: %w", s.ID, err)
	}
	s.Door, s.Identity, s.Sender, s.Received = d.Door, d.Identity, d.Sender, instant(received)
	s.MessageID, s.Digest, s.References, s.Subject = d.MessageID, d.Digest, d.References, d.Subject
	s.EnvID, s.Return = d.EnvID, d.Return
	return s, nil
}
