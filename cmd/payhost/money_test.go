package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// Everything that moves money or takes it back, through the commands a person types.
func TestMoneyCommandsAgainstARealHost(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "monobank", "payin")
	c := d.start(t, nil)
	on := func(args ...string) []string { return append(args, "--config", d.file) }
	create := func(args ...string) host.Invoice {
		t.Helper()
		return decode[host.Invoice](t, c.good(t, on(append([]string{"invoice", "create", "--account", "mono-main", "--amount", "100.00",
			"--currency", "UAH", "-o", "json"}, args...)...)...))
	}
	held := func() host.Invoice {
		t.Helper()
		inv := create("--capture", "manual")
		simulator(t, d.box.MonobankURL, "hold", `{"id":"`+inv.ProviderRef+`"}`)
		require.Contains(t, c.good(t, on("invoice", "refresh", inv.ID)...), "authorized")
		return inv
	}

	// Held and released, held and taken in part, never paid.
	require.Contains(t, c.good(t, on("invoice", "void", held().ID, "--reason", "out of stock")...), "canceled")
	inv := held()
	r := c.run(t, on("invoice", "capture", inv.ID, "--amount", "60.00", "--item", `{"name":"Tea","code":"t","unit_price":"60.00"}`)...)
	require.Equal(t, exitDone, r.code, r.stderr)
	require.True(t, strings.HasPrefix(r.stderr, "idempotency key: cli-"), r.stderr)
	require.Contains(t, c.good(t, on("invoice", "refresh", inv.ID)...), "60.00 UAH")
	require.Contains(t, c.good(t, on("invoice", "cancel", create().ID)...), "canceled")
	r = c.run(t, on("invoice", "cancel", inv.ID)...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "kind: invalid_state")

	// Given back in part; the same key is the same refund; the rest without an amount.
	refund := decode[host.Refund](t, c.good(t, on("invoice", "refund", inv.ID, "--amount", "20.00", "--reason", "returned", "--idempotency-key", "r-1", "-o", "json")...))
	require.Equal(t, "20.00 UAH", refund.Amount.String())
	require.Contains(t, c.good(t, on("invoice", "refund", inv.ID, "--amount", "20.00", "--reason", "returned", "--idempotency-key", "r-1")...), refund.ID)
	r = c.run(t, on("invoice", "refund", inv.ID, "--amount", "40.01")...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "only 40.00 UAH can still be refunded")
	require.Contains(t, c.good(t, on("invoice", "refunds", inv.ID)...), refund.ID)

	// An answer that was lost: exit code 3, and the host finds the truth.
	simulator(t, d.box.MonobankURL, "faults", `{"op":"invoice/cancel","kind":"cut_after","times":1}`)
	r = c.run(t, on("invoice", "refund", inv.ID, "-o", "json")...)
	require.Equal(t, exitUnknown, r.code, r.stderr)
	lost := decode[host.Refund](t, r.stdout)
	require.NotEmpty(t, lost.UnresolvedOperation)
	require.Contains(t, r.stderr, "payhost operation show "+lost.UnresolvedOperation)
	eventually(t, "the lost refund is found", func() bool {
		list := decode[[]host.Refund](t, c.good(t, on("invoice", "refunds", inv.ID, "-o", "json")...))
		return len(list) == 2 && list[1].UnresolvedOperation == "" && list[1].Status == pay.RefundSucceeded
	})
	timeline := c.good(t, on("invoice", "timeline", inv.ID)...)
	for _, want := range []string{"create ordered", "capture ordered", "refund ordered", "webhook", "invoice.paid"} {
		require.Contains(t, timeline, want)
	}

	// Webhooks of all this.
	eventually(t, "webhooks are processed", func() bool {
		return len(decode[rest.WebhookList](t, c.good(t, on("webhook", "ls", "--account", "mono-main", "--state", "processed", "-o", "json")...)).Webhooks) > 0
	})
	hook := decode[rest.WebhookList](t, c.good(t, on("webhook", "ls", "--state", "processed", "--limit", "1", "-o", "json")...)).Webhooks[0]
	require.Contains(t, c.good(t, on("webhook", "show", hook.ID)...), "X-Sign")
	require.Contains(t, c.good(t, on("webhook", "replay", hook.ID)...), "processed")

	// Money sent.
	simulator(t, d.box.PayinURL, "balance", `{"user":7026,"amount":"50.00"}`)
	require.Contains(t, c.good(t, on("account", "balance", "payin-main")...), "50.00 RUB")
	send := []string{"payout", "create", "--account", "payin-main", "--amount", "10.00", "--currency", "RUB", "--destination-type", "account",
		"--destination", "1001", "--description", "Bonus", "-o", "json"}
	payout := decode[host.Payout](t, c.good(t, on(send...)...))
	require.Contains(t, c.good(t, on("payout", "get", payout.ID)...), "10.00 RUB")
	require.Contains(t, c.good(t, on("payout", "ls", "--account", "payin-main")...), payout.ID)
	require.NotContains(t, c.good(t, on("payout", "ls", "--account", "mono-main")...), payout.ID)

	// Nobody but a person can tell what became of a lost payout at payin.
	simulator(t, d.box.PayinURL, "faults", `{"op":"reward","kind":"cut_before","times":1}`)
	r = c.run(t, on(send...)...)
	require.Equal(t, exitUnknown, r.code, r.stderr)
	payout = decode[host.Payout](t, r.stdout)
	bundle := c.good(t, on("operation", "show", payout.UnresolvedOperation, "--bundle")...)
	require.Contains(t, bundle, "needs review")
	require.Contains(t, bundle, payout.ID)
	require.Contains(t, c.good(t, on("operation", "resolve", payout.UnresolvedOperation, "--outcome", "not_executed", "--reason", "support says so")...), "done")
	require.Contains(t, c.good(t, on("payout", "get", payout.ID)...), "failed")

	// Paused, resumed, closed.
	require.Contains(t, c.good(t, on("account", "pause", "payin-main", "--reason", "night")...), "paused")
	r = c.run(t, on(send...)...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "account_paused")
	require.Contains(t, c.good(t, on("account", "resume", "payin-main")...), "active")
	require.Contains(t, c.good(t, on("account", "close", "payin-main")...), "closed")
}
