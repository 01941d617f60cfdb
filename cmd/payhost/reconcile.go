package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

// formatCSV is the output for spreadsheets.
const formatCSV = "csv"

func (p *program) accountReconcileCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reconcile ID", Short: "Compare an account with its provider", Args: cobra.ExactArgs(1),
		Example: `  payhost account reconcile mono-main --from 2026-11-01 --to 2026-11-01
  payhost account reconcile mono-main --from 2026-11-01 --to 2026-11-30 -o csv > november.csv`,
		Long: "Compares what the host holds of an account with its provider's ledger or, where the provider has none, with its answer\n" +
			"about each object. Dates are days in the account's time zone, both included; RFC 3339 times are moments.\n\n" +
			"A run only reports. With --heal it then asks the provider about each object that differs and takes its answer over as any\n" +
			"look does. The run is stored: payhost account reconciliations ID lists it, payhost account reconciliation RUN shows it again.\n" +
			"Interrupting this command does not stop it.",
	}
	r := p.remoteFlags(cmd, formatCSV)
	from := cmd.Flags().String("from", "", "first day, or a moment")
	to := cmd.Flags().String("to", "", "last day, or the moment after the last")
	heal := cmd.Flags().Bool("heal", false, "let the provider settle what differs")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for flag, value := range map[string]string{"--from": *from, "--to": *to} {
			if err := checkMoment(flag, value); err != nil {
				return err
			}
		}
		c, err := r.connect()
		if err != nil {
			return err
		}
		defer c.Close()
		run, err := c.Reconcile(cmd.Context(), args[0], host.Reconcile{From: *from, To: *to, Heal: *heal}, 0)
		if err != nil {
			if run != nil {
				return fmt.Errorf("reconciliation %s goes on; see payhost account reconciliation %s (%w)", run.ID, run.ID, err)
			}
			return err
		}
		return r.showReconciliation(run)
	}
	return cmd
}

// checkMoment refuses what the host would, before it is asked; whether the day exists only the account's zone tells.
func checkMoment(flag, value string) error {
	_, date := time.Parse(time.DateOnly, value)
	_, moment := time.Parse(time.RFC3339, value)
	switch {
	case value == "":
		return usagef("%s is required: a date such as 2026-11-01 or an RFC 3339 time", flag)
	case date != nil && moment != nil:
		return usagef("%s %q is neither a date such as 2026-11-01 nor an RFC 3339 time", flag, value)
	}
	return nil
}

func (p *program) accountReconciliationCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "reconciliation RUN", Short: "Show a stored reconciliation with all it found", Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd, formatCSV)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := r.connect()
		if err != nil {
			return err
		}
		defer c.Close()
		run, err := c.Reconciliation(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return r.showReconciliation(run)
	}
	return cmd
}

func (p *program) accountReconciliationsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "reconciliations ID", Short: "List the reconciliations of an account, newest first", Args: cobra.ExactArgs(1)}
	r := p.remoteFlags(cmd, formatCSV)
	f := &filters{cmd: cmd}
	f.page()
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := r.connect()
		if err != nil {
			return err
		}
		defer c.Close()
		page, err := c.Reconciliations(cmd.Context(), args[0], f.query())
		if err != nil {
			return err
		}
		headers := []any{"id", "state", "method", "from", "to", "findings", "heal", "actor", "started"}
		rows := [][]any{}
		for _, run := range page.Reconciliations {
			rows = append(rows, []any{
				run.ID, run.State, run.Method, when(run.From), when(run.To), total(run.Found), yes(run.Heal), run.Actor, when(run.StartedAt),
			})
		}
		if *r.output == formatCSV {
			return sheet(p.stdout, headers, rows)
		}
		return r.show(page, func(w io.Writer) {
			grid(w, headers, rows)
			if page.NextCursor != "" {
				printf(w, "Next: --cursor %s\n", page.NextCursor)
			}
		})
	}
	return cmd
}

// showReconciliation prints a run. A run that did not come to its end is a failure of the command; findings are not.
func (r *remote) showReconciliation(run *rest.ReconciliationReport) error {
	headers := []any{"no", "class", "type", "object", "provider ref", "ours", "theirs", "detail", "healed"}
	rows := [][]any{}
	for _, f := range run.Findings {
		rows = append(rows, []any{f.Number, f.Class, f.ObjectType, f.Object, f.ProviderRef, side(f.Ours), side(f.Theirs), f.Detail, f.Healed})
	}
	var err error
	if *r.output == formatCSV {
		err = findingSheet(r.p.stdout, run.Findings)
	} else {
		err = r.show(run, func(w io.Writer) {
			reconciliationCard(w, run)
			grid(w, headers, rows)
		})
	}
	if err == nil && (run.State == "failed" || run.State == "interrupted") {
		err = fmt.Errorf("the reconciliation %s: %s", run.State, run.Error)
	}
	return err
}

func reconciliationCard(w io.Writer, run *rest.ReconciliationReport) {
	complete := ""
	if run.CompleteUntil != nil {
		complete = when(*run.CompleteUntil)
	}
	found := []string{}
	for _, class := range host.FindingClasses() {
		if n := run.Found[class]; n > 0 {
			found = append(found, fmt.Sprintf("%s %d", class, n))
		}
	}
	checked := map[string]string{}
	for what, n := range run.Checked {
		checked[what] = itoa(n)
	}
	card(w,
		[2]string{"id", run.ID}, [2]string{"account", run.Account}, [2]string{"state", run.State}, [2]string{"error", run.Error},
		[2]string{"method", string(run.Method)}, [2]string{"from", when(run.From)}, [2]string{"to", when(run.To)}, [2]string{"time zone", run.TimeZone},
		[2]string{"ledger complete until", complete}, [2]string{"checked", pairs(checked)}, [2]string{"found", strings.Join(found, ", ")},
		[2]string{"heal", yes(run.Heal)}, [2]string{"not seen", strings.Join(run.BlindSpots, "\n")}, [2]string{"actor", run.Actor},
		[2]string{"started", when(run.StartedAt)},
	)
}

func total(found map[host.FindingClass]int64) (n int64) {
	for _, m := range found {
		n += m
	}
	return n
}

// side words what one side says.
func side(s *host.FindingSide) string {
	if s == nil {
		return "nothing"
	}
	return strings.TrimSpace(s.Status + " " + s.Amount.String())
}

// findingSheet prints findings with a column for each value, for spreadsheets and joins.
func findingSheet(w io.Writer, list []host.Finding) error {
	rows := [][]any{}
	for _, f := range list {
		row := []any{f.Number, f.Class, f.ObjectType, f.Object, f.ProviderRef}
		for _, s := range []*host.FindingSide{f.Ours, f.Theirs} {
			if s == nil {
				s = &host.FindingSide{}
			}
			at := ""
			if s.At != nil {
				at = s.At.UTC().Format(time.RFC3339)
			}
			value, code := "", s.Amount.Code()
			if s.Amount.IsSet() {
				value = s.Amount.Value()
			}
			row = append(row, s.Status, value, code, at)
		}
		rows = append(rows, append(row, f.Detail, f.Healed))
	}
	return sheet(w, []any{
		"number", "class", "object_type", "object", "provider_ref", "our_status", "our_amount", "our_currency", "our_time",
		"their_status", "their_amount", "their_currency", "their_time", "detail", "healed",
	}, rows)
}

// sheet prints CSV. A text that a spreadsheet would run as a formula is made one that it shows.
func sheet(w io.Writer, headers []any, rows [][]any) error {
	out := csv.NewWriter(w)
	for _, row := range append([][]any{headers}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = fmt.Sprint(cell)
			if cells[i] != "" && strings.ContainsAny(cells[i][:1], "=+-@\t\r") {
				cells[i] = "'" + cells[i]
			}
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
