package pay

import (
	"slices"
)

// Ability is one thing an account can do. The list is open: a host ignores one
// it does not know.
type Ability string

// The abilities, one per method of [Account] and of the optional interfaces.
const (
	CanCreateInvoice    Ability = "create_invoice"
	CanGetInvoice       Ability = "get_invoice"
	CanFindInvoice      Ability = "find_invoice"
	CanCancel           Ability = "cancel"
	CanCapture          Ability = "capture"
	CanVoid             Ability = "void"
	CanRefund           Ability = "refund"
	CanGetRefund        Ability = "get_refund"
	CanCharge           Ability = "charge"
	CanPayout           Ability = "payout"
	CanGetPayout        Ability = "get_payout"
	CanCancelPayout     Ability = "cancel_payout"
	CanReadBalances     Ability = "read_balances"
	CanListTransactions Ability = "list_transactions"
	CanHandleWebhook    Ability = "handle_webhook"
	CanRouteWebhook     Ability = "route_webhook"
	CanCheck            Ability = "check"
	CanMaintain         Ability = "maintain"
	CanRunAction        Ability = "run_action"
)

// Abilities is a sorted set of abilities.
type Abilities []Ability

// NewAbilities returns the set of the given abilities.
func NewAbilities(list ...Ability) Abilities {
	set := slices.Clone(list)
	slices.Sort(set)
	return Abilities(slices.Compact(set))
}

// Has reports whether the set holds a.
func (s Abilities) Has(a Ability) bool {
	return slices.Contains(s, a)
}

// Intersect returns what both sets hold.
func (s Abilities) Intersect(o Abilities) Abilities {
	var both []Ability
	for _, a := range s {
		if o.Has(a) {
			both = append(both, a)
		}
	}
	return NewAbilities(both...)
}

// AbilityTeller is implemented by accounts that know their abilities better than
// their method set shows: the wire client has every method, and an account may
// have fewer abilities than its type.
type AbilityTeller interface {
	Abilities() Abilities
}

// Resolve returns what an account can do. It is the only place where the
// optional interfaces are asserted for that purpose.
func Resolve(a Account) Abilities {
	if t, ok := a.(AbilityTeller); ok {
		return NewAbilities(t.Abilities()...)
	}
	list := []Ability{CanCreateInvoice, CanGetInvoice}
	add := func(ok bool, ability Ability) {
		if ok {
			list = append(list, ability)
		}
	}
	add(implements[InvoiceFinder](a), CanFindInvoice)
	add(implements[Canceler](a), CanCancel)
	add(implements[Capturer](a), CanCapture)
	add(implements[Voider](a), CanVoid)
	add(implements[Refunder](a), CanRefund)
	add(implements[RefundGetter](a), CanGetRefund)
	add(implements[Charger](a), CanCharge)
	add(implements[PayoutCreator](a), CanPayout)
	add(implements[PayoutGetter](a), CanGetPayout)
	add(implements[PayoutCanceler](a), CanCancelPayout)
	add(implements[BalanceReader](a), CanReadBalances)
	add(implements[TransactionLister](a), CanListTransactions)
	add(implements[WebhookHandler](a), CanHandleWebhook)
	add(implements[WebhookRouter](a), CanRouteWebhook)
	add(implements[Checker](a), CanCheck)
	add(implements[AccountMaintainer](a), CanMaintain)
	add(implements[ActionProvider](a), CanRunAction)
	return NewAbilities(list...)
}

func implements[T any](a Account) bool {
	_, ok := a.(T)
	return ok
}

// Offered returns account as T when it both implements T and lists ability;
// otherwise the error is [KindUnsupported].
func Offered[T any](account Account, ability Ability) (T, error) {
	t, ok := account.(T)
	if !ok || !Resolve(account).Has(ability) {
		var none T
		return none, Unsupported(string(ability))
	}
	return t, nil
}
