package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
	"github.com/postel-mail/postel/smsengine/rule"
)

// What a message says is filled in; what may be a secret of the rule is not shown.
func TestEffectsHideSecrets(t *testing.T) {
	values := map[string]string{"text": "Hello & good bye", "from": "+15555550123"}
	for _, x := range []struct {
		effect rule.Effect
		shows  string
	}{
		{rule.Run{Command: []string{"/bin/page", "--key=hunter2", "--", "%%text%%"}, Values: values}, `/bin/page --key=*** -- "Hello & good bye"`},
		{rule.Run{Command: []string{"/bin/page", "--token", "hunter2", "--from=%%from%%"}, Values: values}, `/bin/page --token *** --from=+15555550123`},
		{rule.Run{Command: []string{"/bin/page"}, Env: map[string]string{"LEVEL": "hunter2", "WHO": "%%from%%"}, Values: values}, "environment WHO +15555550123"},
		{rule.Run{Command: []string{"curl -H 'Authorization: hunter2'"}, Shell: true, Values: values}, "command ***"},
		{rule.Run{Command: []string{"/bin/page"}, Stdin: "password hunter2\n%%text%%", Values: values}, "standard input ***"},
		{rule.Call{Method: "GET", URL: "https://example.org/x?u=hunter2&t=%%text%%", Values: values}, "GET https://example.org/x?u=***&t=Hello+%26+good+bye"},
		{rule.Call{Method: "GET", URL: "https://example.org/?key=hunter2%%from%%", Values: values}, "GET https://example.org/?key=***"},
		{rule.Call{Method: "POST", URL: "https://example.org/", Type: "application/json", Body: `{"token":"hunter2","t":"%%text%%"}`, Values: values}, "body ***"},
		{rule.Call{Method: "POST", URL: "https://example.org/", Headers: map[string]string{"X-Shop": "hunter2", "X-From": "%%from%%"}, Values: values}, "header X-From +15555550123"},
		{rule.SQL{Database: "crm", Statement: "select login('me', password => 'hunter2', %%text%%)", Values: values}, "statement ***"},
		{rule.SQL{Database: "crm", Statement: "insert into t values (%%from%%, %%text%%)", Values: values}, "insert into t values ($1, $2)"},
	} {
		s := showEffect(x.effect, smsengine.Message{})
		var said strings.Builder
		for _, d := range s.More {
			fmt.Fprintf(&said, "%s %s\n", d.Name, d.Value)
		}
		if got := said.String(); s.Fail != "" || strings.Contains(got, "hunter2") || !strings.Contains(got, x.shows) {
			t.Errorf("%+v shows %q, %s", x.effect, got, s.Fail)
		}
	}
}
