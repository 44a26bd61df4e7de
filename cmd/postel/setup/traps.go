package setup

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Level says how bad a Finding is.
type Level int

// Levels of findings.
const (
	Fine     Level = iota // as it should be
	Doubtful              // probably not meant
	Wrong                 // keeps phones from working, or makes mail or money go astray
)

// Finding is what a look at a live configuration has found, with the remedy.
type Finding struct {
	Level        Level
	What, Remedy string
}

// Site is what Postel expects of the mail server.
type Site struct {
	// Wanted names domains and sockets. A Unix socket outside of the queue
	// directory has its whole path.
	Wanted
	// Users are the domains whose users write to phones.
	Users []string
	// AnySender says that Postel leaves it to the mail server who may write from
	// which address.
	AnySender bool
	// TicketLife is how long the ticket is good that the milter seals into mail.
	TicketLife time.Duration
}

// Traps looks for what is known to go wrong between a Postfix and Postel. It
// asks postconf and postmap, and changes nothing.
func (p *Postfix) Traps(ctx context.Context, site Site) []Finding {
	c := &checker{Postfix: p, ctx: ctx, site: site, asked: map[[2]string]string{}}
	for _, w := range p.Warnings {
		c.doubtful("correct it: setup and check can be misled", "%s", w)
	}
	for _, look := range []func(){
		c.domains, c.routes, c.recipients, c.aliases, c.senders,
		c.servers, c.signIn, c.order, c.transport, c.headers,
		c.switches, c.waiting, c.sockets,
	} {
		look()
	}
	return c.found
}

// checker collects findings.
type checker struct {
	*Postfix
	ctx   context.Context
	site  Site
	found []Finding
	asked map[[2]string]string // table and key → answer
}

func (c *checker) add(l Level, remedy, format string, args ...any) {
	c.found = append(c.found, Finding{l, fmt.Sprintf(format, args...), remedy})
}

func (c *checker) wrong(remedy, format string, args ...any) { c.add(Wrong, remedy, format, args...) }
func (c *checker) doubtful(remedy, format string, args ...any) {
	c.add(Doubtful, remedy, format, args...)
}
func (c *checker) fine(format string, args ...any) { c.add(Fine, "", format, args...) }

// lookup asks a table, and reports one that cannot be asked; "" then, too.
func (c *checker) lookup(parameter, table, key string) string {
	question := [2]string{table, key}
	if value, ok := c.asked[question]; ok {
		return value
	}
	value, err := c.Lookup(c.ctx, table, key)
	c.asked[question] = value
	if err != nil {
		c.doubtful("run this as root, and see that  postmap -q KEY "+table+"  works", "%s: %s cannot be asked: %s", parameter, table, err)
	}
	return value
}

// first is the first answer of the tables of a parameter to one of the keys, as
// Postfix asks: each key in all tables, then the next key. Patterns are asked
// for whole addresses only.
func (c *checker) first(parameter string, keys ...string) (value, table string) {
	for _, key := range keys {
		whole := strings.LastIndexByte(key, '@') > 0
		for _, t := range split(c.Full[parameter]) {
			if !whole && !partial(t) {
				continue
			}
			if v := c.lookup(parameter, t, key); v != "" {
				return v, t
			}
		}
	}
	return "", ""
}
