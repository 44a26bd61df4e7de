package provider

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// suffix of a provider file's name.
const suffix = ".toml"

// Error is what is wrong with a provider file.
type Error struct {
	File string
	Line int    // 0: none in particular
	Key  string // "send.url"
	What string
}

func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	if e.Key != "" {
		s += ": " + e.Key
	}
	return s + ": " + e.What
}

// Load reads the file of a provider from the first of the folders that has it:
// the site's, then Postel's own. What is wrong with its contents is an [*Error];
// that no folder has it is fs.ErrNotExist.
func Load(id string, folders ...fs.FS) (*Provider, error) {
	if id == "" || strings.ContainsAny(id, `/\.`) {
		return nil, fmt.Errorf("%q is not a provider's name: %w", id, fs.ErrNotExist)
	}
	for _, f := range folders {
		data, err := fs.ReadFile(f, id+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return Parse(id+suffix, data)
	}
	return nil, fmt.Errorf("there is no provider %q: %w", id, fs.ErrNotExist)
}

// List gives the IDs of all providers in the folders, sorted.
func List(folders ...fs.FS) ([]string, error) {
	var ids []string
	for _, f := range folders {
		names, err := fs.Glob(f, "*"+suffix)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			ids = append(ids, strings.TrimSuffix(n, suffix))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Parse reads a provider file; its name is for errors, and for the ID.
func Parse(file string, data []byte) (*Provider, error) {
	p := &Provider{
		ID:   strings.TrimSuffix(path.Base(file), suffix),
		Send: Send{Method: "POST", Timeouts: DefaultTimeouts()},
	}
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(p)
	if err != nil {
		return nil, unread(file, err)
	}
	c := checker{p: p, settings: slices.Concat(own, p.Settings())}
	c.all()
	if c.key != "" {
		return nil, &Error{File: file, Line: lineOf(data, c.key), Key: c.key, What: c.what}
	}
	return p, nil
}

// unread says what TOML has against the file.
func unread(file string, err error) error {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(strict.Errors) > 0 {
		d := &strict.Errors[0]
		line, _ := d.Position()
		return &Error{File: file, Line: line, Key: strings.Join(d.Key(), "."), What: "there is no such key"}
	}
	if d, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := d.Position()
		return &Error{File: file, Line: line, Key: strings.Join(d.Key(), "."), What: strings.TrimPrefix(d.Error(), "toml: ")}
	}
	return &Error{File: file, What: err.Error()}
}

// lineOf finds the line on which a key, or else the nearest table above it,
// begins. Tables in a list are counted: "need[1].name".
func lineOf(data []byte, key string) int {
	lines := map[string]int{}
	counts := map[string]int{}
	var p unstable.Parser
	p.Reset(data)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		var names []string
		offset := -1
		for it := e.Key(); it.Next(); {
			names = append(names, string(it.Node().Data))
			if offset < 0 {
				offset = int(it.Node().Raw.Offset)
			}
		}
		name := strings.Join(names, ".")
		switch e.Kind {
		case unstable.ArrayTable:
			table = fmt.Sprintf("%s[%d]", name, counts[name])
			counts[name]++
			name = table
		case unstable.Table:
			table = name
		case unstable.KeyValue:
			if table != "" {
				name = table + "." + name
			}
		default:
			continue
		}
		lines[name] = 1 + bytes.Count(data[:offset], []byte("\n"))
	}
	for key != "" {
		if line, ok := lines[key]; ok {
			return line
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 0
}
