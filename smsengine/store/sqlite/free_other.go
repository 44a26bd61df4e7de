//go:build !linux

package sqlite

func free(string) int64 { return -1 }
