package main

import (
	"fmt"

	"github.com/payhost/payhost/host/bench/internal/chain"
	"github.com/payhost/payhost/host/bench/internal/commit"
	"github.com/payhost/payhost/host/bench/internal/hop"
	"github.com/payhost/payhost/host/bench/internal/launch"
	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/swap"
	"github.com/payhost/payhost/host/bench/internal/webhook"
)

// figures are what a person who plans asks for.
func figures() []report.Figure {
	return []report.Figure{
		{
			Text:    "creates a second for each core, REST to plugin to disk, 64 at a time",
			Subject: chain.Ours, Callers: 64, Metric: round.CPU, PerCore: true,
		},
		{Text: "the same, 8 at a time", Subject: chain.Ours, Callers: 8, Metric: round.CPU, PerCore: true},
		{
			Text:    "creates a second for each core, host as a library, provider in its process, 64 at a time",
			Subject: commit.Ours, Callers: 64, Metric: round.CPU, PerCore: true,
		},
		{
			Text:    "webhooks a second for each core, verified, stored and applied, 64 at a time",
			Subject: webhook.Ours, Callers: 64, Metric: round.CPU, PerCore: true,
		},
		{
			Text:    "calls to a plugin a second for each core, both processes, 64 at a time",
			Subject: hop.Stream, Callers: 64, Metric: round.CPU, PerCore: true,
		},
		{Text: "commits a second that one writer makes, 64 at a time", Subject: commit.Store, Callers: 64, Metric: round.Rate},
		{Text: "start of a plugin to its first answer", Subject: launch.Ours, Callers: 1, Metric: round.Took},
		{Text: "private memory of an idle plugin among others of the same binary", Subject: launch.Ours, Callers: launch.Many, Metric: round.Memory},
		{Text: "a killed plugin to the next answered create", Subject: swap.Recovery, Callers: 1, Metric: round.Took},
		{Text: "memory of a host with one plugin and 10 accounts", Subject: "10 accounts: start", Callers: 1, Metric: round.Resident},
		{
			Text:    "memory of the host for one more account",
			Subject: "1000 accounts: start", Less: "10 accounts: start", Steps: 990, Callers: 1, Metric: round.Resident,
		},
		{
			Text:    "memory of a plugin for one more account",
			Subject: "1000 accounts: start", Less: "10 accounts: start", Steps: 990, Callers: 1, Metric: round.Memory,
		},
		{
			Text:    "memory of the host for one more plugin",
			Subject: "50 plugins: start", Less: "1 plugins: start", Steps: 49, Callers: 1, Metric: round.Resident,
		},
		{
			Text:    "start of the host for one more account",
			Subject: "1000 accounts: start", Less: "10 accounts: start", Steps: 990, Callers: 1, Metric: round.Took,
		},
		{
			Text:    "start of the host for one more plugin",
			Subject: "50 plugins: start", Less: "1 plugins: start", Steps: 49, Callers: 1, Metric: round.Took,
		},
		{
			Text:    "disk for one settled invoice with its history, personal data and events",
			Subject: fmt.Sprintf("%d stored: database", 1_000_000), Callers: 1, Metric: round.Disk,
		},
	}
}
