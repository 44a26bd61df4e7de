package testbed

import (
	"database/sql"
	"fmt"
	"os"
	"syscall"
)

// DatabasePassword is that of the user postel of the database servers. No log and
// no report may have it.
const DatabasePassword = "sesame-4711"

// databaseUser is who the database servers run as on a host.
const databaseUser = 60011

// Database is a database server on a host of its own, with the user postel, who
// may do everything.
type Database struct {
	Addr string // where it listens: host and port
	DB   *sql.DB

	h       *Host
	name    string
	source  func(database string) string
	command []string       // runs it
	quit    syscall.Signal // ends it well and soon
	process *process
	made    int // how many databases
}

// NewDatabase makes an empty database, and gives its source, as the driver wants it.
func (d *Database) NewDatabase() string {
	d.h.t.Helper()
	d.made++
	name := fmt.Sprintf("test%d", d.made)
	if _, err := d.DB.ExecContext(d.h.t.Context(), "create database "+name); err != nil {
		d.h.t.Fatal("testbed: ", err)
	}
	return d.source(name)
}

// Start starts it, again after Stop or Kill, and waits until it answers.
func (d *Database) Start() {
	d.h.t.Helper()
	d.launch()
	d.h.wait(d.name+" to answer", func() error {
		if err := d.process.failed(); err != nil {
			d.launch() // after Kill its children may still hold what it needs
			return err
		}
		return d.DB.PingContext(d.h.t.Context())
	})
}

// Stop ends it well; who is connected loses the connection.
func (d *Database) Stop() { d.end(d.quit) }

// Kill ends it as a failure of the machine would.
func (d *Database) Kill() { d.end(syscall.SIGKILL) }

// Restart is Stop and Start.
func (d *Database) Restart() {
	d.h.t.Helper()
	d.Stop()
	d.Start()
}

// Log is what it has written since it was started.
func (d *Database) Log() string {
	b, _ := os.ReadFile(d.process.out)
	return string(b)
}

func (d *Database) launch() {
	d.process = d.h.startCommand(d.h.commandAs(databaseUser, d.command[0], d.command[1:]...))
}

func (d *Database) end(s syscall.Signal) {
	_ = d.process.cmd.Process.Signal(s)
	<-d.process.ended
}

// begin starts it for the first time. driver is that of package database/sql.
func (d *Database) begin(driver, database string) {
	d.h.t.Helper()
	var err error
	if d.DB, err = sql.Open(driver, d.source(database)); err != nil {
		d.h.t.Fatal("testbed: ", err)
	}
	d.Start()
	d.h.t.Cleanup(func() {
		d.DB.Close()
		d.Stop()
		if d.h.t.Failed() {
			d.h.t.Logf("the end of the log of %s:\n%s", d.name, tail(d.Log(), 40))
		}
	})
}
