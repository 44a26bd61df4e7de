package config

import (
	"encoding"
	"reflect"
	"strings"
)

// fieldByKey finds the field that a TOML key names, embedded structs included.
func fieldByKey(v reflect.Value, key string) reflect.Value {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			if g := fieldByKey(v.Field(i), key); g.IsValid() {
				return g
			}
		} else if key != "" && Key(f) == key {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// fieldByPath follows a dotted key into tables.
func fieldByPath(v reflect.Value, path []string) reflect.Value {
	for i, key := range path {
		if v = fieldByKey(v, key); !v.IsValid() || i < len(path)-1 && !isTable(v.Type()) {
			return reflect.Value{}
		}
	}
	return v
}

// isTable reports whether a field is a table, and not a value that is read from
// a text.
func isTable(t reflect.Type) bool { return t.Kind() == reflect.Struct && !isText(t) }

// isList reports whether a field is a list of tables.
func isList(t reflect.Type) bool { return t.Kind() == reflect.Slice && isTable(t.Elem()) }

// isText reports whether a value reads itself from a text.
func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// Key is the TOML key of a field, "" if it has none.
func Key(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// keys lists the keys of a table, given as pointer to its struct.
func keys(table any) []string {
	var names []string
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for i := range t.NumField() {
			if f := t.Field(i); f.Anonymous {
				walk(f.Type)
			} else if k := Key(f); k != "" && !isList(f.Type) {
				names = append(names, k)
			}
		}
	}
	walk(reflect.TypeOf(table).Elem())
	return names
}

// tables lists the tables of the file.
func tables() []string {
	var names []string
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() != reflect.Struct {
			continue
		}
		names = append(names, Key(f))
		for j := range f.Type.NumField() {
			if l := f.Type.Field(j); isList(l.Type) {
				names = append(names, "["+Key(f)+"."+Key(l)+"]")
			}
		}
	}
	return append(names, "gateway")
}
