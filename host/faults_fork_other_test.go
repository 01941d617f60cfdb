//go:build !linux

package host_test

import "errors"

func fork() error { return errors.ErrUnsupported }

func doubleFork() (int, error) { return 0, errors.ErrUnsupported }
