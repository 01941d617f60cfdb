package main

import (
	"context"
	"errors"
	"os"
	"runtime/pprof"
	"time"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// profile runs one subject with 64 callers and writes where this process spent its time.
func profile(ctx context.Context, s settings, subject round.Subject) (err error) {
	file, err := os.Create(s.cpuProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	_, _, err = round.Closed(ctx, 64, 10*time.Second, subject.Call)
	return err
}
