package setup

import (
	"slices"
	"strings"
	"unicode"
)

// split takes a list of Postfix apart. Entries are separated by commas and
// spaces, and what stands in braces is one entry (postconf(5)).
func split(list string) (entries []string) {
	depth, start := 0, -1
	end := func(i int) {
		if start >= 0 {
			entries = append(entries, list[start:i])
		}
		start = -1
	}
	for i, r := range list {
		if separator := depth == 0 && (r == ',' || unicode.IsSpace(r)); separator {
			end(i)
			continue
		}
		if start < 0 {
			start = i
		}
		switch r {
		case '{':
			depth++
		case '}':
			depth = max(0, depth-1)
		}
	}
	end(len(list))
	return entries
}

// index finds the entries of one list in another, whatever space is between
// them; -1 if they are not there.
func index(list, entries []string) int {
	for i := 0; i+len(entries) <= len(list); i++ {
		if slices.EqualFunc(list[i:i+len(entries)], entries, func(a, b string) bool { return plain(a) == plain(b) }) {
			return i
		}
	}
	return -1
}

// plain is an entry without the spaces that mean nothing.
func plain(entry string) string {
	if !strings.HasPrefix(entry, "{") {
		return entry
	}
	var parts []string
	for _, p := range split(strings.TrimSuffix(strings.TrimPrefix(entry, "{"), "}")) {
		parts = append(parts, plain(p))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// inFront puts an entry in front of a list, and leaves the list as it was
// written.
func inFront(entry, list string) string {
	if list = strings.TrimSpace(list); list == "" {
		return entry
	}
	return entry + ", " + list
}

// behind puts an entry behind a list.
func behind(entry, list string) string {
	if list = strings.TrimSpace(list); list == "" {
		return entry
	}
	return list + ", " + entry
}

// without takes an entry out of a list; false if it is not there exactly once.
// The rest stays as it was written.
func without(entry, list string) (string, bool) {
	all, ours := split(list), split(entry)
	i := index(all, ours)
	if i < 0 || len(ours) == 0 || index(all[i+1:], ours) >= 0 {
		return list, false
	}
	at := offsets(list, all)
	if next := i + len(ours); next < len(all) {
		return strings.TrimSpace(list[:at[i]] + list[at[next]:]), true
	}
	return strings.TrimRight(list[:at[i]], ", \t\n"), true
}

// offsets are where the entries of a list begin.
func offsets(list string, entries []string) (at []int) {
	from := 0
	for _, e := range entries {
		i := from + strings.Index(list[from:], e)
		at, from = append(at, i), i+len(e)
	}
	return at
}

// socket is the address in an entry of a list of milters, "unix:postel/milter",
// without the braces and options around it.
func socket(milter string) string {
	inner := split(strings.Trim(milter, "{} \t"))
	if len(inner) == 0 {
		return ""
	}
	return inner[0]
}

// hasSocket reports whether a list of milters or policy servers names a socket.
func hasSocket(list, address string) bool {
	return slices.ContainsFunc(split(list), func(e string) bool { return socket(e) == address })
}

// unspaced writes a list without any space, as postconf -P takes it; false if
// a space in it means something.
func unspaced(list string) (string, bool) {
	entries := split(list)
	for i, e := range entries {
		if !strings.HasPrefix(e, "{") {
			continue
		}
		inner := split(strings.TrimSuffix(e[1:], "}"))
		if slices.ContainsFunc(inner, func(s string) bool { return strings.ContainsFunc(s, unicode.IsSpace) }) {
			return "", false
		}
		entries[i] = "{" + strings.Join(inner, ",") + "}"
	}
	return strings.Join(entries, ","), true
}
