package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

// A provider's own actions through the commands a person types: a deal is started, its transfer confirmed with a receipt.
func TestActionCommandsAgainstARealHost(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "merchant")
	c := d.start(t, nil)
	on := func(args ...string) []string { return append(args, "--config", d.file) }
	create := func() host.Invoice {
		t.Helper()
		return decode[host.Invoice](t, c.good(t, on("invoice", "create", "--account", "p2p-main", "--amount", "1000.00", "--currency", "RUB", "-o", "json")...))
	}
	receipt := filepath.Join(d.dir, `my "receipt".pdf`)
	require.NoError(t, os.WriteFile(receipt, []byte("%PDF-1.4 paid"), 0o600))
	inv := create()

	table := c.good(t, on("invoice", "actions", inv.ID)...)
	require.Regexp(t, `start_deal +│ changes +│ yes .*payment_method payment_option`, table)
	require.Regexp(t, `confirm_transfer +│ changes .*up to 1`, table)
	list := decode[rest.ActionList](t, c.good(t, on("invoice", "actions", inv.ID, "-o", "json")...))
	require.Equal(t, "merchant", list.Provider)
	require.NotEmpty(t, list.Actions[0].Output)
	require.Contains(t, c.good(t, on("invoice", "get", inv.ID)...), "action:confirm_transfer")
	require.Regexp(t, `currency_rates +│ read`, c.good(t, on("account", "actions", "p2p-main")...))

	// What only reads needs no key.
	r := c.run(t, on("invoice", "action", inv.ID, "available_payment_variants")...)
	require.Equal(t, exitDone, r.code, r.stderr)
	require.Contains(t, r.stdout, `"variants"`)
	require.Empty(t, r.stderr)
	require.Contains(t, c.good(t, on("account", "action", "p2p-main", "currency_rates", "-o", "json")...), `"output"`)

	// The input is text, a file or standard input.
	input := filepath.Join(d.dir, "input.json")
	require.NoError(t, os.WriteFile(input, []byte(`{"payment_option":"TO_CARD"}`), 0o600))
	started := c.good(t, on("invoice", "action", inv.ID, "start_deal", "--input", "@"+input, "--key", "deal-1")...)
	require.Contains(t, started, `"deal_id"`)
	c.stdin = `{"payment_option":"TO_CARD"}`
	again := decode[host.ActionResult](t, c.good(t, on("invoice", "action", inv.ID, "start_deal", "--input", "-", "--idempotency-key", "deal-1", "-o", "json")...))
	require.Contains(t, started, again.Operation)
	r = c.run(t, on("invoice", "action", inv.ID, "start_deal", "--input", `{"payment_option":"TO_PHONE_NUMBER"}`, "--key", "deal-1")...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "idempotency_mismatch")
	r = c.run(t, on("invoice", "action", inv.ID, "start_deal", "--input", `{"payment_optoin":"TO_CARD"}`)...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "input.payment_optoin")

	// With a file, by the key that was made; the same key must bring the same bytes.
	r = c.run(t, on("invoice", "action", inv.ID, "confirm_transfer", "--file", receipt, "-o", "json")...)
	require.Equal(t, exitDone, r.code, r.stderr)
	confirmed := decode[host.ActionResult](t, r.stdout)
	key := strings.TrimSpace(strings.TrimPrefix(r.stderr, "idempotency key: "))
	require.True(t, strings.HasPrefix(key, "cli-"), r.stderr)
	same := decode[host.ActionResult](t, c.good(t, on("invoice", "action", inv.ID, "confirm_transfer", "--file", receipt, "--key", key, "-o", "json")...))
	require.Equal(t, confirmed.Operation, same.Operation)
	require.NoError(t, os.WriteFile(receipt, []byte("%PDF-1.4 PAID"), 0o600))
	r = c.run(t, on("invoice", "action", inv.ID, "confirm_transfer", "--file", receipt, "--key", key)...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "idempotency_mismatch")
	r = c.run(t, on("invoice", "action", inv.ID, "confirm_transfer", "--file", receipt, "--file", receipt)...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "attachments: at most 1 are taken")

	// An answer that was lost.
	lost := create()
	simulator(t, d.box.MerchantURL, "faults", `{"op":"start_deal","kind":"cut_after","times":1}`)
	r = c.run(t, on("invoice", "action", lost.ID, "start_deal", "--input", `{"payment_option":"TO_CARD"}`)...)
	require.Equal(t, exitUnknown, r.code, r.stderr)
	require.Contains(t, r.stderr, "payhost invoice watch "+lost.ID)

	// What does not exist is told with what does.
	r = c.run(t, on("invoice", "action", inv.ID, "dance")...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, `provider merchant has no action "dance" here; it has available_payment_variants, start_deal`)
	require.Equal(t, exitFailed, c.run(t, on("account", "action", "none", "currency_rates")...).code)
}
