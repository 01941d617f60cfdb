package merchantsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// languages are the documented languages of the pay page. ky is mentioned for
// requests in foreign currency only.
const languages = " ru en bn uz az es ko ky "

// create serves 4.1, POST /api/merchant/invoices.
func (s *Sim) create(_ *http.Request, body []byte) (any, *refusal) {
	inv, startDeal, refused := s.readCreate(body)
	if refused != nil {
		return nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var variant *Variant
	if startDeal {
		// Searched for before the invoice is stored: with the 400 way of saying
		// "no requisites" there is no invoice, with the empty list there is one.
		if variant, refused = s.pick(inv.PaymentOption, inv.PaymentMethod); refused != nil {
			return nil, refused
		}
	}
	now := s.cfg.Now()
	inv.ID, inv.Status, inv.Due = newID(), StatusNew, inv.Sum
	inv.CreatedAt, inv.UpdatedAt, inv.ExpireAt = now, now, now.Add(s.cfg.InvoiceTTL)
	if inv.Type == directionOut {
		if s.account().available.LessThan(s.split(inv, inv.Sum).maker) {
			return nil, refuse(http.StatusBadRequest, textNoFunds)
		}
		s.add(inv)
		s.beginPayout(inv)
		return s.listed(s.renderInvoice(inv)), nil
	}
	s.add(inv)
	if variant != nil {
		s.beginDeal(inv, *variant, now)
	}
	return s.listed(s.renderInvoice(inv)), nil
}

// readCreate checks a create request against the table of 4.1.
func (s *Sim) readCreate(body []byte) (*invoice, bool, *refusal) {
	f := &fields{}
	if json.Unmarshal(body, &f.raw) != nil || f.raw == nil {
		return nil, false, refuse(http.StatusBadRequest, textMalformed)
	}
	direction := f.required("type")
	if refused := s.refuseDirection(direction); refused != nil {
		return nil, false, refused
	}
	inv := &invoice{}
	inv.Type = direction
	// Only a payout needs where it goes; in a payin these fields narrow the choice.
	need := f.text
	if direction == directionOut {
		need = f.required
	}
	inv.Sum = f.amount("amount", f.required("amount"), s.cfg.Subunit)
	inv.Currency = f.oneOf("currency", f.required("currency"), textInvalid, s.isCurrency)
	inv.NotificationURL = f.web("notificationUrl", f.required("notificationUrl"))
	inv.NotificationToken = f.required("notificationToken")
	f.oneOf("notificationToken", inv.NotificationToken, textInvalid, isHeaderValue)
	inv.InternalID = f.text("internalId")
	inv.UserID = f.text("userId")
	inv.PaymentOption = f.oneOf("paymentOption", need("paymentOption"), textOptionNotAllowed, s.hasOption)
	inv.PaymentMethod = f.oneOf("paymentMethod", need("paymentMethod"), textMethodNotAllowed, func(method string) bool {
		return s.hasMethod(method) || s.bankByCard(inv, method)
	})
	s.readPayee(f, inv)
	startDeal := f.flag("startDeal") && direction == directionIn
	inv.MaxAmount = f.amount("maxAmount", f.text("maxAmount"), s.cfg.Subunit)
	s.readCrossBorder(f, inv)
	inv.AllowMatching = f.flag("allowMatching")
	f.object("matchingSettings", func(m *fields) {
		for _, name := range []string{"maxAmount", "minPartAmount", "maxPartAmount"} {
			m.amount(name, m.text(name), s.cfg.Subunit)
		}
	})
	inv.Lang = f.oneOf("lang", f.text("lang"), textInvalid, isLanguage)
	f.flag("strictlySingleTransfer")
	inv.SuccessURL = f.web("successUrl", f.text("successUrl"))
	inv.CancelURL = f.web("cancelUrl", f.text("cancelUrl"))
	s.checkLimits(f, inv)
	return inv, startDeal, f.refused
}

// refuseDirection answers for a direction that is off or unknown.
func (s *Sim) refuseDirection(direction string) *refusal {
	switch {
	case direction == directionOut && s.cfg.PayoutDisabled:
		return refuse(http.StatusNotFound, textPayoutDisabled)
	case direction == directionIn && s.cfg.PayinDisabled:
		return refuse(http.StatusNotFound, textPayinDisabled)
	case direction != directionIn && direction != directionOut && direction != "":
		return refuseField("type", textInvalid)
	}
	return nil
}

// readCrossBorder reads the two fields of cross-border requests; the currency
// is required when the option asks for one.
func (s *Sim) readCrossBorder(f *fields, inv *invoice) {
	if inv.PaymentOption == optionCrossBorder {
		inv.CrossBorderCurrency = f.required("crossBorderCurrency")
	} else {
		inv.CrossBorderCurrency = f.text("crossBorderCurrency")
	}
	f.oneOf("crossBorderCurrency", inv.CrossBorderCurrency, textInvalid, isLetters)
	inv.CrossBorderType = f.oneOf("crossBorderRequisiteType", f.text("crossBorderRequisiteType"), textInvalid,
		func(v string) bool { return v == "PHONE" || v == "CARD" })
}

// checkLimits checks the amount against the store's limits, both inclusive, and
// against maxAmount.
func (s *Sim) checkLimits(f *fields, inv *invoice) {
	switch {
	case f.refused != nil:
	case inv.Sum.LessThan(s.cfg.MinAmount):
		f.blame("amount", textNotLess+s.cfg.MinAmount.StringFixed(s.cfg.Subunit))
	case inv.Sum.GreaterThan(s.cfg.MaxAmount):
		f.blame("amount", textNotGreater+s.cfg.MaxAmount.StringFixed(s.cfg.Subunit))
	case !inv.MaxAmount.IsZero() && inv.MaxAmount.LessThan(inv.Sum):
		f.blame("maxAmount", textMaxAmount)
	}
}

// isCurrency reports whether the store works in the currency.
func (s *Sim) isCurrency(code string) bool { return code == s.cfg.Currency }

// hasOption reports whether the store may use the option.
func (s *Sim) hasOption(option string) bool {
	return slices.ContainsFunc(s.cfg.Variants, func(v Variant) bool { return v.Option == option })
}

// hasMethod reports whether the store may use the bank.
func (s *Sim) hasMethod(method string) bool {
	return slices.ContainsFunc(s.cfg.Variants, func(v Variant) bool { return v.Method == method })
}

// isLanguage reports whether the pay page knows the language.
func isLanguage(code string) bool {
	return !strings.Contains(code, " ") && strings.Contains(languages, " "+code+" ")
}

// isLetters reports whether text looks like a letter currency code.
func isLetters(text string) bool {
	return len(text) == 3 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// isHeaderValue reports whether a token can travel in the callback's header.
func isHeaderValue(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// begin starts a deal on an existing invoice: 4.6 and the pay page. The result
// tells whether requisites were free. The caller holds mu.
func (s *Sim) begin(i *invoice, option, method string, now time.Time) (bool, *refusal) {
	if i.Type != directionIn || i.Status != StatusNew || i.activeDeal() != nil {
		return false, refuse(http.StatusBadRequest, textNotStartable)
	}
	variant, refused := s.pick(option, method)
	if refused != nil || variant == nil {
		return false, refused
	}
	s.beginDeal(i, *variant, now)
	return true, nil
}
