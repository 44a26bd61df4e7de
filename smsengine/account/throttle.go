package account

import (
	"net/netip"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// failures are the wrong passwords of one origin.
type failures struct {
	n     int
	until time.Time // who has to wait, has to wait until then
	last  time.Time
}

// The number of wrong passwords after which each further one doubles a wait that
// begins with a second: of an account from one source, of a source, of an account
// from anywhere. The last is generous, or anybody could lock anybody out.
const (
	triesHere   = 5
	triesSource = 20
	triesName   = 100
)

// Wait is the temporary *smsengine.Error for whoever has to wait before another
// password of the account is looked at, nil for all others. With Wrong and
// Forgive it is for passwords that somebody else verifies.
func (v *Verifier) Wait(account, source string) error {
	if wait := v.mustWait(originsOf(account, source)); wait > 0 {
		return tooMany(wait)
	}
	return nil
}

// Wrong counts a wrong password.
func (v *Verifier) Wrong(account, source string) { v.failed(originsOf(account, source)) }

// Forgive takes one back that was counted.
func (v *Verifier) Forgive(account, source string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, o := range originsOf(account, source) {
		f := v.wrong[o.name]
		if f.n--; f.n < o.tries {
			f.until = time.Time{}
		}
		if v.wrong[o.name] = f; f.n <= 0 {
			delete(v.wrong, o.name)
		}
	}
}

func tooMany(wait time.Duration) error {
	return smsengine.Fail("account", smsengine.Temporary, "4.7.0",
		"too many wrong passwords, try again in "+wait.Round(time.Second).String(), nil)
}

// origin is one of the ways in which wrong passwords are counted.
type origin struct {
	name  string
	tries int
}

// originsOf gives the origins; the first is the account from this source.
func originsOf(account, source string) []origin {
	account = strings.ToLower(account)
	net := network(source)
	all := []origin{{"both " + account + " " + net, triesHere}, {"account " + account, triesName}}
	if net != "" {
		all = append(all, origin{"source " + net, triesSource})
	}
	return all
}

// network is what stands for a source: its IPv4 address, or the /64 of its IPv6
// address, of which one customer has as many as he likes. "" is the machine
// itself, or unknown: all mail comes from there.
func network(source string) string {
	ip, err := netip.ParseAddr(source)
	if err != nil || ip.IsLoopback() {
		return ""
	}
	if ip = ip.Unmap(); ip.Is6() {
		p, _ := ip.Prefix(64)
		return p.String()
	}
	return ip.String()
}

func (v *Verifier) mustWait(origins []origin) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	wait, now := time.Duration(0), v.now()
	for _, o := range origins {
		wait = max(wait, v.wrong[o.name].until.Sub(now))
	}
	return wait
}

func (v *Verifier) failed(origins []origin) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	for _, o := range origins {
		f := v.wrong[o.name]
		if now.Sub(f.last) > forgetAfter {
			f = failures{}
		}
		f.n, f.last = f.n+1, now
		if over := f.n - o.tries; over >= 0 {
			f.until = now.Add(min(time.Second<<min(over, 20), longestWait))
		}
		makeRoom(v.wrong, func(f failures) bool { return now.Sub(f.last) > forgetAfter })
		v.wrong[o.name] = f
	}
}
