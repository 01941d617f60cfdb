package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
)

// simulator posts a script to a simulator.
func simulator(t *testing.T, url, command, body string) {
	t.Helper()
	res, err := http.Post(url+"/_sim/"+command, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
}

// requested polls until a simulator has received a request of the operation.
func requested(t *testing.T, url, op string) {
	t.Helper()
	eventually(t, "the provider was asked to "+op, func() bool {
		res, err := http.Get(url + "/_sim/requests")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		var list []struct {
			Op string `json:"op"`
		}
		if json.NewDecoder(res.Body).Decode(&list) != nil {
			return false
		}
		for _, r := range list {
			if r.Op == op {
				return true
			}
		}
		return false
	})
}

func TestSignalDrains(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "merchant")
	s := d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	simulator(t, d.box.MerchantURL, "faults", `{"op":"create","kind":"delay","times":1,"delay":"1500ms"}`)
	created := make(chan result, 1)
	go func() {
		created <- d.client(s).run(t, "invoice", "create", "--config", d.file, "--account", "p2p-main", "--amount", "10.00", "--currency", "RUB")
	}()
	requested(t, d.box.MerchantURL, "create")
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	r := <-created
	require.Equal(t, exitDone, r.code, "the call in flight was answered: %s", r.stderr)
	require.Equal(t, 0, s.wait(t), "%s", s.stderr)
	_, err := http.Get(s.url + "/healthz")
	require.Error(t, err)
	require.NotContains(t, s.stderr.String(), "payhost: ", "nothing failed: %s", s.stderr)
}

// What happens to the money when somebody insists: the call is unknown, and the next start says so.
func TestSecondSignalCutsAndNothingIsForgotten(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "payin")
	s := d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	simulator(t, d.box.PayinURL, "faults", `{"op":"create-invoice","kind":"hang","times":1}`)
	created := make(chan result, 1)
	go func() {
		created <- d.client(s).run(t, "invoice", "create", "--config", d.file, "--account", "payin-main", "--amount", "10.00", "--currency", "RUB",
			"--customer-id", "1001", "--description", "top-up", "--idempotency-key", "once")
	}()
	requested(t, d.box.PayinURL, "create-invoice")
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	eventually(t, "the first signal was seen", func() bool { return strings.Contains(s.stderr.String(), "stopping: finishing") })
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	s.wait(t)
	r := <-created
	require.Equal(t, exitUnknown, r.code, "%s", r.stderr)

	s = d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	var page host.InvoicePage
	require.NoError(t, json.Unmarshal([]byte(d.client(s).good(t, "invoice", "ls", "--unresolved", "-o", "json", "--config", d.file)), &page))
	require.Len(t, page.Invoices, 1)
	r = d.client(s).run(t, "invoice", "create", "--config", d.file, "--account", "payin-main", "--amount", "10.00", "--currency", "RUB",
		"--customer-id", "1001", "--description", "top-up", "--idempotency-key", "once")
	require.Equal(t, exitUnknown, r.code, "the same key is the same invoice: %s", r.stderr)
	require.Contains(t, r.stdout, page.Invoices[0].ID)
}

func TestServeRefusesWhatIsNotPinned(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "payin")
	binary, err := filepath.Glob(filepath.Join(d.dir, "data", "plugins", "payin", "*", "payhost-provider-payin"))
	require.NoError(t, err)
	require.Len(t, binary, 1)
	require.NoError(t, os.Chmod(binary[0], 0o700))
	f, err := os.OpenFile(binary[0], os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.WriteString("evil")
	require.NoError(t, err)
	require.NoError(t, f.Close())

	// One bad file keeps one plugin down, not the host.
	s := d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	for _, want := range []string{binary[0], "refusing to run it: expected SHA-256", ", found ", "restore the pinned binary"} {
		require.Contains(t, d.client(s).good(t, "plugin", "show", "payin", "--config", d.file, "-o", "json"), want)
	}
	r := cli{}.run(t, "config", "check", "--config", d.file)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "is not what was pinned")
}

func TestServeDevSaysSoLoudly(t *testing.T) {
	t.Parallel()
	d := deploy(t, "plugins_dir: "+binDir+"\n")
	s := d.serve(t, "--dev")
	require.NotEmpty(t, s.url, "%s", s.stderr)
	require.Contains(t, s.stderr.String(), "UNPINNED")
	list := d.client(s).good(t, "plugin", "ls", "--config", d.file)
	for _, name := range []string{"payin", "merchant", "monobank"} {
		require.Contains(t, list, name)
	}
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGINT))
	require.Equal(t, 0, s.wait(t), "%s", s.stderr)
}

func TestServeWithoutPinsRunsNothing(t *testing.T) {
	t.Parallel()
	d := deploy(t, "plugins_dir: "+binDir+"\n")
	s := d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	require.Contains(t, s.stderr.String(), "there are no provider plugins")
	require.Contains(t, d.client(s).good(t, "plugin", "ls", "--config", d.file), "(none)")
}

func TestServeRefusesAMissingSecret(t *testing.T) {
	t.Parallel()
	d := deploy(t, "api_tokens: [{name: a, token: \"${env:PAYHOST_TEST_ABSENT}\", scope: api}]\n")
	s := d.serve(t)
	require.Equal(t, exitFailed, s.wait(t))
	require.Contains(t, s.stderr.String(), d.file+":2:24: api_tokens[0].token: the environment variable PAYHOST_TEST_ABSENT is not set")
}

func TestListenersApart(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "payin")
	content, err := os.ReadFile(d.file)
	require.NoError(t, err)
	apart := strings.Replace(string(content), "listen: 127.0.0.1:0", "listen: {api: 127.0.0.1:0, webhooks: 127.0.0.1:0, ops: 127.0.0.1:0}", 1)
	require.NoError(t, os.WriteFile(d.file, []byte(apart), 0o600))
	out := &lines{}
	p := &program{
		version: "test", stdin: strings.NewReader(""), stdout: out, stderr: &lines{}, cut: make(chan struct{}),
		lookupEnv: func(string) (string, bool) { return "", false },
	}
	ended, stop := inProcess(t, p, "serve", "--config", d.file)
	eventually(t, "the host is ready", func() bool { return strings.Contains(out.String(), "payhost ready") })
	line := strings.Fields(strings.ReplaceAll(out.String(), ",", ""))
	api, webhooks, ops := line[3], strings.TrimSuffix(line[5], "/webhooks/"), strings.TrimSuffix(line[7], "/readyz")
	status := func(url string) int {
		res, err := http.Get(url)
		require.NoError(t, err)
		defer res.Body.Close()
		return res.StatusCode
	}
	require.Equal(t, http.StatusUnauthorized, status(api+"/v1/invoices"))
	require.Equal(t, http.StatusOK, status(ops+"/readyz"))
	require.NotEqual(t, http.StatusNotFound, status(webhooks+"/webhooks/payin-main/topup"), "it is there, for POST")
	for _, wrong := range []string{
		api + "/healthz", api + "/webhooks/payin-main/topup", webhooks + "/v1/invoices", webhooks + "/healthz", ops + "/v1/invoices", ops + "/openapi.json",
	} {
		require.Equal(t, http.StatusNotFound, status(wrong), wrong)
	}
	stop()
	require.Equal(t, exitDone, <-ended)
}
