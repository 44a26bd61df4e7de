// Package sms is the part of the HTTP interface for scripts: one request sends a
// text.
//
//	GET  /sms/?number=+15551234567&data=hello&user=shop&pass=...
//	POST /sms/              the same as a form or in JSON
//	GET  /sms/deliver?id=office&pass=...&number=+15551234567&data=hello
//
// The second brings a text from a phone, from another server that has the modem;
// it is answered under /sms/deliver.html, too. Parameters and names are those of
// the SMS service that Postel replaces.
//
// A request is read in three steps: params.go takes it apart, whatever its form;
// request.go says what the parameters mean; send.go and deliver.go do it.
// answer.go says what came of it, in text or JSON.
package sms
