package main

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/mistake"
)

// This file writes and reads the keys of a policy as they stand in arguments:
// "monthly_limit=500", "allow=home,+44". A key without a value says nothing, so
// that the next level speaks; "none" says explicitly that there is no limit, no
// fixed gateway, no end.

const none = "none"

// policyFields calls each for the keys of a policy, in the order of the
// documentation.
func policyFields(p *smsengine.Policy, each func(key string, field reflect.Value)) {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		each(config.Key(v.Type().Field(i)), v.Field(i))
	}
}

func policyKeys() (keys []string) {
	policyFields(new(smsengine.Policy), func(key string, _ reflect.Value) { keys = append(keys, key) })
	return keys
}

// setPolicy takes the arguments "key=value", and gives the keys that they name.
func setPolicy(p *smsengine.Policy, args []string) ([]string, error) {
	var named []string
	for i, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		switch {
		case secretKey(key):
			return nil, usageError(whyNoArgument)
		case !ok:
			return nil, usageError(fmt.Sprintf("argument %d after the name is not KEY=VALUE", i+1)) // it may be a password
		case slices.Contains(named, key):
			return nil, fault(key, "give it once", "it is given twice")
		}
		field := policyField(p, key)
		if !field.IsValid() {
			return nil, fault(key, hint(key), "there is no such key")
		}
		if err := setField(field, strings.TrimSpace(value)); err != nil {
			return nil, fault(key, "", "%.40q: %s", value, err)
		}
		named = append(named, key)
	}
	return named, nil
}

// hint says which key may be meant, or which there are.
func hint(key string) string {
	for flag, meant := range map[string]string{"member": "--member", "members": "--member", "owns": "--owns", "contact": "--contact", "description": "--description", "disabled": "--disabled"} {
		if key == flag {
			return "write " + meant + " instead"
		}
	}
	return mistake.Suggest(key, policyKeys())
}

func policyField(p *smsengine.Policy, key string) (found reflect.Value) {
	policyFields(p, func(k string, field reflect.Value) {
		if k == key {
			found = field
		}
	})
	return found
}

// setField reads a value into a field of a policy.
func setField(field reflect.Value, value string) error {
	if value == "" {
		field.SetZero()
		return nil
	}
	if field.Kind() == reflect.Slice {
		list := []string{}
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimSpace(item); item != "" && value != none {
				list = append(list, item)
			}
		}
		field.Set(reflect.ValueOf(list))
		return nil
	}
	said := reflect.New(field.Type().Elem())
	if err := setValue(said.Interface(), value); err != nil {
		return err
	}
	field.Set(said)
	return nil
}

func setValue(to any, value string) (err error) {
	switch to := to.(type) {
	case *smsengine.Rate:
		return to.UnmarshalText([]byte(value)) // which has a "none" of its own
	case *int:
		if value == none {
			value = "0"
		}
		if *to, err = strconv.Atoi(value); err != nil {
			return fmt.Errorf("want a whole number, or %s", none)
		}
	case *bool:
		switch value {
		case "true", "yes":
			*to = true
		case "false", "no":
			*to = false
		default:
			return fmt.Errorf("want true or false")
		}
	case *string:
		*to = empty(value)
	case encoding.TextUnmarshaler:
		return to.UnmarshalText([]byte(empty(value)))
	}
	return nil
}

// empty makes "" of the word for it.
func empty(value string) string {
	if value == none {
		return ""
	}
	return value
}

// policyWords writes what a policy says, as setPolicy reads it.
func policyWords(p smsengine.Policy) (said []string) {
	policyFields(&p, func(key string, field reflect.Value) {
		if !field.IsNil() {
			said = append(said, key+"="+valueOf(field))
		}
	})
	return said
}

func valueOf(field reflect.Value) string {
	value := ""
	switch v := field.Interface().(type) {
	case []string:
		value = strings.Join(v, ",")
	default:
		value = fmt.Sprint(field.Elem().Interface())
	}
	if value == "" {
		return none
	}
	return value
}
