// Package arrows says which package of Postel may import which others of
// Postel, and why. Its test holds the source to it. The linter knows the same
// rules (.golangci.yml) and tells an editor; the test tells everybody.
package arrows

import (
	"fmt"
	"slices"
	"strings"
)

const module = "github.com/postel-mail/postel/"

// Rule is about the packages of one folder.
type Rule struct {
	// Folder is the folder, with all that is below it unless Alone is set.
	Folder string
	Alone  bool
	// May lists the folders that it may import from, with all that is below
	// them; "=" in front means the folder alone. A package may always import
	// what is below its own folder, unless the rule is Alone.
	May []string
	// Pure is set where files, network, processes and databases are out of
	// bounds, too; becausePure says why.
	Pure bool
	// Because is the reason, printed with what offends.
	Because string
}

// Rules are tried in this order; the first whose folder fits is the package's.
var Rules = []Rule{
	{Folder: "cmd", May: []string{"cmd", "contrib", "mailbridge", "milter", "smsengine", "transport"},
		Because: "cmd wires everything together, and nothing imports cmd"},

	{Folder: "smsengine", Alone: true,
		Because: "the engine's types stand on nothing else of ours, so that everything can stand on them"},
	{Folder: "smsengine/phone", Pure: true,
		Because: "phone is a pure function of its input, which every door and every test can call"},
	{Folder: "smsengine/sms/tpdu", May: []string{"=smsengine/sms"}, Pure: true,
		Because: "tpdu turns octets into texts and back, for modems, tools and emulators alike, and knows none of them"},
	{Folder: "smsengine/sms", Pure: true,
		Because: "sms is a pure function of its input, which every driver and every test can call"},
	{Folder: "smsengine/words", May: []string{"=smsengine"}, Pure: true,
		Because: "what a text says of a mail depends on the mail and the terms alone"},
	{Folder: "smsengine/price", Pure: true,
		Because: "what a part costs depends on its number and a table alone"},
	{Folder: "smsengine/mistake", Pure: true,
		Because: "what is wrong with a file is told alike, whoever reads it"},
	{Folder: "smsengine/rule", May: []string{"=smsengine", "smsengine/mistake", "smsengine/phone", "smsengine/sms"}, Pure: true,
		Because: "rules decide and do nothing, so that postel explain can ask them without effect"},
	{Folder: "smsengine/push", May: []string{"=smsengine", "smsengine/phone", "smsengine/sms"}, Pure: true,
		Because: "push builds octets and sends nothing"},
	{Folder: "smsengine/account", May: []string{"=smsengine", "smsengine/phone", "smsengine/sms", "smsengine/words"}, Pure: true,
		Because: "accounts decide who may send from what they are given, whatever store it came from"},
	{Folder: "smsengine/stage", May: []string{"=smsengine", "smsengine/phone", "smsengine/sms", "smsengine/account", "smsengine/price", "smsengine/rule", "smsengine/push", "smsengine/words"}, Pure: true,
		Because: "stages decide and do nothing: side effects live in stores, gateways and doors"},
	{Folder: "smsengine/store", May: []string{"=smsengine", "smsengine/phone", "smsengine/sms", "smsengine/store/migrate"},
		Because: "a store keeps the engine's types and knows neither doors nor drivers nor other stores"},
	{Folder: "smsengine/gateway/modem/at", May: []string{"smsengine/sms"},
		Because: "at speaks with a modem and knows neither what is to be said nor what becomes of the answers"},
	{Folder: "smsengine/gateway/httpgw/template", May: []string{"=smsengine/sms"}, Pure: true,
		Because: "a template depends on its words and one text alone, so that checks, logs and dry runs can ask it anything"},
	{Folder: "smsengine/gateway/httpgw/provider", May: []string{"=smsengine/gateway/httpgw/template"},
		Because: "a provider file says what a company's interface is like, to whatever sends, receives or asks"},
	{Folder: "smsengine/gateway/httpgw/hook", May: []string{"=smsengine", "=smsengine/phone", "=smsengine/sms", "smsengine/gateway/httpgw/provider", "=smsengine/gateway/httpgw/template"},
		Because: "what a provider brings is read with its file and the engine's types, whoever serves it"},
	{Folder: "smsengine/gateway/guard",
		Because: "guard says which addresses are inside, to whatever asks for what somebody else has named"},
	{Folder: "smsengine/gateway/httpgw/fetch", May: []string{"=smsengine/gateway/guard"},
		Because: "fetch gets a named thing from a named host, and knows nothing of what it is for"},
	{Folder: "smsengine/gateway/httpgw/wire",
		Because: "wire makes requests over connections, and knows nothing of what they are for"},
	{Folder: "smsengine/gateway/modem/port",
		Because: "port opens what octets come from and go to, and knows nothing of what they say"},
	{Folder: "smsengine/gateway/modem/probe", May: []string{"smsengine/sms", "smsengine/gateway/modem/at", "smsengine/gateway/modem/port"},
		Because: "probe asks modems what they are, and changes and sends nothing: it stands beside the driver"},
	{Folder: "smsengine/gateway/webhook/pattern", Pure: true,
		Because: "a URL with variables depends on its words and their values alone, whoever calls it"},
	{Folder: "smsengine/gateway/webhook", May: []string{"=smsengine", "=smsengine/gateway/guard"},
		Because: "the driver of webhooks knows the engine's types, and what a document says of them is told to it"},
	{Folder: "smsengine/gateway/deed", May: []string{"=smsengine", "=smsengine/rule"},
		Because: "what rules want done is read with the rules' own package, and done by no other driver"},
	{Folder: "smsengine/gateway", May: []string{"=smsengine", "smsengine/phone", "smsengine/sms"},
		Because: "a driver is one folder that a newcomer can copy: it knows the engine's types and no other driver"},

	{Folder: "mailbridge/wording", Pure: true,
		Because: "sentences are said to people by whoever knows what happened: they know nothing themselves"},
	{Folder: "mailbridge/quote", May: []string{"=smsengine"}, Pure: true,
		Because: "what a person wrote depends on the text alone"},
	{Folder: "mailbridge/courier", May: []string{"=mailbridge", "=smsengine", "smsengine/phone"},
		Because: "couriers hand over the letters that mailbridge writes, and know neither doors nor drivers nor stores"},
	{Folder: "mailbridge", May: []string{"=smsengine", "smsengine/phone", "smsengine/sms"},
		Because: "mailbridge turns mail into messages and back, and knows neither doors nor drivers nor stores"},
	{Folder: "milter", May: []string{"mailbridge", "=smsengine", "smsengine/phone", "=transport", "transport/listen"},
		Because: "a door parses its protocol and asks the engine: what it shares with others is mailbridge and the reply table"},
	{Folder: "transport", Alone: true, May: []string{"=smsengine", "smsengine/phone"},
		Because: "the reply table belongs to every door and knows none of them"},
	{Folder: "transport/listen",
		Because: "listening on sockets is the same for every door and knows nothing of what is said there"},
	{Folder: "transport/caller",
		Because: "who makes a request is the same question for every door that speaks HTTP"},
	{Folder: "transport/httpapi", May: []string{"=smsengine", "smsengine/phone", "smsengine/sms", "=transport", "transport/caller", "=transport/httpapi", "transport/listen"},
		Because: "what is mounted on the HTTP listener parses its requests and asks the engine, and knows of the listener only"},
	{Folder: "transport", May: []string{"mailbridge", "=smsengine", "smsengine/phone", "smsengine/sms", "=transport", "transport/caller", "transport/listen"},
		Because: "a door parses its protocol and asks the engine: doors do not know each other, drivers or stores"},

	{Folder: "contrib",
		Because: "contrib holds files for administrators, and may be read by whatever installs them"},
	{Folder: "internal/bench", May: []string{"mailbridge", "milter", "smsengine", "transport"},
		Because: "the benchmark drives the parts as the service does, and is no part of it"},
	{Folder: "internal", May: []string{"contrib", "internal"},
		Because: "the tools of the tests stand outside of what they test; tests themselves may import anything"},
}

// becausePure is the reason for every rule that is Pure.
const becausePure = "what decides depends on its input alone and has no effect, so that tests and postel explain can ask it anything"

// impure are the packages of the standard library that lead out.
var impure = []string{"database/sql", "io/ioutil", "net", "net/http", "net/smtp", "os", "os/exec", "syscall"}

// find returns the rule for a folder.
func find(folder string) (Rule, bool) {
	for _, r := range Rules {
		if folder == r.Folder || !r.Alone && strings.HasPrefix(folder, r.Folder+"/") {
			return r, true
		}
	}
	return Rule{}, false
}

// Check returns what is wrong with the imports of the package in a folder.
func Check(folder string, imports []string) (wrong []string) {
	rule, ok := find(folder)
	if !ok {
		return []string{fmt.Sprintf("%s has no rule in internal/arrows: say what it may import, and why", folder)}
	}
	for _, path := range imports {
		target, ours := strings.CutPrefix(path, module)
		if ours && !rule.allows(folder, target) {
			wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", folder, target, rule.Because))
		}
		if rule.Pure && slices.Contains(impure, path) {
			wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", folder, path, becausePure))
		}
	}
	return wrong
}

func (r Rule) allows(folder, target string) bool {
	if !r.Alone && strings.HasPrefix(target, folder+"/") {
		return true
	}
	return slices.ContainsFunc(r.May, func(may string) bool {
		alone, isAlone := strings.CutPrefix(may, "=")
		if isAlone {
			return target == alone
		}
		return target == may || strings.HasPrefix(target, may+"/")
	})
}
