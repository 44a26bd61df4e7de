package template

import (
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine/sms"
)

// The URLs of IceWarp's manual ("HTTP SMS Service Setup", "Configuring
// Clickatell HTTP Gateway", "HTTP Gateway with Client Certificates", "HTTP
// Request Examples", "Scenario Example"), line breaks and stray spaces of its pages
// included, with names of servers and accounts filled in.
var manual = []struct{ title, url string }{
	{"another server", "http://sms.example.org/sms/?number=%number%&data=%data%&udh=%udh%&binary=%binary%&pid=%pid%&dcs=%dcs%&sender=%sender%"},
	{"two servers", "https://sms.example.org/sms/?number=%number%&data=%data%&udh=%udh%&binary= %binary%&pid=%pid%&dcs=%dcs%&sender=%sender%&msgid=%msgid%&user=mary&pass= l1ttlelamb"},
	{"Clickatell", "http://api.clickatell.com/http/sendmsg?user=xxx&password=xxx&api_id=xxx&to=%number%&udh=%udh;len;hex %&data=%data;isascii%%data;isunicode;unicode;value=&unicode=1%&concat=%parts%"},
	{"Clickatell, hex;len", "http://api.clickatell.com/http/sendmsg?to=%number%&udh=%udh;hex;len%&data=%data;isascii%%data;isunicode;unicode%%condition; is unicode; value=&unicode=1%"},
	{"Clickatell, several users", "http://api.clickatell.com/http/sendmsg?user=john&password=john's_password&api_id=2324231&to=%number%&from=%sender_phonealias%&data=%data%&concat=%parts%"},
	{"Routo", "http://smsc5.routotelecom.com/SMSsend?user=xxxx&pass=xxxxx&number=%number%&message=\n %data%&type=LongSMS&ownnum=mysenderid"},
	{"O2", "https://smsconnector.cz.o2.com/smsconnector/getpost/GP?action=send&baID=1234567&toNumber=%number%&text=%data%"},
	{"Kannel", "http://localhost:13013/cgi-bin/sendsms?username=postel&password=l1ttlelamb&from=%sender%&to=%number;interprefix=00%&charset=UTF-8" +
		"&coding=%condition;isascii;value=0;isbinary;value=1;isunicode;value=2%&text=%data;raw%&udh=%udh;len;raw%" +
		"&dlr-mask=31&dlr-url=http%3A%2F%2Flocalhost%3A8025%2Fhooks%2Fkannel%3Fid%3D%msgid%%26state%3D%25d%26smsc%3D%25F"},
}

// texts are a plain one, one in Unicode, the second part of a long one, and data.
func texts(t *testing.T) map[string]Values {
	long, err := sms.SplitText(strings.Repeat("0123456789", 20), sms.Options{Ref: 42})
	if err != nil || len(long.Parts) != 2 {
		t.Fatal(long, err)
	}
	v := Values{Number: "+4205452544", Sender: "+15555550100", SenderPhoneAlias: "+15555550199", Parts: 1, MsgID: "0192f0c4-1"}
	plain, unicode, binary, second := v, v, v, v
	plain.Text = "50% off & more:\n1+1"
	unicode.Text, unicode.Alphabet = "Да 😀", sms.UCS2
	second.Text, second.UDH, second.Parts = long.Parts[1].Text, long.Parts[1].UDH, len(long.Parts)
	binary.Data, binary.UDH, binary.Alphabet = []byte{1, 6, 0xFB, 0xFF, 0xFE}, []byte{6, 5, 4, 0x0B, 0x84, 0x23, 0xF0}, sms.Binary
	binary.PID, binary.DCS = "0", "245"
	return map[string]Values{"plain": plain, "unicode": unicode, "long": second, "binary": binary}
}

func TestManual(t *testing.T) {
	golden := map[string]map[string]string{
		"another server": {
			"plain":   "http://sms.example.org/sms/?number=%2B4205452544&data=50%25%20off%20%26%20more%3A%0A1%2B1&udh=&binary=0&pid=&dcs=&sender=%2B15555550100",
			"unicode": "http://sms.example.org/sms/?number=%2B4205452544&data=%D0%94%D0%B0%20%F0%9F%98%80&udh=&binary=0&pid=&dcs=&sender=%2B15555550100",
			"long":    "http://sms.example.org/sms/?number=%2B4205452544&data=34567890123456789012345678901234567890123456789&udh=AAMqAgI%3D&binary=0&pid=&dcs=&sender=%2B15555550100",
			"binary":  "http://sms.example.org/sms/?number=%2B4205452544&data=AQb7%2F%2F4%3D&udh=BQQLhCPw&binary=1&pid=0&dcs=245&sender=%2B15555550100",
		},
		"two servers": {
			"plain":  "https://sms.example.org/sms/?number=%2B4205452544&data=50%25%20off%20%26%20more%3A%0A1%2B1&udh=&binary=0&pid=&dcs=&sender=%2B15555550100&msgid=0192f0c4-1&user=mary&pass=l1ttlelamb",
			"binary": "https://sms.example.org/sms/?number=%2B4205452544&data=AQb7%2F%2F4%3D&udh=BQQLhCPw&binary=1&pid=0&dcs=245&sender=%2B15555550100&msgid=0192f0c4-1&user=mary&pass=l1ttlelamb",
		},
		"Clickatell": {
			"plain":   "http://api.clickatell.com/http/sendmsg?user=xxx&password=xxx&api_id=xxx&to=%2B4205452544&udh=&data=50%25%20off%20%26%20more%3A%0A1%2B1&concat=1",
			"unicode": "http://api.clickatell.com/http/sendmsg?user=xxx&password=xxx&api_id=xxx&to=%2B4205452544&udh=&data=041404300020D83DDE00&unicode=1&concat=1",
			"long":    "http://api.clickatell.com/http/sendmsg?user=xxx&password=xxx&api_id=xxx&to=%2B4205452544&udh=0500032A0202&data=34567890123456789012345678901234567890123456789&concat=2",
			// "If the SMS payload is binary data, it is automatically base64 encoded."
			"binary": "http://api.clickatell.com/http/sendmsg?user=xxx&password=xxx&api_id=xxx&to=%2B4205452544&udh=0605040B8423F0&data=AQb7%2F%2F4%3D&concat=1",
		},
		"Clickatell, hex;len": {
			"plain":   "http://api.clickatell.com/http/sendmsg?to=%2B4205452544&udh=&data=50%25%20off%20%26%20more%3A%0A1%2B1",
			"unicode": "http://api.clickatell.com/http/sendmsg?to=%2B4205452544&udh=&data=041404300020D83DDE00&unicode=1",
			"long":    "http://api.clickatell.com/http/sendmsg?to=%2B4205452544&udh=0500032A0202&data=34567890123456789012345678901234567890123456789",
			"binary":  "http://api.clickatell.com/http/sendmsg?to=%2B4205452544&udh=0605040B8423F0&data=AQb7%2F%2F4%3D",
		},
		"Clickatell, several users": {
			"plain": "http://api.clickatell.com/http/sendmsg?user=john&password=john's_password&api_id=2324231&to=%2B4205452544&from=%2B15555550199&data=50%25%20off%20%26%20more%3A%0A1%2B1&concat=1",
			"long":  "http://api.clickatell.com/http/sendmsg?user=john&password=john's_password&api_id=2324231&to=%2B4205452544&from=%2B15555550199&data=34567890123456789012345678901234567890123456789&concat=2",
		},
		"Routo": {
			"plain":   "http://smsc5.routotelecom.com/SMSsend?user=xxxx&pass=xxxxx&number=%2B4205452544&message=50%25%20off%20%26%20more%3A%0A1%2B1&type=LongSMS&ownnum=mysenderid",
			"unicode": "http://smsc5.routotelecom.com/SMSsend?user=xxxx&pass=xxxxx&number=%2B4205452544&message=%D0%94%D0%B0%20%F0%9F%98%80&type=LongSMS&ownnum=mysenderid",
			"long":    "http://smsc5.routotelecom.com/SMSsend?user=xxxx&pass=xxxxx&number=%2B4205452544&message=34567890123456789012345678901234567890123456789&type=LongSMS&ownnum=mysenderid",
			"binary":  "http://smsc5.routotelecom.com/SMSsend?user=xxxx&pass=xxxxx&number=%2B4205452544&message=AQb7%2F%2F4%3D&type=LongSMS&ownnum=mysenderid",
		},
		"O2": {
			"plain":   "https://smsconnector.cz.o2.com/smsconnector/getpost/GP?action=send&baID=1234567&toNumber=%2B4205452544&text=50%25%20off%20%26%20more%3A%0A1%2B1",
			"unicode": "https://smsconnector.cz.o2.com/smsconnector/getpost/GP?action=send&baID=1234567&toNumber=%2B4205452544&text=%D0%94%D0%B0%20%F0%9F%98%80",
			"long":    "https://smsconnector.cz.o2.com/smsconnector/getpost/GP?action=send&baID=1234567&toNumber=%2B4205452544&text=34567890123456789012345678901234567890123456789",
			"binary":  "https://smsconnector.cz.o2.com/smsconnector/getpost/GP?action=send&baID=1234567&toNumber=%2B4205452544&text=AQb7%2F%2F4%3D",
		},
		"Kannel": {
			"plain":   "http://localhost:13013/cgi-bin/sendsms?username=postel&password=l1ttlelamb&from=%2B15555550100&to=004205452544&charset=UTF-8&coding=0&text=50%25%20off%20%26%20more%3A%0A1%2B1&udh=&dlr-mask=31&dlr-url=http%3A%2F%2Flocalhost%3A8025%2Fhooks%2Fkannel%3Fid%3D0192f0c4-1%26state%3D%25d%26smsc%3D%25F",
			"long":    "http://localhost:13013/cgi-bin/sendsms?username=postel&password=l1ttlelamb&from=%2B15555550100&to=004205452544&charset=UTF-8&coding=0&text=34567890123456789012345678901234567890123456789&udh=%05%00%03%2A%02%02&dlr-mask=31&dlr-url=http%3A%2F%2Flocalhost%3A8025%2Fhooks%2Fkannel%3Fid%3D0192f0c4-1%26state%3D%25d%26smsc%3D%25F",
			"binary":  "http://localhost:13013/cgi-bin/sendsms?username=postel&password=l1ttlelamb&from=%2B15555550100&to=004205452544&charset=UTF-8&coding=1&text=%01%06%FB%FF%FE&udh=%06%05%04%0B%84%23%F0&dlr-mask=31&dlr-url=http%3A%2F%2Flocalhost%3A8025%2Fhooks%2Fkannel%3Fid%3D0192f0c4-1%26state%3D%25d%26smsc%3D%25F",
			"unicode": "http://localhost:13013/cgi-bin/sendsms?username=postel&password=l1ttlelamb&from=%2B15555550100&to=004205452544&charset=UTF-8&coding=2&text=%D0%94%D0%B0%20%F0%9F%98%80&udh=&dlr-mask=31&dlr-url=http%3A%2F%2Flocalhost%3A8025%2Fhooks%2Fkannel%3Fid%3D0192f0c4-1%26state%3D%25d%26smsc%3D%25F",
		},
	}
	values := texts(t)
	for _, m := range manual {
		tp, err := Parse(m.url, URL)
		if err != nil {
			t.Errorf("%s: %v", m.title, err)
			continue
		}
		if len(golden[m.title]) == 0 {
			t.Errorf("%s: nothing to compare with", m.title)
		}
		for text, want := range golden[m.title] {
			if got, err := tp.Expand(values[text]); err != nil || got != want {
				t.Errorf("%s, %s:\ngives %s %v\nnot   %s", m.title, text, got, err, want)
			}
		}
	}
}

// One of the manual's URLs has lost a % on its way to the page, and one has the
// names of what is to be filled in.
func TestManualMisprints(t *testing.T) {
	for url, want := range map[string]string{
		"https://smsconnector.cz.o2.com/smsconnector/getpost/GP?action=send&baID=1234567&toNumber=Nnumber%&text=%data%":                        "column 90: a % is missing in front of number; write %number% for Nnumber%",
		"http://<server>/sms/?number=%number%&data=%data%&udh=%udh%&binary=%binary%&pid=%pid%&dcs=%dcs%&sender=%sender%":                       "column 8: a name in < > stands for what you have to write yourself; put it there, without < >",
		"https://server#1#hostname/sms/?number=%number%&data=%data%":                                                                           "column 15: a # ends a URL, and what is behind it is never sent; write %23",
		"http://yourserver.com/sms/deliver.html?id=HTTP&pass=pinnumber&number=%%number%%&data=%%data%%":                                        "column 70: %%number%% is how rules write it; write %number%",
		" $http://api.clickatell.com/http/sendmsg?user=XXX\\&password=XXX\\&api_id=XXX\\&to=\\%number\\%\\&data=\\%data\\&concat=\\%parts\\%$": "column 2: a URL begins with http:// or https://; write the whole URL",
	} {
		if _, err := Parse(url, URL); err == nil || err.Error() != want {
			t.Errorf("%s:\n%v\nnot\n%s", url, err, want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(manual[2].url, URL); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExpand(b *testing.B) {
	tp, err := Parse(manual[2].url, URL)
	if err != nil {
		b.Fatal(err)
	}
	v := Values{Number: "+4205452544", Text: strings.Repeat("Hello, world. ", 11), Parts: 1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tp.Expand(v); err != nil {
			b.Fatal(err)
		}
	}
}
