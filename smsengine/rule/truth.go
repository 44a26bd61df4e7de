package rule

// Truth is the answer to a condition.
type Truth uint8

// The answers.
const (
	No      Truth = iota
	Yes           //
	Unknown       // it depends on what is not known yet
	Failed        // it could not be found out; see the package's comment
)

var truths = [...]string{"no", "yes", "unknown", "failed"}

func (t Truth) String() string { return truths[t] }

// MarshalText writes the answer as a word.
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes; any other word is Failed.
func (t *Truth) UnmarshalText(text []byte) error {
	*t = Failed
	for i, word := range truths {
		if word == string(text) {
			*t = Truth(i)
		}
	}
	return nil
}

// not is negation: it leaves what is not known as it is.
func (t Truth) not() Truth {
	switch t {
	case No:
		return Yes
	case Yes:
		return No
	}
	return t
}

// truth of what is known.
func truth(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// and is what two answers are together. A certain no makes a no; then what may
// still become one counts, then what failed.
func (t Truth) and(u Truth) Truth {
	for _, first := range [...]Truth{No, Unknown, Failed} {
		if t == first || u == first {
			return first
		}
	}
	return Yes
}

// or is "and" of the opposites, and the opposite of it.
func (t Truth) or(u Truth) Truth { return t.not().and(u.not()).not() }
