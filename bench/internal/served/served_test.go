package served

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/hop"
)

// Both chains answer the same order with an invoice of the same fields and amounts, so that neither is spared work on its answer.
func TestBothChainsAnswerAlike(t *testing.T) {
	bin, messages := t.TempDir(), t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin+"/", "../../cmd/served", "../../cmd/plugin", "../../cmd/stock")
	build.Stderr = os.Stderr
	require.NoError(t, build.Run())
	_, err := hop.Record(t.Context(), bin, messages)
	require.NoError(t, err)
	var answers []map[string]any
	for _, naive := range []bool{false, true} {
		p, err := Start(t.Context(), Options{Naive: naive, Bin: bin, Messages: messages, Dir: t.TempDir()})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, p.Close()) })
		require.NoError(t, p.Create(t.Context(), echo.AccountID))
		body, err := Order(echo.AccountID, "key-1")
		require.NoError(t, err)
		raw, err := p.ask(t.Context(), http.MethodPost, "/v1/invoices", body, "key-1")
		require.NoError(t, err)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(raw, &answer))
		answers = append(answers, answer)
		used, err := p.CPU()
		require.NoError(t, err)
		require.GreaterOrEqual(t, used, time.Duration(0))
		program, plugin, err := p.Memory()
		require.NoError(t, err)
		require.Positive(t, program)
		require.Positive(t, plugin)
		_, err = p.ask(t.Context(), http.MethodPost, "/v1/invoices", []byte("{"), "key-2")
		require.ErrorContains(t, err, "400")
	}
	ours, theirs := answers[0], answers[1]
	require.Equal(t, slices.Sorted(maps.Keys(without(ours, "operation"))), slices.Sorted(maps.Keys(theirs)))
	for _, field := range []string{"account", "status", "amount", "reference", "description", "customer_id", "metadata", "version"} {
		require.Equal(t, ours[field], theirs[field], field)
	}
	require.NotEmpty(t, theirs["next_action"])
}

func without(m map[string]any, field string) map[string]any {
	m = maps.Clone(m)
	delete(m, field)
	return m
}

func TestAProgramThatDoesNotStartIsAnError(t *testing.T) {
	bin := t.TempDir()
	_, err := Start(t.Context(), Options{Bin: bin, Dir: t.TempDir()})
	require.Error(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "served"), []byte("#!/bin/sh\necho not a line of JSON\n"), 0o700))
	_, err = Start(t.Context(), Options{Bin: bin, Dir: t.TempDir()})
	require.ErrorContains(t, err, "did not start")
}
