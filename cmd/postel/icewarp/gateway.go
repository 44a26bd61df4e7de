package icewarp

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode"
)

// parseGateways reads smsgateway.dat: XML in which every gateway is an element
// that has an <ID>. What else stands there (PINs, passwords, addresses) is not
// kept.
func parseGateways(data []byte) ([]Gateway, error) {
	d := xml.NewDecoder(strings.NewReader(withoutDeclaration(decode(data))))
	d.Strict = false
	var found []Gateway
	var open []*element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(open) > 100 {
				return found, errors.New("its elements are nested too deep")
			}
			e := &element{name: strings.ToUpper(token.Name.Local)}
			for _, a := range token.Attr {
				e.child(strings.ToUpper(a.Name.Local), a.Value)
			}
			open = append(open, e)
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(token)
			}
		case xml.EndElement:
			if len(open) == 0 {
				continue
			}
			e := open[len(open)-1]
			if open = open[:len(open)-1]; len(open) > 0 {
				open[len(open)-1].child(e.name, e.text)
			}
			if e.ID != "" {
				found = append(found, e.Gateway)
			}
		}
	}
}

// element is an open element, and the gateway that it may be.
type element struct {
	Gateway
	name, text string
}

// child takes what a gateway's child says.
func (e *element) child(name, text string) {
	text = oneLine(text)
	switch name {
	case "ID":
		e.ID = text
	case "TYPE":
		e.Type = text
	case "DESCRIPTION", "DESC":
		e.Description = text
	case "CLIENTCERT":
		e.Certificate = text != ""
	}
}

// oneLine makes a text short and printable.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(s))
	if r := []rune(s); len(r) > 80 {
		s = string(r[:80]) + "…"
	}
	return s
}

// withoutDeclaration drops <?xml …?>: decode has dealt with the encoding.
func withoutDeclaration(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "<?xml") {
		if _, rest, ok := strings.Cut(s, "?>"); ok {
			return rest
		}
	}
	return s
}
