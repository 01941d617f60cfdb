package merchant

import (
	"net/url"
	"slices"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// nextActions are the ways to pay now, best first: those of the active deal, then
// the gateway's page.
func (a *account) nextActions(inv invoice, active deal, paying bool, due pay.Money) []pay.NextAction {
	var out []pay.NextAction
	// After its deadline a deal's requisites may belong to somebody else's payment.
	over := !active.Deadline.IsZero() && !a.now().Before(active.Deadline.Time)
	if paying && !over {
		for _, action := range dealActions(active) {
			action.Amount = due
			action.ExpiresAt = active.Deadline.Time
			out = append(out, action)
		}
	}
	if page := a.page(inv.URL); page != "" {
		out = append(out, pay.NextAction{ID: "page", Type: pay.NextRedirect, URL: page, ExpiresAt: inv.expiresAt()})
	}
	return out
}

// direct reports whether there is a way to pay beside the gateway's page.
func direct(actions []pay.NextAction) bool {
	return slices.ContainsFunc(actions, func(a pay.NextAction) bool { return a.Type != pay.NextRedirect })
}

// dealActions reads the requisites of a deal by its own option, which may be
// another than the requested one.
func dealActions(d deal) []pay.NextAction {
	var value, holder string
	if r := d.Requisites.value; r != nil {
		value, holder = strings.TrimSpace(r.Requisites), strings.TrimSpace(r.Holder)
	}
	link := secureLink(text(d.QRCodeLink))
	kind := requisitesKind(d.Option, value)
	if kind == "qr" {
		payload := either(value, link)
		if payload == "" {
			return nil
		}
		return []pay.NextAction{{ID: "qr", Type: pay.NextQR, QRPayload: payload, URL: either(link, secureLink(value))}}
	}
	if kind == "text" && link == "" && secureLink(value) != "" {
		// A brand's own option, such as TG_BOT, whose requisites are an address to open.
		link, value = value, ""
	}
	var out []pay.NextAction
	if value != "" {
		out = append(out, pay.NextAction{ID: "transfer", Type: pay.NextTransfer, Requisites: &pay.Requisites{
			Kind: kind, Value: value, Holder: holder, Bank: either(d.BankName, d.Method),
		}})
	}
	if link != "" {
		out = append(out, pay.NextAction{ID: "deeplink", Type: pay.NextDeeplink, URL: link})
	}
	return out
}

// requisitesKind says how to read the requisites of an option.
func requisitesKind(option, value string) string {
	switch option {
	case "SBP", "TO_PHONE_NUMBER", "MOBILE_TOP_UP":
		return "phone"
	case "TO_CARD":
		return "card"
	case optionCrossBorder:
		// A card number, or a phone number for requests of the type PHONE.
		if strings.HasPrefix(value, "+") {
			return "phone"
		}
		return "card"
	case "TO_ACCOUNT", "TO_BANK_DETAILS":
		return "account"
	case optionQR, optionManualQR, "VIET_QR", "CLICK_UZ_QR":
		return "qr"
	}
	return "text"
}

// secureLink returns link when it is an absolute https address, else nothing.
func secureLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return link
}

// page returns the address of the payment page. Samples of the gateway show
// plain http; payers are sent over https, except to a simulator on loopback.
func (a *account) page(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.User != nil {
		return ""
	}
	if u.Scheme == "http" && a.base.Scheme == "https" {
		u.Scheme = "https"
		return u.String()
	}
	if u.Scheme != "https" && u.Scheme != a.base.Scheme {
		return ""
	}
	return link
}
