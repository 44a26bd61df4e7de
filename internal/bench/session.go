package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"
)

// session is an LMTP client that costs little: the envelope is pipelined, as
// Postfix does it.
func session(socket string, mails int, name string) ([]time.Duration, error) {
	conn, err := dial(socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	if err := expect(r, "220"); err != nil {
		return nil, err
	}
	if err := say(conn, r, "LHLO bench.example.org\r\n", "250"); err != nil {
		return nil, err
	}
	waits := make([]time.Duration, 0, mails)
	for n := range mails {
		id := fmt.Sprintf("%s.%d", name, n)
		envelope := "MAIL FROM:<john@example.org>\r\nRCPT TO:<+1555" + fmt.Sprintf("%07d", n) + "@sms.example.org>\r\nDATA\r\n"
		if err := say(conn, r, envelope, "250", "250", "354"); err != nil {
			return nil, err
		}
		if _, err := conn.Write([]byte(mail(id))); err != nil {
			return nil, err
		}
		began := time.Now()
		if err := expect(r, "250"); err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(began))
	}
	return waits, say(conn, r, "QUIT\r\n", "221")
}

// dial waits for the service to come up.
func dial(socket string) (net.Conn, error) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil || time.Now().After(deadline) {
			return conn, err
		}
	}
}

func say(conn net.Conn, r *bufio.Reader, text string, codes ...string) error {
	if _, err := conn.Write([]byte(text)); err != nil {
		return err
	}
	for _, code := range codes {
		if err := expect(r, code); err != nil {
			return fmt.Errorf("to %.40q: %w", text, err)
		}
	}
	return nil
}

// expect reads a reply, which may have several lines.
func expect(r *bufio.Reader, code string) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, code) {
			return fmt.Errorf("the answer is %q, not %s", line, code)
		}
		if len(line) > 3 && line[3] == ' ' {
			return nil
		}
	}
}

// mail is one of about 2 kB, as a client writes it, with an alternative part. Each
// says something else: the same text again and again is dropped.
func mail(id string) string {
	return "Received: from client.example.org (client.example.org [192.0.2.7])\r\n" +
		"\tby mx.example.org (Postfix) with ESMTPSA id 4ABCDE; Mon, 23 Nov 2026 10:00:00 +0100 (CET)\r\n" +
		"From: John Doe <john@example.org>\r\nTo: +15551234567@sms.example.org\r\n" +
		"Subject: cellar\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <" + id + "@client.example.org>\r\n" +
		"MIME-Version: 1.0\r\nUser-Agent: Mozilla Thunderbird\r\nContent-Language: en-GB\r\n" +
		"Content-Type: multipart/alternative; boundary=\"------------b0undary\"\r\n\r\n" +
		"--------------b0undary\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
		"The pump in cellar 3 has stopped; the water stands at 41 cm. Call me. " + id + "\r\n\r\n" +
		"--------------b0undary\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
		"<html><head></head><body><p>" + strings.Repeat("The pump in <b>cellar 3</b> has stopped. ", 25) + "</p></body></html>\r\n" +
		"--------------b0undary--\r\n.\r\n"
}
