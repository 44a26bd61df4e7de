package icewarp

import (
	"strconv"
	"strings"
)

// The numbers are those of IceWarp's API (TRuleConditionType, TRuleActionType,
// TRuleSomeWordsFunctionType, TRuleMessageActionType); see docs/quirks.md.

var conditionTypes = []string{
	"none", "from", "to", "subject", "cc", "replyto", "bcc", "date", "priority", "spam", "size", "body", "customheader", "anyheader",
	"attachname", "stripattach", "renameattach", "hasattach", "charset", "sender", "recipient", "senderrecipient", "remotehost", "rfc822",
	"execution", "remoteip", "rdns", "dnsbl", "trustedsession", "spamscore", "bayessize", "smtpauth", "antivirus", "time", "sql", "all",
	"age", "folder", "owner",
}

var actionTypes = []string{
	"none", "sendmessage", "forward", "copymessage", "movefolder", "copyfolder", "encrypt", "priority", "respond", "flags", "header",
	"score", "execute", "headerfooter", "stripall", "exctract", "smartattach", "append", "smtpresponse", "fixrfc822", "tarpitip", "db",
	"skiparchive", "movetoarchive", "copytoarchive", "messageaction", "deletemessage", "stop",
}

var functionTypes = []string{"none", "contains", "containslist", "regex", "startswith", "endswith", "equals", "pattern"}

var messageActions = []string{"accept", "delete", "reject", "spam", "quarantine"}

var compareTypes = []string{"lower", "greater"}

// kind reads an enumeration, by number or name. documented is what the API calls
// the element; a number in an element of another name may count otherwise, which
// is said.
func (c *converter) kind(n *node, values []string, documented string, others ...string) string {
	k := n.child(append([]string{documented}, others...)...)
	if k == nil {
		return ""
	}
	k.used = true
	text := strings.ToLower(strings.TrimSpace(k.text))
	i, err := strconv.Atoi(text)
	if err != nil {
		for _, v := range values {
			if plainName(text) == v {
				return v
			}
		}
		return oneLine(text)
	}
	if i < 0 || i >= len(values) {
		return text
	}
	if k.name != documented {
		c.left("<%s> %d is taken for %q, as IceWarp's API counts; see whether that is right", k.name, i, values[i])
	}
	return values[i]
}
