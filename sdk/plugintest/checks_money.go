package plugintest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/sdk/pay"
)

func moneyChecks() []check {
	return []check{{
		Check: Check{"amount_exact", "an amount that passed through a float, a wrong exponent or a rounding asks the payer for other money than was due"},
		run:   amountExact,
	}, {
		Check: Check{"amount_foreign", "an amount in a currency the provider does not take, or with more digits than it has, must never be sent as something else"},
		run:   amountForeign,
	}, {
		Check: Check{"amount_not_positive", "an invoice over nothing, or less, is a mistake of the caller that a provider may take for something else"},
		run:   amountNotPositive,
	}}
}

// amounts returns amounts of c near major units: among them such that a float would get wrong.
func amounts(major int64, c pay.Currency) []pay.Money {
	list := make([]pay.Money, 0, 6)
	scale := int64(1)
	for range min(c.Exponent, 4) {
		scale *= 10
	}
	add := func(units int64) {
		if m, err := pay.NewMoney(decimal.New(units, -int32(min(c.Exponent, 4))), c); err == nil {
			list = append(list, m)
		}
	}
	add(major * scale)
	if scale == 1 {
		add(major + 7)
		return list
	}
	add(major*scale + 1)       // 100.01
	add((major+1)*scale - 1)   // 100.99
	add(major*scale + scale/2) // 100.50: trailing zero
	traps := 0
	for units := major * scale; units < (major+50)*scale && traps < 2; units++ {
		// The bug this looks for: minor units by multiplying a float and cutting.
		if f := float64(units) / float64(scale); int64(f*float64(scale)) != units {
			add(units)
			traps++
		}
	}
	return list
}

func amountExact(k *kit) {
	w := k.world()
	sample := w.request().Amount
	if !sample.IsSet() {
		k.Fatalf("plugintest: Harness.Create states no amount")
	}
	done := map[int]bool{}
	currencies := append([]pay.Currency{sample.Currency()}, w.manifest.Currencies...)
	for i, c := range currencies {
		if done[c.Exponent] {
			continue
		}
		for _, m := range amounts(sample.Decimal().IntPart(), c) {
			if !w.arrives(m, i > 0) {
				break
			}
			done[c.Exponent] = true
		}
	}
}

// arrives checks that an amount reaches the provider with every digit, or is refused before anything happens.
func (w *world) arrives(m pay.Money, mayRefuse bool) bool {
	w.Helper()
	req := w.request()
	req.Amount = m
	before, mark := w.sim.Created(), w.traffic.len()
	state, err := w.send(req)
	if err != nil {
		if !mayRefuse {
			w.Errorf("CreateInvoice of %s failed: %v", m, err)
			return false
		}
		w.wantNothing("CreateInvoice of "+m.String(), err)
		if w.sim.Created() != before {
			w.Errorf("CreateInvoice of %s failed and made an invoice", m)
		}
		return false
	}
	inv := w.hold(req, state)
	inv.agree("CreateInvoice of "+m.String(), state)
	inv.agree("GetInvoice of "+m.String(), inv.get())
	if w.sim.Amount != nil {
		got, err := w.sim.Amount(inv.ref.ProviderRef)
		if err != nil {
			w.Errorf("the simulator cannot tell the amount: %v", err)
		} else if !got.Equal(m) {
			w.Errorf("asked for %s, the provider received %s", m, got)
		}
		return true
	}
	for _, r := range w.traffic.since(mark) {
		if r.acted && holdsAmount(r.text(), m) {
			return true
		}
	}
	w.Errorf("asked for %s, and no request that made an invoice holds these digits", m)
	return true
}

// holdsAmount searches for the amount in major units, with or without trailing zeros, and in minor units.
func holdsAmount(text string, m pay.Money) bool {
	spellings := []string{m.Value()}
	if strings.Contains(m.Value(), ".") {
		spellings = append(spellings, strings.TrimRight(strings.TrimRight(m.Value(), "0"), "."))
	}
	if minor, err := m.Minor(); err == nil {
		spellings = append(spellings, strconv.FormatInt(minor, 10))
	}
	for _, number := range regexp.MustCompile(`[0-9]+(\.[0-9]+)?`).FindAllString(text, -1) {
		if slices.Contains(spellings, number) {
			return true
		}
	}
	return false
}

func amountForeign(k *kit) {
	w := k.world()
	major := w.request().Amount.Decimal().IntPart()
	for _, c := range []pay.Currency{
		{Code: "ZZKIT", Exponent: 3}, {Code: "ZZKITB", Exponent: 0}, {Code: "BHD", Exponent: 3, Numeric: 48}, {Code: "CLF", Exponent: 4, Numeric: 990},
	} {
		if slices.ContainsFunc(w.manifest.Currencies, func(known pay.Currency) bool { return known.Code == c.Code }) {
			continue
		}
		list := amounts(major, c)
		w.notSent("an amount in "+c.Code, list[1])
	}
}

func amountNotPositive(k *kit) {
	w := k.world()
	c := w.request().Amount.Currency()
	minus, err := pay.FromMinor(-4200, c)
	if err != nil {
		k.Fatalf("plugintest: %v", err)
	}
	w.notSent("an amount of zero", pay.ZeroOf(c))
	w.notSent("a negative amount", minus)
	w.notSent("no amount", pay.Money{})
}

// notSent checks that a create is refused without a request that could make an invoice.
func (w *world) notSent(what string, m pay.Money) {
	w.Helper()
	req := w.request()
	req.Amount = m
	before, mark := w.sim.Created(), w.traffic.len()
	_, err := w.send(req)
	if err == nil {
		w.Errorf("CreateInvoice of %s succeeded", what)
	} else {
		w.wantNothing("CreateInvoice of "+what, err, pay.KindInvalidRequest, pay.KindUnsupported)
	}
	if w.sim.Created() != before {
		w.Errorf("CreateInvoice of %s made an invoice", what)
	}
	if sent := w.traffic.since(mark); len(sent) > 0 {
		w.Errorf("CreateInvoice of %s sent %s %s: what is known to be wrong is refused before it leaves", what, sent[0].method, sent[0].path)
	}
}
