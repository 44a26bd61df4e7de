package hook

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/postel-mail/postel/smsengine"
)

func init() { goldens = append(goldens, firms...) }

var ago = now.Add(-30 * time.Second)

func signBird(q *Request) {
	stamp := fmt.Sprint(now.Unix())
	sum := sha256.Sum256(q.Body)
	q.Header.Set("messagebird-request-timestamp", stamp)
	q.Header.Set("messagebird-signature", b64(hmac256("hush", stamp+"\n"+q.URL.String()+"\n"+string(sum[:]))))
}

func signMessageBird(q *Request) {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	claims := map[string]any{
		"iss": "MessageBird", "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"jti": "e2dfc6b1-d69a-4e4c-b7bb-1b9d7c7b5f7e", "url_hash": hash(q.URL.String()),
	}
	if len(q.Body) > 0 {
		claims["payload_hash"] = hash(string(q.Body))
	}
	q.Header.Set("MessageBird-Signature-JWT", jwt("hush", claims))
}

func signPlivo(q *Request) {
	plain := url.URL{Scheme: q.URL.Scheme, Host: q.URL.Host, Path: q.URL.Path}
	q.Header.Set("X-Plivo-Signature-V2-Nonce", "12345678901234567890")
	q.Header.Set("X-Plivo-Signature-V2", b64(hmac256("hush", plain.String()+"12345678901234567890")))
}

func signSinch(q *Request) {
	stamp, nonce := fmt.Sprint(now.Unix()), "01FJA8B4A7BM43YGWSG9GBV067"
	q.Header.Set("x-sinch-webhook-signature-algorithm", "HmacSHA256")
	q.Header.Set("x-sinch-webhook-signature-timestamp", stamp)
	q.Header.Set("x-sinch-webhook-signature-nonce", nonce)
	q.Header.Set("x-sinch-webhook-signature", b64(hmac256("hush", string(q.Body)+"."+nonce+"."+stamp)))
}

// telnyxKey is Telnyx's in the tests.
var telnyxKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func signTelnyx(q *Request) {
	stamp := fmt.Sprint(now.Unix())
	q.Header.Set("telnyx-timestamp", stamp)
	q.Header.Set("telnyx-signature-ed25519", b64(ed25519.Sign(telnyxKey, []byte(stamp+"|"+string(q.Body)))))
}

// telnyxEvent is one as Telnyx tells it.
func telnyxEvent(kind, from, to, rest string) string {
	return `{"data":{"record_type":"event","id":"86f58db9","event_type":"` + kind + `","occurred_at":"2026-11-23T11:59:30.000+00:00",` +
		`"payload":{"record_type":"message","id":"40385f64","type":"SMS","from":{"phone_number":"` + from + `","carrier":"X"},` +
		`"to":[{"phone_number":"` + to + `",` + rest + `}},"meta":{"attempt":1,"delivered_to":"https://example.org"}}`
}

// birdMessage is a message as the Channels API shows it.
func birdMessage(event, rest string) string {
	return strings.ReplaceAll(`{"service":"channels","event":"`+event+`","payload":{"id":"96a0b5fa","channelId":"614208aa",`+
		`"parts":[{"platformReference":"e8077d80"}],"createdAt":"AGO","updatedAt":"AGO","lastStatusAt":"AGO",`+rest+`}}`,
		"AGO", "2026-11-23T11:59:30Z")
}

const birdReceiver = `"direction":"outgoing","receiver":{"contacts":[{"identifierKey":"phonenumber","identifierValue":"+15555550123"}]},`

// firms are golden requests of companies, whose signatures are made above.
var firms = []golden{
	{
		provider: "bird", document: "https://docs.bird.com/api/channels-api/supported-channels/programmable-sms/receiving-messages",
		settings: map[string]string{"signing_key": "hush"}, sign: signBird,
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body: birdMessage("sms.inbound", `"direction":"incoming","status":"delivered","sender":{"contact":{"id":"32cf5eee","identifierKey":"phonenumber","identifierValue":"+15555550123"}},`+
					`"receiver":{"connector":{"id":"86cc4dc0"}},"body":{"type":"text","text":{"text":"Sample incoming text message"}}`),
				texts: []smsengine.IncomingPart{sent(text("96a0b5fa", "Sample incoming text message"), ago)},
			},
			{
				name: "delivered", kind: jsonType,
				body:   birdMessage("sms.outbound", birdReceiver+`"status":"delivered"`),
				report: []smsengine.ReceiptReport{at(arrived("96a0b5fa", "Bird delivered"), ago)},
			},
			{
				name: "failed", kind: jsonType,
				body: birdMessage("sms.outbound", birdReceiver+`"status":"delivery_failed","reason":"details: unknown subscriber","failure":{"code":15005,"source":{"name":"sms-messagebird","code":"1"}}`),
				report: []smsengine.ReceiptReport{
					at(failed("96a0b5fa", "5.1.1", "the network does not know the number", "Bird delivery_failed 15005"), ago),
				},
			},
		},
	},
	{
		provider: "messagebird", document: "https://developers.messagebird.com/api/sms-messaging/", reply: 200,
		settings: map[string]string{"signing_key": "hush"}, sign: signMessageBird,
		calls: []goldenCall{
			{
				name: "text", kind: formType,
				body:  "id=a7b1&originator=15555550123&recipient=15555550100&body=Hello+there&createdDatetime=2026-11-23T11%3A59%3A30%2B00%3A00",
				texts: []smsengine.IncomingPart{sent(text("a7b1", "Hello there"), ago)},
			},
			{
				name: "text to a short code", kind: formType,
				body: "mid=123456789&originator=15555550123&shortcode=1008&keyword=MESSAGEBIRD&message=This+is+an+incoming+message&receive_datetime=20261123115930",
				texts: []smsengine.IncomingPart{func() smsengine.IncomingPart {
					p := sent(text("123456789", "This is an incoming message"), ago)
					p.To = smsengine.Phone("1008")
					return p
				}()},
			},
			{
				name: "delivered", method: "GET",
				query:  "id=e8077d80&reference=m1&recipient=15555550123&status=delivered&statusDatetime=2026-11-23T11%3A59%3A30%2B00%3A00",
				report: []smsengine.ReceiptReport{at(arrived("e8077d80", "MessageBird delivered"), ago)},
			},
			{
				name: "failed", method: "GET",
				query: "id=e8077d80&reference=m1&recipient=15555550123&status=delivery_failed&statusErrorCode=1&statusDatetime=2026-11-23T11%3A59%3A30%2B00%3A00",
				report: []smsengine.ReceiptReport{
					at(failed("e8077d80", "5.1.1", "the network does not know the number", "MessageBird delivery_failed 1"), ago),
				},
			},
		},
	},
	{
		provider: "plivo", document: "https://www.plivo.com/docs/messaging/api/messages/", reply: 200,
		settings: map[string]string{"auth_token": "hush"}, sign: signPlivo,
		calls: []goldenCall{
			{
				name: "text", kind: formType,
				body:  "From=15555550123&To=15555550100&Text=Hello+there&Type=sms&MessageUUID=db3ce55a&Units=1&TotalRate=0&TotalAmount=0",
				texts: []smsengine.IncomingPart{text("db3ce55a", "Hello there")},
			},
			{
				name: "a part is delivered", kind: formType,
				body:   "From=15555550100&To=15555550123&MessageUUID=part2&ParentMessageUUID=db3ce55a&PartInfo=2+of+2&Status=delivered&ErrorCode=000&Units=1",
				report: []smsengine.ReceiptReport{arrived("db3ce55a", "Plivo delivered 000")},
			},
			{
				name: "undelivered", kind: formType,
				body:   "From=15555550100&To=15555550123&MessageUUID=db3ce55a&ParentMessageUUID=db3ce55a&Status=undelivered&ErrorCode=30",
				report: []smsengine.ReceiptReport{failed("db3ce55a", "5.7.1", "the network filtered the text out", "Plivo undelivered 30")},
			},
		},
	},
	{
		provider: "sinch", document: "https://developers.sinch.com/docs/sms/api-reference/sms/webhooks",
		settings: map[string]string{"hmac_secret": "hush"}, sign: signSinch,
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body:  `{"body":"This is a test message.","from":"15555550123","id":"01FC66621XXXXX119Z8PMV1QPA","operator_id":"35000","received_at":"2026-11-23T11:59:30.123Z","to":"15555550100","type":"mo_text"}`,
				texts: []smsengine.IncomingPart{sent(text("01FC66621XXXXX119Z8PMV1QPA", "This is a test message."), ago.Add(123*time.Millisecond))},
			},
			{
				name: "on its way", kind: jsonType,
				body:   `{"at":"2026-11-23T11:59:30Z","batch_id":"01FC","code":401,"recipient":"15555550123","status":"Dispatched","type":"recipient_delivery_report_sms"}`,
				report: []smsengine.ReceiptReport{at(trying("01FC"), ago)},
			},
			{
				name: "delivered", kind: jsonType,
				body:   `{"at":"2026-11-23T11:59:31Z","batch_id":"01FC","client_reference":"m1","code":0,"operator_status_at":"2026-11-23T11:59:30Z","recipient":"15555550123","status":"Delivered","type":"recipient_delivery_report_sms"}`,
				report: []smsengine.ReceiptReport{at(arrived("01FC", "Sinch Delivered 0"), ago)},
			},
			{
				name: "unroutable", kind: jsonType,
				body:   `{"at":"2026-11-23T11:59:30Z","batch_id":"01FC","code":402,"recipient":"15555550123","status":"Aborted","type":"recipient_delivery_report_sms"}`,
				report: []smsengine.ReceiptReport{at(failed("01FC", "5.1.2", "this gateway has no way to that number", "Sinch Aborted 402"), ago)},
			},
		},
	},
	{
		provider: "telnyx", document: "https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks",
		settings: map[string]string{"public_key": b64(telnyxKey.Public().(ed25519.PublicKey))}, sign: signTelnyx,
		calls: []goldenCall{
			{
				name: "text", kind: jsonType,
				body:  telnyxEvent("message.received", theirs, ours, `"status":"webhook_delivered"}],"direction":"inbound","text":"Hello from Telnyx!","media":[],"received_at":"2026-11-23T11:59:30.000+00:00"`),
				texts: []smsengine.IncomingPart{sent(text("40385f64", "Hello from Telnyx!"), ago)},
			},
			{
				name: "sent", kind: jsonType,
				body:   telnyxEvent("message.sent", ours, theirs, `"status":"sent"}],"direction":"outbound","completed_at":null,"errors":[]`),
				report: []smsengine.ReceiptReport{at(trying("40385f64"), ago)},
			},
			{
				name: "delivered", kind: jsonType,
				body:   telnyxEvent("message.finalized", ours, theirs, `"status":"delivered"}],"direction":"outbound","completed_at":"2026-11-23T11:59:30.000+00:00","errors":[]`),
				report: []smsengine.ReceiptReport{at(arrived("40385f64", "Telnyx delivered"), ago)},
			},
			{
				name: "filtered", kind: jsonType,
				body:   telnyxEvent("message.finalized", ours, theirs, `"status":"delivery_failed"}],"direction":"outbound","completed_at":"2026-11-23T11:59:30.000+00:00","errors":[{"code":"40002","title":"Blocked as spam - temporary"}]`),
				report: []smsengine.ReceiptReport{at(failed("40385f64", "5.7.1", "the network filtered the text out", "Telnyx delivery_failed 40002"), ago)},
			},
		},
	},
	{
		provider: "clickatell", document: "https://www.clickatell.com/developers/api-documentation/rest-api-status-callback/",
		calls: []goldenCall{
			{
				name: "texts", kind: jsonType,
				body: `{"integrationId":"i","integrationName":"n","event":{"moText":[` +
					`{"channel":"sms","messageId":"c5a1","from":"15555550123","to":"15555550100","timestamp":1795435170000,"charset":"UTF-8","content":"Hello wörld"}]}}`,
				texts: []smsengine.IncomingPart{sent(text("c5a1", "Hello wörld"), ago)},
			},
			{
				name: "a single text", kind: jsonType,
				body:  `{"integrationId":"i","messageId":"c5a1","replyMessageId":"","apiKey":"k","fromNumber":"15555550123","toNumber":"15555550100","timestamp":1795435170000,"text":"w%F6rld+%26+more","charset":"ISO-8859-1","udh":"","network":"","keyword":""}`,
				texts: []smsengine.IncomingPart{sent(text("c5a1", "wörld & more"), ago)},
			},
			{
				name: "receipts", kind: jsonType,
				body: `{"integrationId":"i","integrationName":"n","event":{"messageStatusUpdate":[` +
					`{"channel":"sms","messageId":"m1","clientMessageId":"","timestamp":1795435170000,"status":"RECEIVED_BY_RECIPIENT","statusCode":4,"to":"15555550123"},` +
					`{"channel":"sms","messageId":"m2","clientMessageId":"","timestamp":1795435170000,"status":"DELIVERED_TO_GATEWAY","statusCode":3,"to":"15555550123"}]}}`,
				report: []smsengine.ReceiptReport{
					at(arrived("m1", "Clickatell 4 RECEIVED_BY_RECIPIENT"), ago),
					at(trying("m2"), ago),
				},
			},
			{
				name: "a single receipt", kind: jsonType,
				body:   `{"integrationName":"n","messageId":"m1","requestId":"r","clientMessageId":null,"to":"15555550123","from":null,"statusCode":9,"status":"ROUTING_ERROR","statusDescription":"Routing error","timestamp":1795435170000}`,
				report: []smsengine.ReceiptReport{at(failed("m1", "5.1.2", "this gateway has no way to that number", "Clickatell 9 ROUTING_ERROR"), ago)},
			},
		},
	},
	{
		provider: "clickatell-central", document: "https://github.com/arnoesterhuizen/clickatell-overview-http", reply: 200,
		calls: []goldenCall{
			{
				name: "text", kind: formType,
				body:  "api_id=2324231&moMsgId=b2aee337abd962489b123fda9c3480fa&from=15555550123&to=15555550100&timestamp=2026-11-23+11%3A59%3A30&charset=ISO-8859-1&udh=&text=w%F6rld",
				texts: []smsengine.IncomingPart{text("b2aee337abd962489b123fda9c3480fa", "wörld")},
			},
			{
				name: "delivered", method: "GET",
				query:  "api_id=2324231&apiMsgId=996f364775e24b8432f45d77da8eca47&cliMsgId=m1&timestamp=1795435170&to=15555550123&from=15555550100&status=004&charge=0.3",
				report: []smsengine.ReceiptReport{at(arrived("996f364775e24b8432f45d77da8eca47", "Clickatell Developers' Central 004"), ago)},
			},
			{
				name: "no way", kind: formType,
				body:   "api_id=2324231&apiMsgId=996f&cliMsgId=m1&timestamp=1795435170&to=15555550123&from=15555550100&status=009&charge=0",
				report: []smsengine.ReceiptReport{at(failed("996f", "5.1.2", "this gateway has no way to that number", "Clickatell Developers' Central 009"), ago)},
			},
		},
	},
}
