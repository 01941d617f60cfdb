package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// prove lists what speaks against letting a started version serve; nothing when all is well.
func (s *supervisor) prove(ctx context.Context, l *lane, force bool) []string {
	ctx, cancel := s.untilProved(ctx)
	defer cancel()
	select {
	case <-l.tried:
	case <-ctx.Done():
		return []string{fmt.Sprintf("it did not start in time: %v", context.Cause(ctx))}
	}
	g, state, reason, _ := l.standing()
	if g == nil || !g.hold("") {
		return []string{fmt.Sprintf("it does not serve, it is %s: %s", state, orElse(reason, "it ended"))}
	}
	defer g.release("")
	if g.health != nil {
		if err := l.probe(ctx, g, s.h.cfg.Supervision.HealthTimeout); err != nil {
			return []string{"it does not answer the look at its health: " + err.Error()}
		}
	}
	problems := s.proveStates(ctx, g.manifest)
	accounts, err := s.proveAccounts(ctx, g, force)
	if err != nil {
		return append(problems, err.Error())
	}
	return append(problems, accounts...)
}

// untilProved bounds a proof. It ends at once when the host stops: nothing has changed yet, so the drain need not wait for it.
func (s *supervisor) untilProved(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := s.h.cfg.Supervision.ProofTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no proof in %s", limit))
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.h.stopping:
			stop(errors.New("the host stops"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		stop(nil)
		cancel()
	}
}

// proveStates refuses a version that could not go on with what open objects hold.
func (s *supervisor) proveStates(ctx context.Context, m pay.Manifest) []string {
	open, err := s.h.store.OpenStateVersions(ctx, s.name)
	if err != nil {
		return []string{"reading the private states of open objects: " + err.Error()}
	}
	var problems []string
	for _, version := range open {
		if version != 0 && !slices.Contains(m.StateReads, version) {
			problems = append(problems, fmt.Sprintf("open objects hold private states of version %d, and it reads only %v", version, m.StateReads))
		}
	}
	return problems
}

// proveAccounts opens every account that is not closed.
func (s *supervisor) proveAccounts(ctx context.Context, g *generation, force bool) ([]string, error) {
	rows, err := s.h.store.Accounts(ctx, "", s.name)
	if err != nil {
		return nil, fmt.Errorf("reading the accounts: %w", err)
	}
	var problems []string
	for _, row := range rows {
		if row.State != AccountClosed {
			problems = append(problems, s.proveAccount(ctx, g, row, force)...)
		}
	}
	return problems, nil
}

func (s *supervisor) proveAccount(ctx context.Context, g *generation, row store.Account, force bool) []string {
	if s.h.accountProblem(row.ID) != "" && len(row.Abilities) == 0 {
		return nil // it never worked; the new version need not make it
	}
	cfg, err := s.h.accountConfig(ctx, row)
	if err != nil {
		return nil // its secret cannot be resolved now, under any version
	}
	var found fieldErrors
	if len(g.manifest.ConfigSchema) > 0 {
		if err := s.h.schemas.check(g.manifest.ConfigSchema, cfg.Config, "config", &found); err != nil {
			return []string{fmt.Sprintf("its config schema cannot be used: %v", err)}
		}
		if err := found.err(); err != nil {
			return []string{fmt.Sprintf("account %s: %v", row.ID, err)}
		}
	}
	account, err := g.account(ctx, row, cfg)
	if err != nil {
		return []string{fmt.Sprintf("account %s cannot be opened: %v", row.ID, err)}
	}
	if force {
		return nil
	}
	var problems []string
	offered := pay.Resolve(account)
	for _, ability := range row.Abilities {
		if !offered.Has(ability) {
			problems = append(problems, fmt.Sprintf("account %s would lose %s (force accepts that)", row.ID, ability))
		}
	}
	return problems
}

// readsByVersion is which private states each version said it reads, newest word first.
func readsByVersion(rows []store.Manifest) map[string][]int {
	reads := map[string][]int{}
	for _, row := range rows {
		var m pay.Manifest
		if _, known := reads[row.Version]; known || json.Unmarshal(row.Manifest, &m) != nil {
			continue
		}
		reads[row.Version] = m.StateReads
	}
	return reads
}
