package httpgw

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postel-mail/postel/smsengine"
)

// TestNoSecretIsTold: an evil provider repeats the whole request, in each way
// that an answer can fail, and nothing of it gets into logs, errors or what
// people see.
func TestNoSecretIsTold(t *testing.T) {
	each(t, func(t *testing.T, g *Gateway) {
		for i, status := range []string{"400 Bad", "400 Bad", "401 Unauthorized", "503 No", "422 Bad", "200 OK", "200", "closed"} {
			g := known(t, g.provider.ID)
			var logs bytes.Buffer
			g.log = slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
			g.rest.log = g.log
			f := newFake(t, func(f *fake, c net.Conn) {
				var said bytes.Buffer
				r, err := f.read(bufio.NewReader(io.TeeReader(c, &said)))
				if err != nil {
					return
				}
				echo := said.String()
				switch i {
				case 1:
					echo = r.Header.Get("Authorization") + "\n" + r.Header.Get("X-Api-Key")
				case 2:
					echo, _ = url.QueryUnescape(r.URL.RawQuery)
				case 3:
					_, echo, _ = strings.Cut(echo, "\r\n\r\n")
				case 4:
					_, echo, _ = strings.Cut(echo, "\r\n\r\n")
					echo, _ = url.QueryUnescape(echo)
				}
				fmt.Fprintf(c, "HTTP/1.1 %s\r\nX-Echo: %x\r\nContent-Length: %d\r\n\r\n", status, echo, len(echo))
				if status != "200" {
					io.WriteString(c, echo)
				}
			})
			f.connect(g)
			if status == "closed" {
				f.plain.Close()
				f.secure.Close()
			}
			_, err := g.Send(t.Context(), delivery(t, g, nil))
			told := logs.String() + fmt.Sprint(err)
			if e, ok := errors.AsType[*smsengine.Error](err); ok {
				told += fmt.Sprintf("%+v %v", e.Status, e.Err)
			}
			h, _ := g.Check(t.Context())
			told += h.Text
			for name, secret := range secretsOf(t, g) {
				if strings.Contains(told, secret) {
					t.Errorf("%s: %s is in %s", status, name, told)
				}
			}
		}
	})
}

// secretsOf are all forms of a gateway's secrets that a request may have.
func secretsOf(t *testing.T, g *Gateway) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(name, s string) {
		if len(s) < shortest {
			return
		}
		all[name] = s
		all[name+", encoded"] = url.QueryEscape(s)
		all[name+", in base64"] = base64.StdEncoding.EncodeToString([]byte(s))
	}
	for _, n := range g.provider.Needs {
		if n.Secret && !n.Template {
			add(n.Name, g.settings[n.Name])
		}
	}
	add("the address of receipts", g.settings["receipts_url"])
	if u := g.provider.Send.Auth; u.Kind == "basic" {
		v, _, err := g.values(delivery(t, g, nil))
		if err != nil {
			t.Fatal(err)
		}
		user, _, _ := u.User.Expand(v)
		password, _, _ := u.Password.Expand(v)
		all["login"] = base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	}
	return all
}

func TestSecretsInAURL(t *testing.T) {
	g := fromValues(t, "generic-url", []byte("url=https://sms.example.org/send?user=postel&pass=hush-hush-hush&to=%number%&text=%data%\n"))
	f := newFake(t, says("HTTP/1.1 400 Bad\r\nContent-Length: 38\r\n\r\nthe password hush-hush-hush is no good"))
	f.connect(g)
	var logs bytes.Buffer
	g.log = slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, err := g.Send(t.Context(), delivery(t, g, nil))
	if err == nil || strings.Contains(logs.String()+err.Error(), "hush") {
		t.Errorf("%v\n%s", err, &logs)
	}
	if !strings.Contains(logs.String(), "sms.example.org") {
		t.Errorf("the log does not say where it went: %s", &logs)
	}
}

func TestSecretsFile(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"right":       {"# of 46elks\n\n password = hush = hush \n", 0o600, ""},
		"open":        {"password=hush-hush", 0o640, "others may read"},
		"nothing":     {"\n", 0o600, "there are no lines"},
		"no name":     {"hush-hush", 0o600, ":1: want name=value"},
		"twice":       {"password=hush-hush\npassword=hush-hush", 0o600, ":2: this name stands there twice"},
		"wrong name":  {"hush-hush=password", 0o600, "has no use for one of the names"},
		"other value": {"username=hush-hush", 0o600, "46elks needs password"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secrets")
			if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
				t.Fatal(err)
			}
			conf := Config{Provider: "46elks", SecretsFile: path}
			if name != "other value" {
				conf.Values = []Value{{"username", "u1"}}
			}
			g, err := New("office", ours, conf, Options{Files: files})
			switch {
			case c.want == "" && (err != nil || g.settings["password"] != "hush = hush"):
				t.Errorf("%v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush")):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
