package tpdu

import "time"

// Format is how the end of a message's life is written (TP-VPF, 3GPP TS 23.040 §9.2.3.3).
type Format uint8

// The formats, with their values on the air.
const (
	NoValidity Format = iota // as the service centre likes
	Enhanced
	Relative
	Absolute
)

// Validity says how long the service centre tries to deliver (TP-VP, 3GPP TS 23.040 §9.2.3.12).
type Validity struct {
	Format Format
	For    time.Duration // Relative and Enhanced; in Enhanced 0 means that no time is told
	Until  Timestamp     // Absolute
	Once   bool          // Enhanced: one try only, "single shot"
	Unit   Unit          // Enhanced: how For is written
}

// Unit is the validity period format of the enhanced format (3GPP TS 23.040 §9.2.3.12.3).
type Unit uint8

// The units, with their values on the air.
const (
	Untold  Unit = iota
	Steps        // as in the relative format
	Seconds      // 1 to 255
	Clock        // hours, minutes and seconds, to 99:59:59
)

const fieldValidity = "TP-VP"

// shortest and longest are what the relative format can say.
const (
	day      = 24 * time.Hour
	shortest = 5 * time.Minute
	longest  = 63 * 7 * day
)

// ValidFor gives the longest relative validity that is not above d: five minutes at least, 63 weeks at most, in steps
// of 5 minutes up to 12 hours, half an hour to a day, a day to 30 days, then a week. Nothing arrives later than it may,
// unless d is below five minutes. Zero or less is none.
func ValidFor(d time.Duration) Validity {
	if d <= 0 {
		return Validity{}
	}
	return Validity{Format: Relative, For: duration(steps(d))}
}

// steps gives the octet of the relative format for a time, rounded down.
func steps(d time.Duration) byte {
	d = max(shortest, min(d, longest))
	switch {
	case d < 12*time.Hour+30*time.Minute:
		return byte(min(d/(5*time.Minute)-1, 143))
	case d < 2*day:
		return byte(min(143+(d-12*time.Hour)/(30*time.Minute), 167))
	case d < 5*7*day:
		return byte(min(166+d/day, 196))
	}
	return byte(192 + d/(7*day))
}

// duration reads the octet of the relative format.
func duration(octet byte) time.Duration {
	n := time.Duration(octet)
	switch {
	case n <= 143:
		return (n + 1) * 5 * time.Minute
	case n <= 167:
		return 12*time.Hour + (n-143)*30*time.Minute
	case n <= 196:
		return (n - 166) * day
	}
	return (n - 192) * 7 * day
}

// Bits of the first octet of the enhanced format.
const (
	enhancedExtension = 0x80
	enhancedOnce      = 0x40
	enhancedReserved  = 0x38
	enhancedUnit      = 0x07
)

// append writes the octets that the format has: none, one or seven.
func (v Validity) append(b []byte) ([]byte, error) {
	switch v.Format {
	case NoValidity:
		return b, nil
	case Relative:
		octet, err := v.step()
		return append(b, octet), err
	case Absolute:
		if _, err := v.Until.Time(); err != nil {
			return nil, wrong(fieldValidity, "%v", err)
		}
		return append(b, v.Until[:]...), nil
	case Enhanced:
		octets, err := v.enhanced()
		return append(b, octets[:]...), err
	}
	return nil, wrong("TP-VPF", "%d is no format", v.Format)
}

func (v Validity) step() (byte, error) {
	octet := steps(v.For)
	if duration(octet) != v.For {
		return 0, wrong(fieldValidity, "%v cannot be written; %v can", v.For, duration(octet))
	}
	return octet, nil
}

func (v Validity) enhanced() (octets [7]byte, err error) {
	octets[0] = bit(v.Once, enhancedOnce) | byte(v.Unit)
	switch seconds := int64(v.For / time.Second); {
	case v.Unit > Clock:
		err = wrong(fieldValidity, "%d is no unit", v.Unit)
	case v.Unit == Untold && v.For != 0, v.For < 0, v.Unit >= Seconds && v.For%time.Second != 0,
		v.Unit == Seconds && (seconds < 1 || seconds > 255), v.Unit == Clock && seconds >= 100*3600:
		err = wrong(fieldValidity, "%v cannot be written in this unit", v.For)
	case v.Unit == Steps:
		octets[1], err = v.step()
	case v.Unit == Seconds:
		octets[1] = byte(seconds)
	case v.Unit == Clock:
		octets[1], octets[2], octets[3] = swapped(int(seconds/3600)), swapped(int(seconds/60%60)), swapped(int(seconds%60))
	}
	return octets, err
}

// validity reads what the format of the first octet promises.
func (r *reader) validity(first byte) Validity {
	v := Validity{Format: Format(first & formatVP >> 3)}
	switch v.Format {
	case Relative:
		v.For = duration(r.octet(fieldValidity))
	case Absolute:
		v.Until = r.timestamp(fieldValidity)
	case Enhanced:
		if octets := r.take(fieldValidity, 7); octets != nil {
			r.enhanced(&v, octets)
		}
	}
	return v
}

func (r *reader) enhanced(v *Validity, octets []byte) {
	v.Once, v.Unit = octets[0]&enhancedOnce != 0, Unit(octets[0]&enhancedUnit)
	if octets[0]&(enhancedExtension|enhancedReserved) != 0 {
		r.flaw(fieldValidity, "reserved bits in %#02x", octets[0])
	}
	switch v.Unit {
	case Untold:
	case Steps:
		v.For = duration(octets[1])
	case Seconds:
		if octets[1] == 0 {
			r.flaw(fieldValidity, "0 seconds are reserved")
		}
		v.For = time.Duration(octets[1]) * time.Second
	case Clock:
		hours, minutes, seconds := digitsOf(octets[1]), digitsOf(octets[2]), digitsOf(octets[3])
		if hours < 0 || clock(minutes) != minutes || clock(seconds) != seconds {
			r.flaw(fieldValidity, "% X is no time", octets[1:4])
		}
		v.For = time.Duration(max(hours, 0)*3600+clock(minutes)*60+clock(seconds)) * time.Second
	default:
		r.flaw(fieldValidity, "%d is no unit", v.Unit)
		v.Unit = Untold
	}
}
