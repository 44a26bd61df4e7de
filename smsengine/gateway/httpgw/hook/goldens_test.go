package hook

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

// The requests are written after the documents that they name. What signs them
// here does so in the words of those documents, and shares nothing with what
// checks them but Go's own packages.

var has = smsengine.Status{Code: "2.1.5", Text: "the phone has it"}

// arrived is the receipt of a text that the phone has.
func arrived(reference, diagnostic string) smsengine.ReceiptReport {
	rep := smsengine.ReceiptReport{Reference: reference, Number: smsengine.Phone(theirs), Final: smsengine.PartDelivered, Status: has}
	rep.Status.Diagnostic = diagnostic
	return rep
}

// failed is the receipt of one that it does not have.
func failed(reference, code, words, diagnostic string) smsengine.ReceiptReport {
	return smsengine.ReceiptReport{
		Reference: reference, Number: smsengine.Phone(theirs), Final: smsengine.PartFailed,
		Status: smsengine.Status{Class: smsengine.Permanent, Code: code, Text: words, Diagnostic: diagnostic},
	}
}

// trying is the receipt of one that is on its way.
func trying(reference string) smsengine.ReceiptReport {
	return smsengine.ReceiptReport{Reference: reference, Number: smsengine.Phone(theirs)}
}

func sent(p smsengine.IncomingPart, at time.Time) smsengine.IncomingPart {
	p.Sent = at
	return p
}

// postelEvent is what another Postel tells of a text of ours.
func postelEvent(what, rest string) string {
	return `{"type":"message.` + what + `","timestamp":"2026-11-23T11:59:30Z","data":{"id":"01m84v6","account":"branch","state":"` + what +
		`","to":"+15555550123","text":"Hi","gateway":"office"` + rest + `}}`
}

func at(r smsengine.ReceiptReport, t time.Time) smsengine.ReceiptReport {
	r.At = t
	return r
}

func nobody(r smsengine.ReceiptReport) smsengine.ReceiptReport {
	r.Number = smsengine.Address{}
	return r
}

func hmac256(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// sorted calls f with names and values of a form in their order.
func sorted(body string, f func(name, value string)) {
	v, _ := url.ParseQuery(body)
	var names []string
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f(name, v.Get(name))
	}
}

func signTwilio(q *Request) {
	text := q.URL.String()
	sorted(string(q.Body), func(name, value string) { text += name + value })
	m := hmac.New(sha1.New, []byte("hush"))
	m.Write([]byte(text))
	q.Header.Set("X-Twilio-Signature", b64(m.Sum(nil)))
}

func signVonage(q *Request) {
	form := string(q.Body)
	if form == "" {
		form = q.URL.RawQuery
	}
	form += "&timestamp=" + fmt.Sprint(now.Unix()) + "&nonce=aaaaaaaa-bbbb"
	text := ""
	sorted(form, func(name, value string) {
		text += "&" + name + "=" + strings.NewReplacer("&", "_", "=", "_").Replace(value)
	})
	form += "&sig=" + strings.ToUpper(hex.EncodeToString(hmac256("hush", text)))
	if len(q.Body) > 0 {
		q.Body = []byte(form)
	} else {
		q.URL.RawQuery = form
	}
}

// jwt makes a token of HS256 (RFC 7515 §3.3).
func jwt(key string, claims any) string {
	b, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(b)
	return text + "." + base64.RawURLEncoding.EncodeToString(hmac256(key, text))
}

// amazon has the certificate that signs in the tests.
var amazon = newAmazon()

type fakeAmazon struct {
	key       *rsa.PrivateKey
	cert      *x509.Certificate
	confirmed []string
	fail      bool
}

const certURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"

func newAmazon() *fakeAmazon {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"},
		NotBefore: now.Add(-1000 * time.Hour), NotAfter: now.Add(1000 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &fakeAmazon{key: key, cert: cert}
}

func (a *fakeAmazon) Certificate(_ context.Context, address string) (*x509.Certificate, error) {
	if address != certURL || a.fail {
		return nil, errors.New("there is none")
	}
	return a.cert, nil
}

func (a *fakeAmazon) Confirm(_ context.Context, address string) error {
	if a.fail {
		return errors.New("nobody answers")
	}
	a.confirmed = append(a.confirmed, address)
	return nil
}

// signSNS puts a body into the envelope of SNS.
func signSNS(q *Request) {
	q.Body = envelopeOf(map[string]string{
		"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
		"TopicArn": "arn:aws:sns:eu-west-1:123456789012:texts", "Message": string(q.Body),
		"Timestamp": now.Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2", "SigningCertURL": certURL,
	})
	q.Header.Set("Content-Type", "text/plain; charset=UTF-8")
}

func envelopeOf(m map[string]string) []byte {
	text := ""
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if v, ok := m[name]; ok {
			text += name + "\n" + v + "\n"
		}
	}
	hash, sum := crypto.SHA256, sha256.Sum256([]byte(text))
	digest := sum[:]
	if m["SignatureVersion"] == "1" {
		sum := sha1.Sum([]byte(text))
		hash, digest = crypto.SHA1, sum[:]
	}
	s, err := rsa.SignPKCS1v15(rand.Reader, amazon.key, hash, digest)
	if err != nil {
		panic(err)
	}
	m["Signature"] = b64(s)
	b, _ := json.Marshal(m)
	return b
}

// vonageHash is the signature of an account that is set to "MD5 hash".
func vonageHash(form, secret string) string {
	text := ""
	sorted(form, func(name, value string) { text += "&" + name + "=" + value })
	sum := md5.Sum([]byte(text + secret))
	return hex.EncodeToString(sum[:])
}

var goldens = []golden{
	{
		provider: "twilio", document: "https://www.twilio.com/docs/messaging/guides/webhook-request",
		settings: map[string]string{"auth_token": "hush"}, sign: signTwilio,
		calls: []goldenCall{
			{
				name: "text", kind: formType + "; charset=UTF-8",
				body: "ToCountry=US&SmsMessageSid=SM0123456789abcdef0123456789abcdef&NumMedia=0&SmsStatus=received&FromCity=&Body=Gr%C3%BC%C3%9Fe%2C+10+%E2%82%AC" +
					"&To=%2B15555550100&NumSegments=1&MessageSid=SM0123456789abcdef0123456789abcdef&AccountSid=AC00&From=%2B15555550123&ApiVersion=2010-04-01",
				texts: []smsengine.IncomingPart{text("SM0123456789abcdef0123456789abcdef", "Grüße, 10 €")},
			},
			{
				name: "delivered", kind: formType,
				body:   "SmsSid=SM01&SmsStatus=delivered&MessageStatus=delivered&To=%2B15555550123&MessageSid=SM01&AccountSid=AC00&From=%2B15555550100&ApiVersion=2010-04-01",
				report: []smsengine.ReceiptReport{arrived("SM01", "Twilio delivered")},
			},
			{
				name: "unreachable", kind: formType,
				body:   "MessageStatus=undelivered&ErrorCode=30003&To=%2B15555550123&MessageSid=SM01&From=%2B15555550100",
				report: []smsengine.ReceiptReport{failed("SM01", "4.2.1", "the phone is switched off or out of reach", "Twilio undelivered 30003")},
			},
			{
				name: "sent", kind: formType,
				body:   "MessageStatus=sent&To=%2B15555550123&MessageSid=SM01&From=%2B15555550100",
				report: []smsengine.ReceiptReport{trying("SM01")},
			},
		},
	},
	{
		provider: "vonage", document: "https://developer.vonage.com/en/messaging/sms/guides/inbound-sms",
		settings: map[string]string{"signature_secret": "hush"}, sign: signVonage,
		calls: []goldenCall{
			{
				name: "text", method: "GET",
				query: "msisdn=15555550123&to=15555550100&messageId=0A0000000123ABCD1&text=Gr%C3%BC%C3%9Fe+%26+10+%3D+ten&type=unicode&keyword=GR&api-key=abcd1234&message-timestamp=2026-11-23+11%3A59%3A30",
				texts: []smsengine.IncomingPart{sent(text("0A0000000123ABCD1", "Grüße & 10 = ten"), now.Add(-30*time.Second))},
			},
			{
				name: "part", kind: formType,
				body: "msisdn=15555550123&to=15555550100&messageId=0A01&text=second&type=text&concat=true&concat-ref=99&concat-total=3&concat-part=2&message-timestamp=2026-11-23+11%3A59%3A30",
				texts: []smsengine.IncomingPart{{
					From: smsengine.Phone(theirs), To: smsengine.Phone(ours), Text: "second", Ref: 99, Seq: 2, Total: 3,
					Sent: now.Add(-30 * time.Second), Received: now, Dedupe: "0A01/2",
				}},
			},
			{
				name: "delivered", method: "GET",
				query:  "msisdn=15555550123&to=15555550100&network-code=310090&messageId=0A0000001234567B&price=0.03330000&status=delivered&scts=2611231159&err-code=0&message-timestamp=2026-11-23+11%3A59%3A30",
				report: []smsengine.ReceiptReport{at(arrived("0A0000001234567B", "Vonage delivered 0"), now.Add(-30*time.Second))},
			},
			{
				name: "unknown number", kind: formType,
				body:   "msisdn=15555550123&to=15555550100&messageId=0A02&status=failed&err-code=3&message-timestamp=2026-11-23+11%3A59%3A30",
				report: []smsengine.ReceiptReport{at(failed("0A02", "5.1.1", "the network does not know the number", "Vonage failed 3"), now.Add(-30*time.Second))},
			},
		},
	},
	{
		provider: "gatewayapi", document: "https://gatewayapi.com/docs/apis/rest/",
		settings: map[string]string{"webhook_secret": "hush"},
		sign: func(q *Request) {
			var claims map[string]any
			if json.Unmarshal(q.Body, &claims) != nil {
				claims = map[string]any{}
			}
			q.Header.Set("X-Gwapi-Signature", jwt("hush", claims))
		},
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body:  `{"id": 1000001, "msisdn": 15555550123, "receiver": 15555550100, "message": "foo Hello World", "senttime": 1795434000, "webhook_label": "test"}`,
				texts: []smsengine.IncomingPart{sent(text("1000001", "foo Hello World"), time.Unix(1795434000, 0).UTC())},
			},
			{
				name: "delivered", kind: jsonType,
				body:   `{"id": 1000001, "msisdn": 15555550123, "time": 1795434000, "status": "DELIVERED", "userref": "foobar", "charge_status": "CAPTURED"}`,
				report: []smsengine.ReceiptReport{at(arrived("1000001", "GatewayAPI DELIVERED"), time.Unix(1795434000, 0).UTC())},
			},
			{
				name: "the network has it, and nothing more will come", kind: jsonType,
				body:   `{"id": 1000001, "msisdn": 15555550123, "time": 1795434000, "status": "ACCEPTED", "userref": "foobar"}`,
				report: []smsengine.ReceiptReport{at(arrived("1000001", "GatewayAPI ACCEPTED"), time.Unix(1795434000, 0).UTC())},
			},
			{
				name: "unknown number", kind: jsonType,
				body:   `{"id": 1000001, "msisdn": 15555550123, "time": 1795434000, "status": "UNDELIVERABLE", "error": "Unknown subscriber", "code": "0x1010"}`,
				report: []smsengine.ReceiptReport{at(failed("1000001", "5.1.1", "the network does not know the number", "GatewayAPI UNDELIVERABLE 0x1010"), time.Unix(1795434000, 0).UTC())},
			},
		},
	},
	{
		provider: "46elks", document: "https://46elks.com/docs/receive-sms",
		calls: []goldenCall{
			{
				name: "text", kind: formType,
				body:  "direction=incoming&id=sf8425555e5d8db61dda7a7b3f1b91bdb&from=%2B15555550123&to=%2B15555550100&created=2026-11-23T11%3A59%3A30.000000&message=Hello+how+are+you%3F",
				texts: []smsengine.IncomingPart{sent(text("sf8425555e5d8db61dda7a7b3f1b91bdb", "Hello how are you?"), now.Add(-30*time.Second))},
			},
			{
				name: "delivered", kind: formType,
				body:   "id=s70df59406a1b4643b96f3f91e0bfb7b0&status=delivered&delivered=2026-11-23T11%3A59%3A30.000000",
				report: []smsengine.ReceiptReport{at(nobody(arrived("s70df59406a1b4643b96f3f91e0bfb7b0", "46elks delivered")), now.Add(-30*time.Second))},
			},
		},
	},
	{
		provider: "kannel", document: "https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html", reply: 200,
		calls: []goldenCall{
			{
				name: "text", method: "GET",
				query: "from=%2B15555550123&to=%2B15555550100&id=6c9d&text=%00G%00r%00%FC%00%DF%00e&charset=UTF-16BE",
				texts: []smsengine.IncomingPart{text("6c9d", "Grüße")},
			},
			{
				name: "delivered", method: "GET",
				query:  "state=1&msgid=01JD0000000000000000000000",
				report: []smsengine.ReceiptReport{nobody(arrived("01JD0000000000000000000000", "Kannel 1"))},
			},
			{
				name: "refused", method: "GET",
				query:  "state=16&msgid=01JD",
				report: []smsengine.ReceiptReport{nobody(failed("01JD", "5.7.1", "the network refused the text", "Kannel 16"))},
			},
		},
	},
	{
		provider: "server", document: "IceWarp SMS Service Reference, Version 11.4, HTTP Request",
		calls: []goldenCall{{
			name: "text", method: "GET", query: "number=%2B15555550123&data=Hello+there",
			texts: []smsengine.IncomingPart{text("", "Hello there")},
		}},
	},
	{
		provider: "postel", document: "docs/http-api.md",
		settings: map[string]string{"webhook_secret": "whsec_aHVzaA=="},
		sign: func(q *Request) {
			stamp := fmt.Sprint(now.Unix())
			q.Header.Set("webhook-id", "01m84v408hyb3yyx8mqa82d81p")
			q.Header.Set("webhook-timestamp", stamp)
			q.Header.Set("webhook-signature", "v1,"+b64(hmac256("hush", "01m84v408hyb3yyx8mqa82d81p."+stamp+"."+string(q.Body))))
		},
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body: `{"type":"message.received","timestamp":"2026-11-23T11:59:31Z","data":{"id":"01m84v4","account":"branch","from":"+15555550123",
					"to":"+15555550100","text":"Hello there","gateway":"office","sent_at":"2026-11-23T11:59:30Z","received_at":"2026-11-23T11:59:31Z"}}`,
				texts: []smsengine.IncomingPart{sent(text("01m84v4", "Hello there"), ago)},
			},
			{
				name: "data", kind: jsonType,
				body: `{"type":"message.received","timestamp":"2026-11-23T11:59:31Z","data":{"id":"01m84v5","from":"+15555550123","data":"SGk=","gateway":"office","received_at":"2026-11-23T11:59:30Z"}}`,
				texts: []smsengine.IncomingPart{{
					From: smsengine.Phone(theirs), To: smsengine.Phone(ours), Data: []byte("Hi"), Seq: 1, Total: 1,
					Sent: ago, Received: now, Dedupe: "01m84v5",
				}},
			},
			{
				name: "sent", kind: jsonType, body: postelEvent("sent", ``),
				report: []smsengine.ReceiptReport{at(trying("01m84v6"), ago)},
			},
			{
				name: "delivered", kind: jsonType, body: postelEvent("delivered", ``),
				report: []smsengine.ReceiptReport{at(arrived("01m84v6", "another Postel message.delivered"), ago)},
			},
			{
				name: "failed", kind: jsonType, body: postelEvent("failed", `,"status":{"class":"permanent","code":"5.1.1","text":"no such number"}`),
				report: []smsengine.ReceiptReport{at(failed("01m84v6", "5.1.1", "the text cannot be delivered to this number", "another Postel message.failed 5.1.1"), ago)},
			},
		},
	},
	{
		provider: "android-sms-gateway", document: "https://docs.sms-gate.app/features/webhooks/",
		settings: map[string]string{"signing_key": "hush"},
		sign: func(q *Request) {
			stamp := fmt.Sprint(now.Unix())
			q.Header.Set("X-Timestamp", stamp)
			q.Header.Set("X-Signature", hex.EncodeToString(hmac256("hush", string(q.Body)+stamp)))
		},
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body: `{"deviceId":"ffffffffceb0b1db0000018e937c815b","event":"sms:received","id":"Ey6ECgOkVVFjz3CL48B8C","webhookId":"LreFUt-Z3sSq0JufY9uWB",
					"payload":{"messageId":"abc123","message":"Android is always a sweet treat!","sender":"+15555550123","recipient":"+15555550100","simNumber":1,"receivedAt":"2026-11-23T12:59:30.000+01:00"}}`,
				texts: []smsengine.IncomingPart{sent(text("Ey6ECgOkVVFjz3CL48B8C", "Android is always a sweet treat!"), now.Add(-30*time.Second))},
			},
			{
				name: "data", kind: jsonType,
				body: `{"deviceId":"ff","event":"sms:data-received","id":"Ey6E","webhookId":"Lre","payload":{"messageId":"abc","data":"SGk=","sender":"+15555550123","simNumber":1,"receivedAt":"2026-11-23T11:59:30Z"}}`,
				texts: []smsengine.IncomingPart{{
					From: smsengine.Phone(theirs), To: smsengine.Phone(ours), Data: []byte("Hi"), Seq: 1, Total: 1,
					Sent: now.Add(-30 * time.Second), Received: now, Dedupe: "Ey6E",
				}},
			},
			{
				name: "delivered", kind: jsonType,
				body:   `{"deviceId":"ff","event":"sms:delivered","id":"E","webhookId":"L","payload":{"messageId":"m1","recipient":"+15555550123","sender":"+15555550100","deliveredAt":"2026-11-23T11:59:30Z"}}`,
				report: []smsengine.ReceiptReport{at(arrived("m1", "SMS Gateway for Android sms:delivered"), now.Add(-30*time.Second))},
			},
			{
				name: "failed", kind: jsonType,
				body:   `{"deviceId":"ff","event":"sms:failed","id":"E","webhookId":"L","payload":{"messageId":"m1","recipient":"+15555550123","failedAt":"2026-11-23T11:59:30Z","reason":"RESULT_ERROR_NO_SERVICE"}}`,
				report: []smsengine.ReceiptReport{at(failed("m1", "5.0.0", "the network could not deliver the text", "SMS Gateway for Android sms:failed RESULT_ERROR_NO_SERVICE"), now.Add(-30*time.Second))},
			},
		},
	},
	{
		provider: "aws", document: "https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms.html", reply: 200,
		settings: map[string]string{"topic": "arn:aws:sns:eu-west-1:123456789012:texts"}, sign: signSNS,
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body:  `{"originationNumber":"+15555550123","destinationNumber":"+15555550100","messageKeyword":"KEYWORD_1","messageBody":"EXAMPLE","inboundMessageId":"cae173d2-66b9-564c-8309-21f858e9fb84","previousPublishedMessageId":"wJalr"}`,
				texts: []smsengine.IncomingPart{text("cae173d2-66b9-564c-8309-21f858e9fb84", "EXAMPLE")},
			},
			{
				name: "delivered", kind: jsonType,
				body: `{"eventType":"TEXT_DELIVERED","eventVersion":"1.0","eventTimestamp":1795434000000,"isFinal":true,"originationPhoneNumber":"+15555550100",
					"destinationPhoneNumber":"+15555550123","isoCountryCode":"US","messageId":"862a8790-60c0-4430-9b2b-658bdd4d7dd6","messageStatus":"DELIVERED","messageStatusDescription":"Message has been accepted by phone"}`,
				report: []smsengine.ReceiptReport{at(arrived("862a8790-60c0-4430-9b2b-658bdd4d7dd6", "AWS DELIVERED"), time.Unix(1795434000, 0).UTC())},
			},
		},
	},
	{
		provider: "httpsms", document: "https://docs.httpsms.com/webhooks/events",
		settings: map[string]string{"signing_key": "hush"},
		sign: func(q *Request) {
			q.Header.Set("Authorization", "Bearer "+jwt("hush", map[string]any{
				"aud": q.URL.String(), "iss": "api.httpsms.com", "exp": now.Add(10 * time.Minute).Unix(), "iat": now.Unix(), "nbf": now.Add(-10 * time.Minute).Unix(), "sub": "user",
			}))
		},
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body: `{"id":"f6a5b3d2","source":"/v1/messages/receive","specversion":"1.0","type":"message.phone.received","time":"2026-11-23T11:59:31Z","datacontenttype":"application/json",
					"data":{"message_id":"2f2f7e3f","user_id":"u","owner":"+15555550100","encrypted":false,"contact":"+15555550123","timestamp":"2026-11-23T11:59:30Z","content":"Hello","sim":"SIM1"}}`,
				texts: []smsengine.IncomingPart{sent(text("2f2f7e3f", "Hello"), now.Add(-30*time.Second))},
			},
			{
				name: "delivered", kind: jsonType,
				body:   `{"id":"f6a5b3d2","type":"message.phone.delivered","specversion":"1.0","data":{"id":"2f2f7e3f","owner":"+15555550100","contact":"+15555550123","timestamp":"2026-11-23T11:59:30Z","content":"Hello","request_id":"m"}}`,
				report: []smsengine.ReceiptReport{at(arrived("2f2f7e3f", "httpSMS message.phone.delivered"), now.Add(-30*time.Second))},
			},
		},
	},
	{
		provider: "infobip", document: "https://www.infobip.com/docs/api/channels/sms/receive-inbound-sms-messages",
		calls: []goldenCall{
			{
				name: "two texts", kind: jsonType,
				body: `{"results":[
					{"messageId":"817790313235066447","from":"15555550123","to":"15555550100","text":"QUIZ Correct answer is Paris","cleanText":"Correct answer is Paris","keyword":"QUIZ","receivedAt":"2026-11-23T11:59:30.000+0000","smsCount":1,"price":{"pricePerMessage":0,"currency":"EUR"},"callbackData":"c"},
					{"messageId":"817790313235066448","from":"15555550123","to":"15555550100","text":"Second","receivedAt":"2026-11-23T11:59:30.000+0000","smsCount":1}],
					"messageCount":2,"pendingMessageCount":0}`,
				texts: []smsengine.IncomingPart{
					sent(text("817790313235066447", "QUIZ Correct answer is Paris"), now.Add(-30*time.Second)),
					sent(text("817790313235066448", "Second"), now.Add(-30*time.Second)),
				},
			},
			{
				name: "three receipts", kind: jsonType,
				body: `{"results":[
					{"bulkId":"B","messageId":"m1","to":"15555550123","sentAt":"2026-11-23T11:59:00.000+0000","doneAt":"2026-11-23T11:59:30.000+0000","smsCount":1,"status":{"groupId":3,"groupName":"DELIVERED","id":5,"name":"DELIVERED_TO_HANDSET","description":"x"},"error":{"groupId":0,"groupName":"OK","id":0,"name":"NO_ERROR","permanent":false}},
					{"bulkId":"B","messageId":"m2","to":"15555550123","doneAt":"2026-11-23T11:59:30.000+0000","status":{"groupId":3,"groupName":"DELIVERED","id":2,"name":"DELIVERED_TO_OPERATOR"},"error":{"name":"NO_ERROR"}},
					{"bulkId":"B","messageId":"m3","to":"15555550123","doneAt":"2026-11-23T11:59:30.000+0000","status":{"groupId":2,"groupName":"UNDELIVERABLE","id":9,"name":"UNDELIVERABLE_NOT_DELIVERED"},"error":{"groupId":1,"id":1,"name":"EC_UNKNOWN_SUBSCRIBER"}}]}`,
				report: []smsengine.ReceiptReport{
					at(arrived("m1", "Infobip DELIVERED_TO_HANDSET NO_ERROR"), now.Add(-30*time.Second)),
					at(trying("m2"), now.Add(-30*time.Second)),
					at(failed("m3", "5.1.1", "the network does not know the number", "Infobip UNDELIVERABLE_NOT_DELIVERED EC_UNKNOWN_SUBSCRIBER"), now.Add(-30*time.Second)),
				},
			},
		},
	},
}
