package icewarp

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/rulefile"
	"github.com/postel-mail/postel/smsengine/rule"
)

// editHeader rewrites a header field, which of To is the number and the gateway.
// sole says that the filter does nothing else.
func (c *converter) editHeader(k *node, sole bool) {
	k.used = true
	k.read("classname")
	remove := c.kind(k, []string{"addedit", "delete"}, "editheadertype", "type") == "delete"
	header := strings.TrimSuffix(k.read("header", "name"), ":")
	pattern, value := k.read("regex", "pattern"), k.read("value")
	if !k.flag(pattern != "", "hasregex") {
		pattern = ""
	}
	outgoing := c.site.Direction == rule.Outgoing
	lower := strings.ToLower(header)
	field := lower
	switch {
	case lower == "to" && outgoing:
		if remove {
			c.left("the removal of To: a text goes somewhere")
			return
		}
		if c.reroute(pattern, value, sole) {
			return
		}
		c.knownGateway(value)
		if dialled(pattern, "regex") {
			c.left("the pattern %q: here, numbers begin with + and the country", oneLine(pattern))
		}
	case lower == "from" && !outgoing, lower == "subject":
	case strings.HasPrefix(lower, "x-"):
		field = "header." + header
	default:
		c.left("the edit of the header field %s, to %q", oneLine(header), oneLine(value))
		return
	}
	if remove {
		pattern, value = "", ""
	}
	var with any = value
	if pattern != "" {
		with = rulefile.Table{{Key: "matches", Value: pattern}, {Key: "with", Value: value}}
	}
	t := rulefile.Field(field, with)
	if name, ok := strings.CutPrefix(field, "header."); ok {
		t = rulefile.Field("header", rulefile.Field(name, with))
	}
	c.then(rulefile.Field("edit", t))
}

// toGateway finds rewritings of To that only name a gateway.
var (
	toGateway   = regexp.MustCompile(`^(?i:%%to%%|\$1|\$1\$2)@([A-Za-z0-9_-]+)$`)
	leadsToward = regexp.MustCompile(`@([A-Za-z0-9_-]+)(?:[?&]|$)`)
)

// reroute writes a rewriting of To that only names a gateway as what it means, if
// the filter does nothing else: then the pattern is a condition.
func (c *converter) reroute(pattern, value string, sole bool) bool {
	m := toGateway.FindStringSubmatch(value)
	if m == nil || !sole || !c.hasGateway(m[1]) {
		return false
	}
	before, _, _ := strings.Cut(strings.ToLower(value), "@")
	var more rulefile.Table
	switch to := beginnings(pattern); {
	case before == "%%to%%" && pattern == "":
		more = always()
	case before == "$1" && pattern == notRouted[0]:
		more = rulefile.Field("routed", false)
	case before == "$1$2" && to != nil && wholeGroups.MatchString(pattern):
		more = ask("to", "starts", oneOrAll(to))
	default:
		return false
	}
	r := &c.now.rule
	if !isNever(r.If) {
		r.If = allOf(unique([]rulefile.Table{r.If, more}))
	}
	c.then(rulefile.Field("gateway", m[1]))
	return true
}

// wholeGroups is a pattern whose two groups are all of the number.
var wholeGroups = regexp.MustCompile(`^\^\([^()]*\)\(\.\*\)\$?$`)

// unique drops what is there already.
func unique(members []rulefile.Table) []rulefile.Table {
	if string(rulefile.Write(nil, []rulefile.Rule{{If: members[0]}})) == string(rulefile.Write(nil, []rulefile.Rule{{If: members[1]}})) {
		return members[:1]
	}
	return members
}

// hasGateway reports whether there is one; where nobody knows, there is.
func (c *converter) hasGateway(name string) bool {
	known := c.site.Gateways
	return known == nil || slices.ContainsFunc(known, func(g string) bool { return strings.EqualFold(g, name) })
}

// knownGateway says if a rewritten To names a gateway that there is not.
func (c *converter) knownGateway(value string) {
	for _, m := range leadsToward.FindAllStringSubmatch(value, -1) {
		if !c.hasGateway(m[1]) {
			c.left("the gateway %s: there is none of that ID", m[1])
		}
	}
}
