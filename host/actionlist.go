package host

import (
	"context"
	"slices"
	"strings"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// actionPrefix marks the names of a provider's own actions in [Invoice.AllowedActions].
const actionPrefix = "action:"

// AccountAction is one of the actions that a provider offers on an account or on what belongs to it.
type AccountAction struct {
	Name    string      `json:"name"`
	Title   string      `json:"title,omitempty"`
	Effect  pay.Effect  `json:"effect"`
	Subject pay.Subject `json:"subject"`
}

// ActionOffer is an action of a provider on one object.
type ActionOffer struct {
	pay.ActionSpec
	// Allowed says that the host would not refuse it now. The provider may still.
	Allowed bool
}

// ActionOffers are the actions on one object, in the order of the manifest.
type ActionOffers struct {
	Provider string
	Actions  []ActionOffer
}

// ProviderActions are the actions that one provider declares.
type ProviderActions struct {
	Provider, Title string
	Actions         []pay.ActionSpec
}

// AllActions returns the actions of every provider whose manifest is known, by name of the provider. It does not wait for the
// host, and changes only when a plugin is replaced by one with another manifest.
func (h *Host) AllActions() []ProviderActions {
	var list []ProviderActions
	for _, name := range h.names {
		m, err := h.manifest(name)
		if err != nil || len(m.Actions) == 0 {
			continue
		}
		list = append(list, ProviderActions{Provider: name, Title: m.Title, Actions: m.Actions})
	}
	return list
}

// ActionSpec returns what the manifest says of the action that a request names, without running it. The error names the actions
// that exist.
func (h *Host) ActionSpec(ctx context.Context, req RunAction) (pay.ActionSpec, error) {
	if err := h.ready(ctx); err != nil {
		return pay.ActionSpec{}, err
	}
	t, err := h.actionTarget(ctx, req)
	if err != nil {
		return pay.ActionSpec{}, err
	}
	return findAction(t.manifest, t.subject, req.Name)
}

// InvoiceActions returns the provider's actions on one invoice.
func (h *Host) InvoiceActions(ctx context.Context, id string) (*ActionOffers, error) {
	return h.actionOffers(ctx, RunAction{Invoice: id})
}

// AccountActions returns the provider's actions on one account.
func (h *Host) AccountActions(ctx context.Context, id string) (*ActionOffers, error) {
	return h.actionOffers(ctx, RunAction{Account: id})
}

func (h *Host) actionOffers(ctx context.Context, req RunAction) (*ActionOffers, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	t, err := h.actionTarget(ctx, req)
	if err != nil {
		return nil, err
	}
	offers := &ActionOffers{Provider: t.account.Provider, Actions: []ActionOffer{}}
	for _, spec := range offered(t.account, t.manifest, t.subject) {
		allowed := spec.Effect == pay.EffectRead || usable(t.account, pay.OpAction) == nil
		if t.invoice.ID != "" {
			allowed = h.actionPossible(spec, t.invoice, t.account)
		}
		offers.Actions = append(offers.Actions, ActionOffer{spec, allowed})
	}
	return offers, nil
}

// offered are the actions of a manifest on a kind of object, if the account can run any.
func offered(account store.Account, m pay.Manifest, subject pay.Subject) []pay.ActionSpec {
	var list []pay.ActionSpec
	if account.Abilities != nil && !account.Abilities.Has(pay.CanRunAction) {
		return nil
	}
	for _, spec := range m.Actions {
		if spec.Subject == subject {
			list = append(list, spec)
		}
	}
	return list
}

// actionPossible reports whether the host would run an action on an invoice now. What only reads is possible whenever the
// provider knows the invoice; anything else, when no operation is open and nobody has to look at the invoice first.
func (h *Host) actionPossible(spec pay.ActionSpec, inv store.Invoice, account store.Account) bool {
	if inv.ProviderRef == "" {
		return false
	}
	return spec.Effect == pay.EffectRead ||
		inv.UnresolvedOperation == "" && usable(account, pay.OpAction) == nil && h.allowed(pay.OpAction, inv, account, pay.Money{}) == nil
}

// allowedProviderActions are the names of the provider's own actions that the host would run on an invoice now.
func (h *Host) allowedProviderActions(inv store.Invoice, account store.Account) []string {
	m, err := h.manifest(account.Provider)
	if err != nil {
		return nil
	}
	var names []string
	for _, spec := range offered(account, m, pay.SubjectInvoice) {
		if h.actionPossible(spec, inv, account) {
			names = append(names, actionPrefix+spec.Name)
		}
	}
	return names
}

// accountActions are all actions of an account and of what belongs to it.
func accountActions(account store.Account, m pay.Manifest) []AccountAction {
	var list []AccountAction
	if account.Abilities != nil && !account.Abilities.Has(pay.CanRunAction) {
		return nil
	}
	for _, spec := range m.Actions {
		list = append(list, AccountAction{Name: spec.Name, Title: spec.Title, Effect: spec.Effect, Subject: spec.Subject})
	}
	return list
}

// findAction returns an action of a manifest; the error names those that exist.
func findAction(m pay.Manifest, subject pay.Subject, name string) (pay.ActionSpec, error) {
	var there []string
	for _, spec := range m.Actions {
		if spec.Subject != subject {
			continue
		}
		if spec.Name == name {
			return spec, nil
		}
		there = append(there, spec.Name)
	}
	slices.Sort(there)
	e := pay.Unsupported("action " + quoteShort(name))
	e.Message = "provider " + m.Name + " has no action " + quoteShort(name) + " on " + string(subject) + "; it has " +
		orElse(strings.Join(there, ", "), "none")
	return pay.ActionSpec{}, e
}
