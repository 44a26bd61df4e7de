package icewarp

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/phone"
)

// columns are the fields of a line.
var columns = []string{"user", "password", "gateway", "description", "maxsend", "sent", "lastsent", "prevsent", "expire", "inactive"}

// The columns after the description are numbers.
const (
	colGateway = 2
	colNumbers = 4
	numbers    = 6
)

// maxLine bounds a line, octets: many times the longest description.
const maxLine = 4096

// lineError is what is wrong with a line. It repeats nothing of it.
type lineError struct{ what, remedy string }

func (e *lineError) Error() string { return e.what + "; " + e.remedy }

func bad(remedy, format string, args ...any) *lineError {
	return &lineError{fmt.Sprintf(format, args...), remedy}
}

// parseLine reads "user:password:gateway:description:maxsend:sent:lastsent:
// prevsent:expire:inactive". Fields at the end may be missing. known says
// whether there is a gateway of a name, which tells where a password ends that
// has a colon in it.
func parseLine(line string, known func(gateway string) bool) (Record, *lineError) {
	var r Record
	switch {
	case len(line) > maxLine:
		return r, bad("shorten it", "the line has %d octets; at most %d are possible", len(line), maxLine)
	case !strings.Contains(line, ":"):
		return r, bad("write user:password:gateway:description:maxsend:…", "the line has no colons")
	}
	fields := strings.Split(line, ":")
	if extra := len(fields) - len(columns); extra > 0 {
		var err *lineError
		if fields, err = join(fields, extra, known); err != nil {
			return r, err
		}
	}
	for len(fields) < len(columns) {
		fields = append(fields, "")
	}
	for i, f := range fields {
		if i != 1 && strings.ContainsFunc(f, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return r, bad("write it again with an editor", "%s has control characters", columns[i])
		}
	}
	r.User, r.Password = strings.TrimSpace(fields[0]), phone.NewSecret(fields[1])
	r.Gateway, r.Description = strings.TrimSpace(fields[colGateway]), strings.TrimSpace(fields[3])
	return r, r.numbers(fields[colNumbers:])
}

// join puts fields together that colons within took apart: of the description,
// and of the password if only that leaves a gateway where one must stand.
func join(fields []string, extra int, known func(string) bool) ([]string, *lineError) {
	end := -1
	for i := range extra + 1 {
		if g := strings.TrimSpace(fields[colGateway+i]); g != "" && !known(g) {
			continue
		}
		if end >= 0 {
			return nil, bad("take the colons out of password and description", "there are more colons than fields, and it cannot be told where the password ends")
		}
		end = i
	}
	if end < 0 {
		return nil, bad("take the colons out of password and description, or name a gateway that smsgateway.dat has", "there are more colons than fields, and no field is the name of a gateway")
	}
	tail := len(fields) - numbers
	joined := []string{fields[0], strings.Join(fields[1:colGateway+end], ":"), fields[colGateway+end], strings.Join(fields[colGateway+end+1:tail], ":")}
	return append(joined, fields[tail:]...), nil
}

// numbers reads the six last fields.
func (r *Record) numbers(fields []string) *lineError {
	var n [numbers]int64
	for i, f := range fields {
		name := columns[colNumbers+i]
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		if name == "expire" { // a day, perhaps with the time as a fraction
			f, _, _ = strings.Cut(strings.Replace(f, ",", ".", 1), ".")
		}
		v, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return bad("write a whole number; is a colon in the description?", "%s is not a number", name)
		}
		if v < 0 && name != "expire" || v > 1<<40 {
			return bad("write a number that can be", "%s is less than nothing, or more than can be", name)
		}
		n[i] = v
	}
	if n[0] > 1<<31-1 || n[1] > 1<<31-1 || n[3] > 1<<31-1 {
		return bad("write a number that can be", "maxsend, sent or prevsent is more than can be")
	}
	r.Limit, r.Sent, r.Previous = int(n[0]), int(n[1]), int(n[3])
	if n[2] > 0 {
		r.LastSent = time.Unix(n[2], 0).UTC()
	}
	var ok bool
	if r.Expires, ok = delphiDate(n[4]); !ok {
		return bad("write the day as a number, or nothing", "expire is no day that there will be")
	}
	if n[5] > 1 {
		return bad("write 1 for an account that is not active, else 0", "inactive is neither 0 nor 1")
	}
	r.Inactive = n[5] == 1
	return nil
}

// delphiDate gives the day of a TDateTime: days since 1899-12-30. 0 and what is
// before are no day.
func delphiDate(days int64) (smsengine.Date, bool) {
	const last = 2958465 // 9999-12-31
	switch {
	case days <= 0:
		return "", true
	case days > last:
		return "", false
	}
	day := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(days))
	return smsengine.Date(day.Format(time.DateOnly)), true
}
