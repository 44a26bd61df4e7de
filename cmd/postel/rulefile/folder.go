package rulefile

import (
	"io/fs"
	"path"
	"strings"
	"time"
)

// Folder is files in memory, for package rule to load.
type Folder map[string]string

// InFolder puts files into one.
func InFolder(files []File) Folder {
	d := Folder{}
	for _, f := range files {
		d[f.Name] = f.Text
	}
	return d
}

// Open opens a file. There are no directories.
func (d Folder) Open(name string) (fs.File, error) {
	text, ok := d[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &open{info{name, int64(len(text))}, strings.NewReader(text)}, nil
}

type open struct {
	info
	*strings.Reader
}

func (o *open) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *open) Size() int64                { return o.info.size }
func (o *open) Close() error               { return nil }

type info struct {
	name string
	size int64
}

func (i info) Name() string       { return path.Base(i.name) }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
