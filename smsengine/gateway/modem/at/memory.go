package at

import (
	"slices"
	"strconv"
	"strings"
)

// Memory is a storage for messages (3GPP TS 27.005 §3.2.2).
type Memory struct {
	Name        string // "SM", "ME", "SR"; empty where the answer does not repeat it
	Used, Total int    // -1 if not told
}

// ParseMemories reads the answer to AT+CPMS? or AT+CPMS=...: the memories to read and delete, to write, and for what
// comes, as many as the modem has. Without any the modem cannot store, which is no error.
func ParseMemories(a Answer) ([]Memory, error) {
	line, fields := a.named("+CPMS")
	if len(fields) == 0 {
		return nil, formError("+CPMS", line)
	}
	var all []Memory
	for at := 0; at < len(fields); {
		m := Memory{}
		if _, isNumber := fields[at].Int(); fields[at].Quoted || fields[at].Text != "" && !isNumber {
			m.Name = strings.ToUpper(fields[at].Text)
			at++
		}
		m.Used, m.Total = number(fields, at), number(fields, at+1)
		at += 2
		if m != (Memory{Used: -1, Total: -1}) {
			all = append(all, m)
		}
	}
	return all[:min(len(all), 3)], nil
}

// ParseMemoryNames reads the answer to AT+CPMS=?: for each of the two or three what can be chosen. Wavecom puts all of
// it into one more pair of brackets.
func ParseMemoryNames(a Answer) ([][]string, error) {
	line, fields := a.named("+CPMS")
	if len(fields) == 1 && strings.HasPrefix(fields[0].Text, "((") {
		inner := strings.TrimSuffix(strings.TrimPrefix(fields[0].Text, "("), ")")
		fields = parameters(inner)
	}
	if len(fields) == 0 {
		return nil, formError("+CPMS", line)
	}
	var all [][]string
	for _, f := range fields {
		var names []string
		for _, one := range parameters(strings.Trim(f.Text, "() ")) {
			if one.Text != "" {
				names = append(names, strings.ToUpper(one.Text))
			}
		}
		all = append(all, names)
	}
	return all, nil
}

// maxRange is above every value that a parameter of a test command can have here.
const maxRange = 255

// ParseRanges reads the values that a test command lists: "(0-1,3),(0),2" as [[0 1 3] [0] [2]]. What is no number is
// passed over.
func ParseRanges(a Answer, name string) ([][]int, error) {
	line, fields := a.named(name)
	if len(fields) == 0 {
		return nil, formError(name, line)
	}
	var all [][]int
	for _, f := range fields {
		values := []int{}
		for _, one := range strings.Split(strings.Trim(f.Text, "() "), ",") {
			low, high, isRange := strings.Cut(strings.Trim(one, "() "), "-")
			from, err := strconv.Atoi(strings.TrimSpace(low))
			to := from
			if isRange && err == nil {
				to, err = strconv.Atoi(strings.TrimSpace(high))
			}
			for n := from; err == nil && n <= to && n <= maxRange && from >= 0; n++ {
				values = append(values, n)
			}
		}
		all = append(all, values)
	}
	return all, nil
}

// ParseNumber reads an answer that is a number, "+CMMS: 2".
func ParseNumber(a Answer, name string) (int, error) {
	line, fields := a.named(name)
	if n := number(fields, 0); n >= 0 {
		return n, nil
	}
	return 0, formError(name, line)
}

// Indications gives what AT+CNMI is to be told, best first, from the answer to AT+CNMI=? (3GPP TS 27.005 §3.4.1): texts
// stored and told of with +CMTI, cell broadcasts not at all, status reports given at once or else stored, and none of it
// thrown away while the line is busy. Where the modem cannot, that parameter is 0. Modems refuse what their own answer
// lists, such as status reports given at once before AT+CSMS=1: then the next may do. Each has as many parameters as
// the answer, at most five.
func Indications(ranges [][]int) [][]int {
	wanted := [][]int{
		{2, 1},    // mode: buffered while the line is busy, or lost
		{1},       // texts
		{0},       // broadcasts
		{1, 2, 0}, // status reports
		{0, 1},    // what was buffered: told, or thrown away
	}
	chosen := make([]int, min(len(ranges), len(wanted)))
	for i := range chosen {
		chosen[i] = first(wanted[i], ranges[i])
	}
	if len(chosen) <= reports {
		return [][]int{chosen}
	}
	var all [][]int
	for _, ds := range wanted[reports] {
		if ds == 0 || slices.Contains(ranges[reports], ds) {
			one := slices.Clone(chosen)
			one[reports] = ds
			all = append(all, one)
		}
	}
	return all
}

// reports is the place of the parameter for status reports.
const reports = 3

// first gives the first wanted value that is possible, or 0.
func first(wanted, possible []int) int {
	for _, w := range wanted {
		if slices.Contains(possible, w) {
			return w
		}
	}
	return 0
}
