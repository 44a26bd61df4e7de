// Package icewarp reads the SMS settings of IceWarp Server 11.4 and plans what
// becomes of them in Postel.
//
// [Read] goes through an installation directory: the settings of the site, of
// domains and of users (sms.dat at three levels), the SMS accounts
// (smsusers.dat), what mail users have sent (smsstat.dat) and the gateways
// (smsgateway.dat). A bad line is a [Problem] with its place and a remedy, and
// does not stop the rest. [Found.Plan] says what to store; it changes nothing.
//
// The files hold passwords as they are. No problem, note or name that this
// package gives repeats one: the content of a line is shown only where the
// format leaves no doubt about what it is.
package icewarp

import (
	"fmt"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// Place is a line of a file below the installation directory.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Problem is a line or a file that cannot be carried over as it is.
type Problem struct {
	Place
	What   string `json:"what"`
	Remedy string `json:"remedy"`
}

func (p Problem) String() string {
	s := p.Place.String() + ": " + p.What
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// Record is one line of sms.dat, smsusers.dat or smsstat.dat.
type Record struct {
	Place
	User        string // "" in sms.dat
	Password    phone.Secret
	Gateway     string // "": any
	Description string
	Limit       int // messages a month; 0: any number
	Sent        int // messages in the month of LastSent
	Previous    int // in the month before
	LastSent    time.Time
	Expires     smsengine.Date
	Inactive    bool
}

// Gateway is what is read of a gateway: enough to say that it is not carried
// over.
type Gateway struct {
	ID          string `json:"id"`
	Type        string `json:"type,omitempty"`
	Description string `json:"description,omitempty"`
	Certificate bool   `json:"client_certificate,omitempty"` // it has one
}

// Found is what an installation has.
type Found struct {
	Site     *Record           // config/sms.dat
	Domains  map[string]Record // config/DOMAIN/sms.dat
	Users    map[string]Record // mail/DOMAIN/USER/sms.dat, by address
	Accounts []Record          // config/smsusers.dat
	Stats    []Record          // smsstat.dat
	Gateways []Gateway         // config/smsgateway.dat
	Filters  []FilterFile      // wherever they are
	Files    []string          // that were read
	Problems []Problem
}
