package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/host/bench/internal/growth"
	"github.com/payhost/payhost/host/bench/internal/report"
)

// grower starts one comparison of sizes.
type grower func(ctx context.Context, s settings, dir string) (*growth.Bench, error)

func growAccounts(ctx context.Context, s settings, dir string) (*growth.Bench, error) {
	return growth.Accounts(ctx, s.bin, dir)
}

func growPlugins(ctx context.Context, s settings, dir string) (*growth.Bench, error) {
	return growth.Plugins(ctx, s.bin, dir)
}

func growStored(ctx context.Context, s settings, dir string) (*growth.Bench, error) {
	var sizes []int
	for text := range strings.SplitSeq(s.stored, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1000 {
			return nil, fmt.Errorf("-stored: %q is not a number of at least 1000", text)
		}
		sizes = append(sizes, n)
	}
	return growth.Stored(ctx, s.bin, dir, sizes, func(text string) { s.progress("%s", text) })
}

func grow(start grower) func(context.Context, settings) ([]report.Group, error) {
	return func(ctx context.Context, s settings) (_ []report.Group, err error) {
		dirs, remove, err := s.scratch(1)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, remove()) }()
		b, err := start(ctx, s, dirs[0])
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, b.Close()) }()
		return compare(ctx, s, comparison{
			name: b.Name, about: b.About, plan: s.plan(growth.Levels(), 500*time.Millisecond), subjects: b.Subjects, goals: b.Goals, missing: b.Missing,
		})
	}
}
