package sqlite

import "syscall"

// free gives the octets that we may still write on the disk of a file, -1 if it
// cannot be known.
func free(path string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return -1
	}
	return int64(fs.Bavail) * fs.Bsize
}
