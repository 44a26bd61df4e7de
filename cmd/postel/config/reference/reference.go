// Package reference writes the documents that explain the configuration: the
// sample, docs/configuration.md and postel.toml(5). Their words are the comments
// of the Go fields, their values the defaults of the Go code, so that none of
// the three can say what the program does not do.
//
// It reads Go source, so it runs when the documents are generated (go generate)
// and in the test that they are current, never in the postel program.
package reference

import (
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/gateway/httpgw"
	"github.com/postel-mail/postel/smsengine/gateway/modem"
	"github.com/postel-mail/postel/smsengine/gateway/sim"
)

// Table is a table of the file.
type Table struct {
	Name string // "log"; "" for the keys above all tables; "[gateway]" in brackets for a list
	Doc  string
	Keys []Key
}

// Header is the table's line in the file.
func (t Table) Header() string { return "[" + t.Name + "]" }

// Key is a key, with its value as it stands in a file.
type Key struct {
	Name, Doc, Type string
	Default         string // "" for a key that must be set
	Example         string // "" if the default is the best example
}

// driver is where a driver's own settings are explained.
type driver struct {
	name, dir string // dir below the root of the repository
	defaults  any
}

var drivers = []driver{
	{"sim", "smsengine/gateway/sim", sim.Default()},
	{"modem", "smsengine/gateway/modem", modem.Default()},
	{"http", "smsengine/gateway/httpgw", httpgw.Default()},
}

// Tables reads the comments below the root of the repository and gives all
// tables in the order of the file.
func Tables(root string) ([]Table, error) {
	docs, err := comments(filepath.Join(root, "cmd/postel/config"))
	if err != nil {
		return nil, err
	}
	policy, err := comments(filepath.Join(root, "smsengine"))
	if err != nil {
		return nil, err
	}
	for name, doc := range policy {
		if strings.HasPrefix(name, "Policy.") {
			docs[name] = doc
		}
	}
	cfg := config.Default()
	cfg.Access.Policy = smsengine.BuiltIn
	top := table(docs, "", reflect.ValueOf(cfg))
	tables := []Table{top}
	v := reflect.ValueOf(cfg)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Type.Kind() == reflect.Struct {
			tables = append(tables, table(docs, config.Key(f), v.Field(i)))
			tables = append(tables, lists(docs, config.Key(f), f.Type)...)
		}
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); isList(f.Type) && config.Key(f) != "gateway" {
			tables = append(tables, table(docs, "["+config.Key(f)+"]", reflect.Zero(f.Type.Elem())))
		}
	}
	tables = append(tables, table(docs, "[gateway]", reflect.ValueOf(config.DefaultGateway())))
	for _, d := range drivers {
		docs, err := comments(filepath.Join(root, d.dir))
		if err != nil {
			return nil, err
		}
		t := table(docs, "gateway."+d.name, reflect.ValueOf(d.defaults))
		tables = append(tables, t)
	}
	return tables, nil
}

// lists gives the lists of tables below a table.
func lists(docs map[string]string, name string, t reflect.Type) []Table {
	var tables []Table
	for i := range t.NumField() {
		f := t.Field(i)
		if isList(f.Type) {
			tables = append(tables, table(docs, "["+name+"."+config.Key(f)+"]", reflect.Zero(f.Type.Elem())))
		}
	}
	return tables
}

// comments gives the comments of all struct types of a package, and of their
// fields as "Type.Field".
func comments(dir string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no Go files in %s", dir)
	}
	docs := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				note(docs, g)
			}
		}
	}
	return docs, nil
}

func note(docs map[string]string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		t := spec.(*ast.TypeSpec)
		s, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		docs[t.Name.Name] = words(g.Doc.Text())
		for _, f := range s.Fields.List {
			for _, n := range f.Names {
				docs[t.Name.Name+"."+n.Name] = words(f.Doc.Text())
			}
		}
	}
}

// words joins the lines of a comment.
func words(comment string) string { return strings.Join(strings.Fields(comment), " ") }

func table(docs map[string]string, name string, v reflect.Value) Table {
	t := Table{Name: name, Doc: docs[v.Type().Name()], Keys: keysOf(docs, v)}
	// "Log is what Postel says" begins with the name of the type; the reader of
	// the file knows the table by its key.
	t.Doc = strings.Replace(t.Doc, v.Type().Name()+" ", "`"+strings.Trim(t.Header(), "`")+"` ", 1)
	return t
}

func keysOf(docs map[string]string, v reflect.Value) []Key {
	var keys []Key
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch name := config.Key(f); {
		case f.Anonymous && f.Type == reflect.TypeFor[smsengine.Policy]() && v.Field(i).IsZero():
			// the keys of a level, explained in [access]
		case f.Anonymous:
			keys = append(keys, keysOf(docs, v.Field(i))...)
		case name == "" || f.Type.Kind() == reflect.Struct && !isText(f.Type) || isList(f.Type):
		default:
			keys = append(keys, Key{
				Name: name, Doc: docs[v.Type().Name()+"."+f.Name], Type: kind(f.Type),
				Default: value(v.Field(i)), Example: f.Tag.Get("example"),
			})
		}
	}
	return keys
}

func isList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && !isText(t.Elem())
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// value writes a default as TOML.
func value(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return ""
		}
		return fmt.Sprintf("%q", text)
	}
	switch v.Kind() {
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = value(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	default:
		return fmt.Sprint(v.Interface())
	}
}

// kind names a type in an administrator's words.
func kind(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Name() == "Rate":
		return "rate"
	case t.Name() == "Date":
		return "day"
	case t.Name() == "Duration":
		return "time"
	case t.Name() == "Endpoint":
		return "socket"
	case t.Name() == "Mode":
		return "permissions"
	case t.Name() == "Share":
		return "share"
	case t.Name() == "Size":
		return "size"
	case t.Kind() == reflect.Slice:
		return "list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String || isText(t):
		return "text"
	default:
		return "number"
	}
}
