package merchantsim

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// Requisites are where the payer sends money, or nothing yet: MANUAL_SBP_QR
// requisites are found by a person after the deal began.
type Requisites struct {
	// Requisites is the card, phone, account or link, formatted as in the
	// gateway's samples.
	Requisites string `json:"requisites"`
	// Holder is the name of the person behind them.
	Holder string `json:"holder"`
}

// optionManualQR is the option whose requisites appear after creation.
const optionManualQR = "MANUAL_SBP_QR"

// optionCrossBorder is the option that needs a foreign currency named.
const optionCrossBorder = "CROSS_BORDER"

// issueRequisites invents the requisites of the nth deal for an option, in the
// format the option has in samples, and the QR or deep link that goes with them
// ("" when the option has none). They are obviously unreal and differ from deal
// to deal, so a client that mixes two invoices up is seen to do so.
func issueRequisites(option, crossBorderType string, n int, amount decimal.Decimal) (*Requisites, string) {
	out := &Requisites{Holder: "Test Testovich T."}
	link := ""
	switch option {
	case "SBP", "TO_PHONE_NUMBER", "MOBILE_TOP_UP":
		out.Requisites = phone(n)
	case optionCrossBorder:
		out.Requisites = card(n)
		if crossBorderType == "PHONE" {
			out.Requisites = phone(n)
		}
	case "TO_ACCOUNT", "TO_BANK_DETAILS":
		out.Requisites = fmt.Sprintf("40817810000%09d", n%1_000_000_000)
	case "SBP_QR", optionManualQR:
		link = qrLink(n, amount)
		out.Requisites = link
	default:
		out.Requisites = card(n)
	}
	return out, link
}

// phone writes the documented +7(996)777-99-77 form.
func phone(n int) string {
	n %= 10_000_000
	return fmt.Sprintf("+7(900)%03d-%02d-%02d", n/10_000, n/100%100, n%100)
}

// card writes the documented form of four groups with spaces.
func card(n int) string {
	n %= 100_000_000
	return fmt.Sprintf("4444 4444 %04d %04d", n/10_000, n%10_000)
}

// qrLink writes a payment link of the fast-payment system with the amount in
// its smallest unit, as the real links carry it.
func qrLink(n int, amount decimal.Decimal) string {
	id := strings.ToUpper(fmt.Sprintf("AD%030x", n))
	return fmt.Sprintf("https://qr.nspk.ru/%s?type=02&bank=100000000007&sum=%s&cur=RUB&crc=0000",
		id, amount.Shift(2).Truncate(0))
}
