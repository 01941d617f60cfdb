package main

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// reconciled answers as a host does whose run takes a while and found two pages of differences.
func reconciled(t *testing.T, end string) (on func(args ...string) []string, asked *atomic.Pointer[host.Reconcile]) {
	t.Helper()
	asked = &atomic.Pointer[host.Reconcile]{}
	amount, err := pay.ParseMoney("100.00", "UAH")
	require.NoError(t, err)
	less, err := pay.ParseMoney("99.90", "UAH")
	require.NoError(t, err)
	at := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	findings := []host.Finding{
		{Number: 1, Class: host.FindingAmount, ObjectType: "invoice", Object: "inv_1", ProviderRef: "=1+1", Detail: "we hold 100.00 UAH, \"they\" less",
			Ours: &host.FindingSide{Status: "paid", Amount: amount}, Theirs: &host.FindingSide{Status: "paid", Amount: less, At: &at}, Healed: "changed"},
		{Number: 2, Class: host.FindingMissingHere, ObjectType: "invoice", ProviderRef: "ref-2", Detail: "not known", Theirs: &host.FindingSide{Amount: less}},
	}
	run := host.ReconciliationRun{
		ID: "rec_1", Account: "mono-main", Method: host.ReconcileListing, State: "running", From: at, To: at.Add(24 * time.Hour), TimeZone: "Europe/Kyiv",
		Checked: map[string]int64{"invoices": 7}, Found: map[host.FindingClass]int64{host.FindingAmount: 1, host.FindingMissingHere: 1},
		BlindSpots: []string{"the far side of the moon"}, Actor: "admin", StartedAt: at,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report := rest.ReconciliationReport{ReconciliationRun: run, Findings: []host.Finding{}}
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/v1/accounts/mono-main/reconcile":
			var req host.Reconcile
			if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
				t.Error(err)
			}
			asked.Store(&req)
			w.WriteHeader(http.StatusAccepted)
		case r.URL.Path == "/v1/reconciliations/rec_1":
			report.State, report.FinishedAt = end, &at
			if end == "failed" {
				report.Error = "the provider is away"
			}
			page := findings[:1]
			if report.NextCursor = "f1"; r.URL.Query().Get("cursor") == "f1" {
				page, report.NextCursor = findings[1:], ""
			}
			report.Findings = page
		case r.URL.Path == "/v1/accounts/mono-main/reconciliations":
			if err := json.NewEncoder(w).Encode(rest.ReconciliationPage{Reconciliations: []host.ReconciliationRun{run}, NextCursor: "more"}); err != nil {
				t.Error(err)
			}
			return
		default:
			http.NotFound(w, r)
			return
		}
		if err := json.NewEncoder(w).Encode(report); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("t\n"), 0o600))
	return func(args ...string) []string { return append(args, "--url", server.URL, "--token-file", token) }, asked
}

func TestReconcilePrintsTableJSONAndCSV(t *testing.T) {
	t.Parallel()
	on, asked := reconciled(t, "done")
	window := []string{"account", "reconcile", "mono-main", "--from", "2026-11-01", "--to", "2026-11-02T00:00:00Z"}

	table := cli{}.good(t, on(append(window, "--heal")...)...)
	require.Equal(t, host.Reconcile{From: "2026-11-01", To: "2026-11-02T00:00:00Z", Heal: true}, *asked.Load())
	for _, want := range []string{"rec_1", "done", "listing", "missing_here 1, amount 1", "the far side of the moon", "paid 100.00 UAH", "nothing", "ref-2", "changed"} {
		require.Contains(t, table, want)
	}

	report := decode[rest.ReconciliationReport](t, cli{}.good(t, on("account", "reconciliation", "rec_1", "-o", "json")...))
	require.Len(t, report.Findings, 2)
	require.Empty(t, report.NextCursor)

	sheet, err := csv.NewReader(strings.NewReader(cli{}.good(t, on("account", "reconciliation", "rec_1", "-o", "csv")...))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"number", "class", "object_type", "object", "provider_ref", "our_status", "our_amount", "our_currency", "our_time",
			"their_status", "their_amount", "their_currency", "their_time", "detail", "healed"},
		{"1", "amount", "invoice", "inv_1", "'=1+1", "paid", "100.00", "UAH", "", "paid", "99.90", "UAH", "2026-11-01T10:00:00Z", "we hold 100.00 UAH, \"they\" less", "changed"},
		{"2", "missing_here", "invoice", "", "ref-2", "", "", "", "", "", "99.90", "UAH", "", "not known", ""},
	}, sheet)

	list := cli{}.good(t, on("account", "reconciliations", "mono-main")...)
	require.Contains(t, list, "rec_1")
	require.Contains(t, list, "Next: --cursor more")
	require.True(t, strings.HasPrefix(cli{}.good(t, on("account", "reconciliations", "mono-main", "-o", "csv")...), "id,state,method,from,to,findings,heal,actor,started\nrec_1,"))
}

// What was not compared to its end must not look like an account without differences.
func TestReconcileThatFailedFails(t *testing.T) {
	t.Parallel()
	on, _ := reconciled(t, "failed")
	r := cli{}.run(t, on("account", "reconciliation", "rec_1")...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "the reconciliation failed: the provider is away")
	require.Contains(t, r.stdout, "rec_1")
}

func TestReconcileNamesTheFlagThatIsWrong(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"--to is required":                  {"--from", "2026-11-01"},
		`--from "yesterday" is neither`:     {"--from", "yesterday", "--to", "2026-11-01"},
		`--to "2026-11-31" is neither`:      {"--from", "2026-11-01", "--to", "2026-11-31"},
		"must be table, json or csv":        {"--from", "2026-11-01", "--to", "2026-11-01", "-o", "xml"},
		"no address and token of a running": {"--from", "2026-11-01", "--to", "2026-11-01", "--config", "absent.yaml"},
	} {
		r := cli{}.run(t, append([]string{"account", "reconcile", "mono-main"}, args...)...)
		require.Equal(t, exitUsage, r.code, r.stderr)
		require.Contains(t, r.stderr, want)
	}
}

// Against a real host with a real plugin process and its simulator.
func TestReconcileAgainstARealHost(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "monobank")
	c := d.start(t, nil)
	on := func(args ...string) []string { return append(args, "--config", d.file) }
	inv := decode[host.Invoice](t, c.good(t, on("invoice", "create", "--account", "mono-main", "--amount", "7.00", "--currency", "UAH", "-o", "json")...))
	simulator(t, d.box.MonobankURL, "pay", `{"id":"`+inv.ProviderRef+`"}`)
	require.Contains(t, c.good(t, on("invoice", "watch", inv.ID, "--timeout", "30s")...), "paid")
	day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
	run := decode[rest.ReconciliationReport](t, c.good(t, on("account", "reconcile", "mono-main", "--from", day(-1), "--to", day(1), "-o", "json")...))
	require.Equal(t, host.ReconcileListing, run.Method)
	require.Empty(t, run.Findings)
	require.EqualValues(t, 1, run.Checked["transactions"])
	require.Contains(t, c.good(t, on("account", "reconciliations", "mono-main")...), run.ID)
	r := c.run(t, on("account", "reconcile", "mono-main", "--from", day(2), "--to", day(3))...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "from: lies in the future")
}
