package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/postel-mail/postel/smsengine/mistake"
)

// Drivers makes, for each type of gateway, the default of its own settings: a
// pointer to a struct with toml tags.
type Drivers map[string]func() any

// Load reads and checks a file. What is wrong with its contents is a
// [mistake.Problems]; the configuration is of no use then.
func Load(file string, drivers Drivers) (*Config, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, data, drivers)
}

// Parse is [Load] for contents that are at hand; file names them in problems.
func Parse(file string, data []byte, drivers Drivers) (*Config, error) {
	cfg := Default()
	r := &reader{file: file, data: data, cfg: &cfg, drivers: drivers, lines: map[string]int{}}
	if r.syntax() {
		r.read()
		r.check()
	}
	if len(r.problems) > 0 {
		r.problems.Sort()
		return nil, r.problems
	}
	return &cfg, nil
}

// reader puts a document into a Config key by key, so that one wrong value does
// not hide the next, and remembers the line of each key.
type reader struct {
	file     string
	data     []byte
	cfg      *Config
	drivers  Drivers
	lines    map[string]int  // key → line
	wrong    map[string]bool // keys whose value could not be read
	problems mistake.Problems
}

// syntax reports whether the document is TOML at all. If it is not, what follows
// the mistake cannot be trusted, so it is the only problem.
func (r *reader) syntax() bool {
	var any map[string]any
	err := toml.Unmarshal(r.data, &any)
	if err == nil {
		return true
	}
	p := mistake.Problem{File: r.file, What: plain(err)}
	if derr, ok := errors.AsType[*toml.DecodeError](err); ok {
		p.Line, _ = derr.Position()
		p.Key = strings.Join(derr.Key(), ".")
	}
	r.problems = append(r.problems, p)
	return false
}

// read decodes each key into the table that it stands in.
func (r *reader) read() {
	r.wrong = map[string]bool{}
	var p unstable.Parser
	p.Reset(r.data)
	name, table := "", any(r.cfg)
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			path, line := keyOf(e), r.lineOf(firstKey(e).Offset)
			name, table = r.table(path, e.Kind == unstable.ArrayTable, line)
			r.lines[name] = line
		case unstable.KeyValue:
			if table != nil {
				r.value(name, table, e)
			}
		}
	}
}

// table finds what a [table] or [[table]] header means: its name in problems,
// and a pointer to its struct, nil if there is no such table.
func (r *reader) table(path []string, list bool, line int) (string, any) {
	last := len(r.cfg.Gateways) - 1
	switch {
	case len(path) == 1 && path[0] == "gateway" && list:
		r.cfg.Gateways = append(r.cfg.Gateways, DefaultGateway())
		return fmt.Sprintf("gateway[%d]", last+1), &r.cfg.Gateways[last+1]
	case len(path) == 2 && path[0] == "gateway" && last >= 0 && !list:
		return r.driver(last, path[1], line)
	case list:
		if f := fieldByPath(reflect.ValueOf(r.cfg).Elem(), path); f.IsValid() && isList(f.Type()) {
			f.Set(reflect.Append(f, reflect.Zero(f.Type().Elem())))
			last := f.Len() - 1
			return fmt.Sprintf("%s[%d]", strings.Join(path, "."), last), f.Index(last).Addr().Interface()
		}
	case len(path) == 1 && !list && path[0] != "gateway":
		if f := fieldByKey(reflect.ValueOf(r.cfg).Elem(), path[0]); f.IsValid() && f.Kind() == reflect.Struct {
			return path[0], f.Addr().Interface()
		}
	}
	name := strings.Join(path, ".")
	p := mistake.Problem{File: r.file, Line: line, Key: name, What: "there is no such table"}
	switch {
	case path[0] == "gateway":
		p.What, p.Remedy = "a gateway begins with [[gateway]], two brackets", "its driver's own keys follow in [gateway.TYPE]"
	default:
		p.Remedy = mistake.Suggest(path[0], tables())
	}
	r.problems = append(r.problems, p)
	return name, nil
}

// driver makes the driver's own settings of gateway i.
func (r *reader) driver(i int, typ string, line int) (string, any) {
	name := fmt.Sprintf("gateway[%d].%s", i, typ)
	if make, ok := r.drivers[typ]; ok {
		r.cfg.Gateways[i].Options = make()
		return name, r.cfg.Gateways[i].Options
	}
	r.problems = append(r.problems, mistake.Problem{
		File: r.file, Line: line, Key: name, What: "there is no such driver",
		Remedy: mistake.Suggest(typ, slices.Sorted(maps.Keys(r.drivers))),
	})
	return name, nil
}

// value decodes one "key = value" into the struct of its table. Inline tables
// are taken apart, so that each of their keys is looked at by itself.
func (r *reader) value(name string, table any, e *unstable.Node) {
	path := keyOf(e)
	key := strings.TrimPrefix(name+"."+strings.Join(path, "."), ".")
	r.lines[key] = r.lineOf(e.Raw.Offset)
	field, kind := fieldByPath(reflect.ValueOf(table).Elem(), path), e.Value().Kind
	target := field
	if field.IsValid() && field.Kind() == reflect.Pointer { // a key that may say nothing
		field = reflect.New(field.Type().Elem()).Elem()
	}
	switch {
	case !field.IsValid():
		r.refuse(key, "there is no such key", mistake.Suggest(path[len(path)-1], keys(table)))
	case isTable(field.Type()) && kind == unstable.InlineTable:
		for it := e.Value().Children(); it.Next(); {
			r.value(key, field.Addr().Interface(), it.Node())
		}
	case isTable(field.Type()) || isList(field.Type()):
		r.refuse(key, "this is a table", fmt.Sprintf("begin it with [[%s]] on a line of its own", key))
	case isText(field.Type()) && kind != unstable.String:
		r.refuse(key, wantText(field.Type(), e.Value()), "")
	case isText(field.Type()):
		if err := field.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(e.Value().Data); err != nil {
			r.refuse(key, err.Error(), "")
		} else if target.Kind() == reflect.Pointer {
			target.Set(field.Addr())
		}
	case !fits(field.Kind(), kind):
		r.refuse(key, fmt.Sprintf("want %s, not %s", want(field.Kind()), article(kind)), "")
	default:
		raw := r.data[e.Raw.Offset:][:e.Raw.Length]
		if err := toml.Unmarshal(raw, table); err != nil {
			what := plain(err)
			if strings.Contains(what, "cannot decode TOML") {
				what = "want " + want(field.Kind())
			}
			r.refuse(key, what, "")
		}
	}
}

func (r *reader) refuse(key, what, remedy string) {
	r.wrong[key] = true
	r.problems = append(r.problems, mistake.Problem{File: r.file, Line: r.lines[key], Key: key, What: what, Remedy: remedy})
}

// wantText says how a value is written that reads itself from a text, and stood
// there without quotes. Nobody shall take 660 for octal.
func wantText(t reflect.Type, value *unstable.Node) string {
	v := reflect.New(t).Interface().(encoding.TextUnmarshaler)
	if err := v.UnmarshalText(value.Data); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("write it in quotes, %q", value.Data)
}

// fits reports whether a value of this kind can be meant for the field.
func fits(field reflect.Kind, kind unstable.Kind) bool {
	switch field {
	case reflect.String:
		return kind == unstable.String
	case reflect.Bool:
		return kind == unstable.Bool
	case reflect.Slice:
		return kind == unstable.Array
	case reflect.Float64:
		return kind == unstable.Integer || kind == unstable.Float
	default:
		return kind == unstable.Integer
	}
}

// want says how a field's value is written.
func want(field reflect.Kind) string {
	switch field {
	case reflect.String:
		return `a text in quotes`
	case reflect.Bool:
		return "true or false, without quotes"
	case reflect.Slice:
		return `a list of texts, ["…", "…"]`
	case reflect.Float64:
		return "a number, without quotes"
	default:
		return "a whole number, without quotes"
	}
}

// article names a kind of value, "an integer".
func article(kind unstable.Kind) string {
	noun := strings.ToLower(kind.String())
	switch kind {
	case unstable.Bool:
		return "true or false"
	case unstable.InlineTable:
		noun = "table"
	}
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// lineOf is the 1-based line of an offset.
func (r *reader) lineOf(offset uint32) int {
	return 1 + bytes.Count(r.data[:offset], []byte("\n"))
}

func keyOf(e *unstable.Node) []string {
	var path []string
	for it := e.Key(); it.Next(); {
		path = append(path, string(it.Node().Data))
	}
	return path
}

func firstKey(e *unstable.Node) unstable.Range {
	it := e.Key()
	it.Next()
	return it.Node().Raw
}

// plain is a decoder's words without the library's name.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "toml: ") }
