package config

import (
	"path/filepath"
	"slices"
	"strconv"
)

// Database is one on which rules execute statements.
type Database struct {
	// Its name in rules.
	ID string `toml:"id" example:"\"crm\""`
	// What it is: "sqlite", "postgres" or "mysql", which is MariaDB as well.
	Driver string `toml:"driver" example:"\"postgres\""`
	// Where it is, as its driver wants it: "/var/lib/crm.db",
	// "postgres://user:password@host/db" or "user:password@tcp(host:3306)/db".
	Source string `toml:"source" example:"\"postgres://postel@localhost/crm\""`
}

// DatabaseDrivers are the kinds of databases.
var DatabaseDrivers = []string{"sqlite", "postgres", "mysql"}

func (r *reader) checkRules(c *Config) {
	if c.Rules == "" {
		c.Rules = filepath.Join(filepath.Dir(r.file), "rules")
	} else if !filepath.IsAbs(c.Rules) {
		r.bad("rules", `write a path that begins with "/"`, "%q depends on where Postel is started", c.Rules)
	}
	for i, d := range c.Databases {
		key := "database[" + strconv.Itoa(i) + "]"
		switch {
		case !idForm.MatchString(d.ID):
			r.bad(key+".id", `write letters, digits, "-" and "_"`, "%q is not a name for a database", d.ID)
		case slices.ContainsFunc(c.Databases[:i], func(o Database) bool { return o.ID == d.ID }):
			r.bad(key+".id", "give each database a name of its own", "a database before this one has the name %q", d.ID)
		}
		r.choice(key+".driver", d.Driver, DatabaseDrivers...)
		if d.Source == "" {
			r.bad(key+".source", "say where it is", "the database has no source")
		}
	}
}
