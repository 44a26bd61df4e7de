package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/postel-mail/postel/cmd/postel/config"
	"github.com/postel-mail/postel/cmd/postel/icewarp"
	"github.com/postel-mail/postel/cmd/postel/rulefile"
	"github.com/postel-mail/postel/smsengine/rule"
)

func rulesImportCommand() *command {
	return &command{
		name: "import", args: "FILE", short: "take rules from an export, or from IceWarp",
		long: "Reads what postel rules export wrote, or the content filters that IceWarp Server exports as\n" +
			"XML; for these, say with --outgoing or --incoming which tab they are from. Lists that\n" +
			"filters name are taken from the directory of FILE. It says what would be written, and what\n" +
			"has no counterpart here: such a rule is not active, and says so in a comment. Nothing is\n" +
			"written without --apply, and no file that has other contents is replaced without --replace,\n" +
			"which keeps it as FILE.old. Rules that are wrong are never written. A service that\n" +
			"runs takes them within seconds. - reads standard input.",
		setup: func(fs *flag.FlagSet) runner {
			file := configFlag(fs)
			o := rulesImport{}
			outgoing := fs.Bool("outgoing", false, "the filters are for texts to phones")
			incoming := fs.Bool("incoming", false, "the filters are for texts from phones")
			fs.BoolVar(&o.apply, "apply", false, "write the files")
			fs.BoolVar(&o.replace, "replace", false, "replace files that there are, and keep them as FILE.old")
			fs.BoolVar(&o.print, "print", false, "print the rules, and no report")
			fs.BoolVar(&o.json, "json", false, "the report as one JSON object")
			return func(_ context.Context, t *terminal, args []string) error {
				switch {
				case len(args) != 1:
					return usageError("give the file to be read")
				case *outgoing && *incoming:
					return usageError("filters are for one direction: --outgoing or --incoming")
				case o.print && (o.apply || o.json):
					return usageError("--print goes with neither --apply nor --json")
				case *outgoing:
					o.direction = rule.Outgoing
				case *incoming:
					o.direction = rule.Incoming
				}
				return o.run(t, *file, args[0])
			}
		},
	}
}

// rulesImport is one import.
type rulesImport struct {
	apply, replace, print, json bool
	direction                   rule.Direction // of filters
}

func (o rulesImport) run(t *terminal, file, from string) error {
	cfg, err := config.Load(file, drivers)
	if err != nil {
		return err
	}
	site, err := siteOfRules(cfg)
	if err != nil {
		return err
	}
	data, err := readImport(t, from)
	if err != nil {
		return err
	}
	r := &rulesReport{From: from, Filters: []icewarp.Filter{}}
	files, err := o.files(r, data, from, site)
	if err != nil {
		return fmt.Errorf("%s: %w", clean(from), err)
	}
	if o.print {
		for _, f := range files {
			t.printf("# %s\n%s\n", clean(f.Name), f.Text)
		}
		return nil
	}
	if r.Counts, err = checkRules(files, site); err != nil {
		return err
	}
	if err := r.compare(cfg.Rules, files, o.replace); err != nil {
		return err
	}
	r.Applied = o.apply && !r.Refused
	if r.Applied {
		if err := writeRules(cfg.Rules, file, files); err != nil {
			return err
		}
	}
	if err := r.write(t, o.json); err != nil {
		return err
	}
	if o.apply && r.Refused {
		return errReported
	}
	return nil
}

func readImport(t *terminal, from string) ([]byte, error) {
	in := t.in
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, rulefile.MaxBundle+1))
	if err == nil && len(data) > rulefile.MaxBundle {
		err = fmt.Errorf("%s is larger than %d MB", from, rulefile.MaxBundle>>20)
	}
	return data, err
}

// files makes files of what was read.
func (o rulesImport) files(r *rulesReport, data []byte, from string, site rule.Site) ([]rulefile.File, error) {
	if rulefile.IsBundle(data) {
		return rulefile.Unpack(data)
	}
	if !looksLikeXML(data) {
		return nil, errors.New("it is neither what postel rules export writes, nor XML; files of rules themselves are copied into the folder of the rules")
	}
	if o.direction == "" {
		return nil, errors.New("say whether these filters are for texts to phones, --outgoing, or from phones, --incoming")
	}
	found, err := icewarp.ReadFilters(filepath.Base(from), data, icewarp.FilterSite{
		Site: site, Direction: o.direction, List: listBeside(filepath.Dir(from)),
	})
	if err != nil {
		return nil, err
	}
	r.Filters = found.Filters
	return append(found.Lists, rulefile.File{Name: string(o.direction) + ".toml", Text: string(found.Text(filepath.Base(from)))}), nil
}

// looksLikeXML reports whether the first character is "<", in UTF-8 or UTF-16.
func looksLikeXML(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, "\xef\xbb\xbf\xff\xfe\x00 \t\r\n"), []byte("<"))
}

// maxList bounds a list, in octets.
const maxList = 64 << 20

// listBeside reads lists from a directory.
func listBeside(dir string) func(string) ([]byte, bool) {
	return func(name string) ([]byte, bool) {
		if !rulefile.IsName(name) || strings.Contains(name, "/") {
			return nil, false
		}
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxList {
			return nil, false
		}
		data, err := os.ReadFile(path)
		return data, err == nil
	}
}

// checkRules loads the rules as they would be, and counts them.
func checkRules(files []rulefile.File, site rule.Site) (counts map[string]int, err error) {
	folder := rulefile.InFolder(files)
	counts = map[string]int{}
	for _, d := range directions {
		name := string(d) + ".toml"
		if _, there := folder[name]; !there {
			continue
		}
		set, err := rule.Load(folder, name, d, site)
		if err != nil {
			return nil, err
		}
		counts[name] = len(set.Rules())
	}
	if len(counts) == 0 {
		return nil, errors.New("there is neither outgoing.toml nor incoming.toml in it")
	}
	return counts, nil
}
