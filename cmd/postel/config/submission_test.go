package config

import (
	"strings"
	"testing"
)

// site is what a file needs besides [submission].
const site = `state = "/tmp/postel"
[address]
phone_domains = ["sms.example.org"]
[access]
domains = ["example.org"]
[[gateway]]
id = "office"
type = "sim"
number = "+15555550100"
default_recipient = "office@example.org"
[submission]
`

const secured = "certificate = \"/c\"\nkey = \"/k\"\n"

func TestSubmission(t *testing.T) {
	for text, want := range map[string]string{
		"listen = \"inet:0.0.0.0:587\"\n" + secured:                                       "",
		"tls_listen = \"inet:0.0.0.0:465\"\n" + secured:                                   "",
		"listen = \"inet:127.0.0.1:587\"\nplain_auth = true":                              "",
		"listen = \"unix:/x\"\nplain_auth = true":                                         "",
		"listen = \"inet:0.0.0.0:587\"":                                                   "submission.listen: passwords are taken inside of TLS only",
		"listen = \"inet:0.0.0.0:587\"\nplain_auth = true":                                "submission.listen: passwords are taken inside of TLS only",
		"listen = \"inet:127.0.0.1:587\"":                                                 "submission.listen: passwords are taken inside of TLS only",
		"tls_listen = \"inet:127.0.0.1:465\"\nplain_auth = true":                          "submission.tls_listen: there is no TLS without a certificate",
		"certificate = \"/c\"":                                                            "submission.certificate: a certificate and its key belong together",
		"certificate = \"c\"\nkey = \"/k\"":                                               `submission.certificate: "c" depends on where Postel is started`,
		"max_failures = 0":                                                                "submission.max_failures: nobody could send anything",
		"max_size = \"0\"":                                                                "submission.max_size: nobody could send anything",
		"smarthost = \"smtp:mx.example.com:25\"":                                          "submission.smarthost: no mail comes in that could go there",
		"smarthost_login = \"/l\"":                                                        "submission.smarthost_login: there is nowhere to log in",
		"smarthost_security = \"ssl\"":                                                    `submission.smarthost_security: "ssl" is not a choice`,
		"listen = \"unix:/x\"\nplain_auth = true\nsmarthost = \"lmtp:mx:24\"":             `submission.smarthost: "lmtp:mx:24" is not a mail server`,
		"listen = \"unix:/x\"\nplain_auth = true\nsmarthost = \"smtp:unix:/x\"":           "submission.smarthost: this is Postel's own server",
		"listen = \"unix:/x\"\nplain_auth = true\nsmarthost = \"smtp:mx.example.com:25\"": "",
		"listen = \"unix:/x\"\nplain_auth = true\nsmarthost = \"smtp:mx:25\"\nsmarthost_login = \"/l\"\nsmarthost_security = \"none\"": "submission.smarthost_security: the password would go over the network in clear",
		"listen = \"unix:/x\"\ntls_listen = \"unix:/x\"\n" + secured:                                                                   "submission.tls_listen: unix:/x is the socket of submission.listen already",
	} {
		_, err := Parse("postel.toml", []byte(site+text), Drivers{"sim": func() any { return &struct{}{} }})
		switch {
		case err == nil && want != "":
			t.Errorf("%q: no problem, want %q", text, want)
		case err != nil && (want == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%q: %v, want only %q", text, err, want)
		}
	}
}
