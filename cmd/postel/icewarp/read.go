package icewarp

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Read reads an installation directory: the one that has config and mail below
// it. Names are found in whatever case they are written. known says which
// gateways there are besides those of smsgateway.dat. The error is about the
// directory as a whole; what is wrong in it is in Found.Problems.
func Read(fsys fs.FS, known func(gateway string) bool) (*Found, error) {
	r := &reader{fsys: fsys, found: &Found{Domains: map[string]Record{}, Users: map[string]Record{}}}
	config, err := r.find(".", "config")
	if err != nil {
		return nil, err
	}
	if config == "" {
		return nil, errors.New("there is no directory config in it; name the directory that IceWarp is installed in")
	}
	r.gateways(config)
	r.known = func(id string) bool {
		return known(id) || slices.ContainsFunc(r.found.Gateways, func(g Gateway) bool { return strings.EqualFold(g.ID, id) })
	}
	r.levels(config)
	r.filters(config)
	if r.found.Accounts, err = r.records(config, "smsusers.dat"); err == nil {
		r.found.Stats, err = r.records(config, "smsstat.dat")
	}
	if err != nil {
		return nil, err
	}
	if len(r.found.Files)+len(r.found.Filters) == 0 {
		return nil, fmt.Errorf("there is no sms.dat, smsusers.dat, smsstat.dat or smsgateway.dat in %s, nor below it, and no content filter", config)
	}
	return r.found, nil
}

type reader struct {
	fsys  fs.FS
	known func(gateway string) bool
	found *Found
}

func (r *reader) problem(place Place, remedy, format string, args ...any) {
	r.found.Problems = append(r.found.Problems, Problem{place, fmt.Sprintf(format, args...), remedy})
}

// find gives the path of a name in a directory, in whatever case it is written;
// "" if it is not there.
func (r *reader) find(dir, name string) (string, error) {
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		return "", err
	}
	found := ""
	for _, e := range entries {
		switch {
		case !strings.EqualFold(e.Name(), name):
		case found == "":
			found = path.Join(dir, e.Name())
		default:
			r.problem(Place{File: path.Join(dir, e.Name())}, "keep one of the two", "%s is there as well; it is not read", found)
		}
	}
	return found, nil
}

// read reads a file; nil if it cannot be read, which is a problem.
func (r *reader) read(file string) []byte {
	data, err := readFile(r.fsys, file)
	if err != nil {
		r.problem(Place{File: file}, "make it readable for the user that runs this", "it cannot be read: %s", cause(err))
		return nil
	}
	r.found.Files = append(r.found.Files, file)
	return data
}

// cause is an error without the path, which stands before it already.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func (r *reader) records(dir, name string) ([]Record, error) {
	file, err := r.find(dir, name)
	if err != nil || file == "" {
		return nil, err
	}
	records, problems := parseFile(file, r.read(file), r.known)
	r.found.Problems = append(r.found.Problems, problems...)
	return records, nil
}

func (r *reader) gateways(config string) {
	file, err := r.find(config, "smsgateway.dat")
	if err != nil || file == "" {
		return // the directory is read again, with its error
	}
	if r.found.Gateways, err = parseGateways(r.read(file)); err != nil {
		r.problem(Place{File: file}, "see which gateways it has and add them to postel.toml by hand", "it is not whole XML: %s", err)
	}
}

// levels reads sms.dat of the site, of domains and of users.
func (r *reader) levels(config string) {
	if rec, ok := r.level(config); ok {
		r.found.Site = &rec
	}
	for _, domain := range r.below(config) {
		rec, ok := r.level(path.Join(config, domain))
		if name := strings.ToLower(domain); ok && r.once(r.found.Domains, name, rec) {
			r.found.Domains[name] = rec
		}
	}
	mail, err := r.find(".", "mail")
	if err != nil || mail == "" {
		return
	}
	for _, domain := range r.below(mail) {
		for _, user := range r.below(path.Join(mail, domain)) {
			rec, ok := r.level(path.Join(mail, domain, user))
			if name := strings.ToLower(user + "@" + domain); ok && r.once(r.found.Users, name, rec) {
				r.found.Users[name] = rec
			}
		}
	}
}

// once reports whether a level is the first of its name.
func (r *reader) once(levels map[string]Record, name string, rec Record) bool {
	other, twice := levels[name]
	if twice {
		r.problem(rec.Place, "keep one of the two", "%s has the same name in another case; this one is not read", other.File)
	}
	return !twice
}

// below lists what may be a directory.
func (r *reader) below(dir string) []string {
	entries, err := fs.ReadDir(r.fsys, dir)
	if errors.Is(err, fs.ErrPermission) {
		r.problem(Place{File: dir}, "make it readable for the user that runs this", "it cannot be read")
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() || e.Type()&fs.ModeSymlink != 0 {
			names = append(names, e.Name())
		}
	}
	return names
}

// level reads the sms.dat of a directory. A mailbox may hold a great many files,
// so it is not listed: the spellings that there are are tried.
func (r *reader) level(dir string) (Record, bool) {
	for _, name := range []string{"sms.dat", "SMS.dat", "SMS.DAT", "Sms.dat"} {
		file := path.Join(dir, name)
		info, err := fs.Stat(r.fsys, file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
			continue
		}
		records, problems := parseFile(file, r.read(file), r.known)
		r.found.Problems = append(r.found.Problems, problems...)
		if len(records) == 0 {
			return Record{}, false
		}
		for _, more := range records[1:] {
			r.problem(more.Place, "keep the one that holds", "the settings of a level are one line")
		}
		return records[0], true
	}
	return Record{}, false
}
