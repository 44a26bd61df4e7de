package setup

import (
	"slices"
	"strings"
)

// set gives a parameter of main.cf a value. One that is there with another
// value stays, for the administrator has chosen it, unless what was asked for
// cannot be without ours.
func (n *planner) set(name, value string) {
	_, there := n.Set[name]
	isSwitch := value == "no"
	isGuard := name == "sms_guard"
	if !there || isSwitch && n.Full[name] != value || isGuard && !hasSocket(n.Full[name], n.wanted.Policy) {
		n.change("", name, value, "")
	}
}

// front puts an entry in front of a list of main.cf, unless it is in it.
func (n *planner) front(name, entry string) {
	if index(split(n.current("", name)), split(entry)) < 0 && index(split(n.Full[name]), split(n.expand(entry))) < 0 {
		n.change("", name, inFront(entry, n.current("", name)), entry)
	}
}

// expand writes an entry of ours as postconf -x shows it.
func (n *planner) expand(entry string) string {
	return strings.ReplaceAll(entry, "$config_directory", n.Dir)
}

// current is the value that a parameter is written with, our changes included.
func (n *planner) current(service, name string) string {
	for _, s := range slices.Backward(n.settings) {
		if s.Service == service && s.Name == name {
			return s.After
		}
	}
	if service != "" {
		s, _ := n.Service(service)
		return s.Raw[name]
	}
	if v, ok := n.Set[name]; ok {
		return v
	}
	if !strings.Contains(n.Raw[name], "${") {
		return n.Raw[name]
	}
	if n.Full[name] == "" {
		return ""
	}
	return "$mydestination" // relay_domains, where Postfix acts as before 3.0
}

// change remembers a new value, in place of one that it already has to become.
func (n *planner) change(service, name, value, entry string) {
	for i, s := range n.settings {
		if s.Service == service && s.Name == name {
			n.settings[i].After, n.settings[i].Entry = value, inFront(entry, s.Entry)
			return
		}
	}
	set := Setting{Service: service, Name: name, After: value, Entry: entry}
	if old, ok := n.before(service, name); ok {
		set.Before = &old
	}
	n.settings = append(n.settings, set)
}

// before is what is written there now.
func (n *planner) before(service, name string) (string, bool) {
	if service == "" {
		v, ok := n.Set[name]
		return v, ok
	}
	s, _ := n.Service(service)
	v, ok := s.Raw[name]
	return v, ok
}

// edits makes command lines of the settings: the new entry and the parameters
// of master.cf first, for nobody names them until main.cf does. postconf adds
// several new parameters in an order that is never the same, so that each has a
// command of its own.
func (n *planner) edits() {
	var master, main []Edit
	for _, s := range n.settings {
		switch set := s.String() + "=" + s.After; {
		case s.Service != "" && s.Name == "":
			n.plan.Edits = append(n.plan.Edits, postconf("master.cf", "-M", set))
		case s.Service != "":
			master = append(master, postconf("master.cf", "-P", set))
		default:
			main = append(main, postconf("main.cf", "-e", set))
		}
	}
	n.plan.Edits = slices.Concat(n.plan.Edits, master, main)
	n.plan.Settings = n.settings
}

// postconf is an edit with postconf(1).
func postconf(file string, args ...string) Edit {
	return Edit{file, func(dir string) []string { return append([]string{"postconf", "-c", dir}, args...) }}
}
