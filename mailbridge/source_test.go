package mailbridge

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

func TestSource(t *testing.T) {
	raw := eml(
		"Received: from a by b for <\"sms:+15555550123?pass=hunter2\"@example.org>",
		"Return-Path: <john@example.org>",
		"X-Postel-Ticket: sealed",
		"Message-ID: <a1@example.org>",
		"In-Reply-To: <a0@example.org>",
		"Bcc: hidden@example.org",
		"From: J\xfcrgen <john@example.org>",
		"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
		"Date: Mon, 5 Jan 2026 10:11:12 +0100",
		"Content-Type: text/plain; charset=iso-8859-1",
		"", "Gr\xfc\xdfe", "-- ", "John")
	src := read(t, raw).Source()
	if src.MessageID != "a1@example.org" || len(src.References) != 1 || src.References[0] != "a0@example.org" || src.Subject != "Grüße" {
		t.Errorf("got %+v", src)
	}
	want := eml(
		"Message-ID: <a1@example.org>",
		"In-Reply-To: <a0@example.org>",
		"From: =?utf-8?b?SsO8cmdlbiA8am9obkBleGFtcGxlLm9yZz4=?=",
		"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
		"Date: Mon, 5 Jan 2026 10:11:12 +0100",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: quoted-printable",
		"", "Gr=C3=BC=C3=9Fe")
	if string(src.Original) != want {
		t.Errorf("got\n%s\nwant\n%s", src.Original, want)
	}
	// The MTA hands the same mail over a second time.
	again := read(t, strings.Replace(raw, "from a by b", "from c by d", 1)).Source()
	if !bytes.Equal(src.Original, again.Original) {
		t.Errorf("the second time it is\n%s", again.Original)
	}
}

func TestOriginalKeepsNoSecrets(t *testing.T) {
	word := "=?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte("<sms:+15555550123?user=john&pass=hunter2@example.org>")) + "?="
	m := read(t, eml(
		`To: "sms:+15555550123?user=john&pass=hunter2"@example.org,`,
		` "sms:+15555550124?user=john&pass=`, ` hunter2"@example.org`,
		"Cc: "+word,
		"Reply-To: <sms:+15555550123?user=john%26pass%3Dhunter2@example.org>",
		"Resent-To: J\xfcrgen <sms:+15555550123?pass=hunter2@example.org>",
		"X-Original-To: <sms:+15555550123?pass=hunter2@example.org>",
		"Subject: sms:+15555550123?pass=hunter2", "", "Call me"))
	src := m.Source()
	if bytes.Contains(src.Original, []byte("hunter2")) || strings.Contains(src.Subject, "hunter2") {
		t.Errorf("a password is left in\n%s\n%s", src.Subject, src.Original)
	}
	again := read(t, string(src.Original))
	for _, f := range again.Header {
		if strings.Contains(decodeWords(f.Value), "hunter2") {
			t.Errorf("a password is left in %s: %s", f.Name, decodeWords(f.Value))
		}
	}
	if !strings.Contains(again.Header.Get("To"), "15555550124") {
		t.Errorf("To: %s", again.Header.Get("To"))
	}
}

func TestOriginalIsBounded(t *testing.T) {
	m := read(t, strings.Repeat("X: "+strings.Repeat("ü", 400)+"\r\n", 500)+"\r\n"+strings.Repeat("ü", 100_000))
	if n := len(m.Original()); n > maxOriginal || n < maxOriginal/4 {
		t.Errorf("%d octets", n)
	}
	one := read(t, "X: "+strings.Repeat("x", 200_000)+"\r\n\r\nwords")
	if n := len(one.Original()); n > maxOriginal {
		t.Errorf("one long field: %d octets", n)
	}
}
