package tpdu

import (
	"fmt"
	"time"
)

// Timestamp is a time as on the air (3GPP TS 23.040 §9.2.3.11): year, month, day, hour, minute, second, each two digits,
// and the zone in quarters of an hour. The octets stay as they came, for they tell a message from another even where
// they are no time.
type Timestamp [7]byte

// TimestampOf writes a time, to the second, in its own zone to the quarter of an hour.
func TimestampOf(t time.Time) Timestamp {
	_, offset := t.Zone()
	quarters := max(-79, min(79, offset/(15*60)))
	t = t.In(time.FixedZone("", quarters*15*60))
	ts := Timestamp{
		swapped(t.Year() % 100), swapped(int(t.Month())), swapped(t.Day()),
		swapped(t.Hour()), swapped(t.Minute()), swapped(t.Second()),
	}
	if quarters < 0 {
		ts[6] = swapped(-quarters) | 0x08
	} else {
		ts[6] = swapped(quarters)
	}
	return ts
}

// Time gives the time, or the zero time and an error if the octets are none. A zone that is none counts as UTC, and
// seconds or minutes that are none as 0: the error then comes with a time. Years are those from 1990 to 2089.
func (ts Timestamp) Time() (time.Time, error) {
	var n [6]int
	for i := range n {
		n[i] = digitsOf(ts[i])
	}
	year, month, day, hour, minute, second := n[0], n[1], n[2], n[3], n[4], n[5]
	if year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 {
		return time.Time{}, fmt.Errorf("% X is no time", ts[:])
	}
	if year += 2000; year >= 2090 {
		year -= 100
	}
	if day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return time.Time{}, fmt.Errorf("% X is no day of that month", ts[:])
	}
	var err error
	if minute < 0 || minute > 59 || second < 0 || second > 59 {
		err = fmt.Errorf("minutes and seconds are %02X and %02X", ts[4], ts[5])
		minute, second = clock(minute), clock(second)
	}
	zone := time.UTC
	if quarters := digitsOf(ts[6] &^ 0x08); quarters < 0 || quarters > 56 { // UTC+14
		err = fmt.Errorf("%02X is no time zone", ts[6])
	} else if quarters > 0 {
		if ts[6]&0x08 != 0 {
			quarters = -quarters
		}
		zone = time.FixedZone("", quarters*15*60)
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, zone), err
}

func clock(n int) int {
	if n < 0 || n > 59 {
		return 0
	}
	return n
}

// swapped writes a number below 100 with the tens in the high semi-octet's place, which goes second.
func swapped(n int) byte { return byte(n%10<<4 | n/10) }

// digitsOf reads what swapped writes; -1 if a semi-octet is no digit.
func digitsOf(b byte) int {
	tens, ones := int(b&0x0f), int(b>>4)
	if tens > 9 || ones > 9 {
		return -1
	}
	return tens*10 + ones
}

// timestamp reads a time, and notes what is wrong with it.
func (r *reader) timestamp(field string) (ts Timestamp) {
	copy(ts[:], r.take(field, len(ts)))
	if _, err := ts.Time(); err != nil {
		r.flaw(field, "%v", err)
	}
	return ts
}
