package merchantsim

import (
	"time"
)

// timeLayout is RFC 3339 with a numeric offset, as in every sample
// (2024-11-04T13:55:45+00:00): never "Z".
const timeLayout = "2006-01-02T15:04:05-07:00"

// stamp renders a time in UTC.
func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

// orNull renders an optional string: absent is null, not "".
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// sumsDTO are the four sums that an answer and a callback share. They are
// present before payment too, once the actual amount is known.
type sumsDTO struct {
	ReceivedFromTaker *moneyDTO `json:"receivedSumFromTaker"`
	ReceivedFromMaker *moneyDTO `json:"receivedSumFromMaker"`
	ServiceFee        *moneyDTO `json:"serviceFeeSum"`
	Payout            *moneyDTO `json:"payoutSum"`
}

// invoiceDTO is the InvoiceDTO of the API (section 5.1 of the protocol notes).
type invoiceDTO struct {
	ID                string      `json:"id"`
	InternalID        *string     `json:"internalId"`
	UserID            *string     `json:"userId"`
	Type              string      `json:"type"`
	Status            Status      `json:"status"`
	PaymentMethod     *string     `json:"paymentMethod"`
	PaymentOption     *string     `json:"paymentOption"`
	PaymentRequisites *Requisites `json:"paymentRequisites"`
	Sum               *moneyDTO   `json:"sum"`
	StoreID           int         `json:"storeId"`
	StoreName         string      `json:"storeName"`
	sumsDTO
	CreatedAt           string    `json:"createdAt"`
	ExpireAt            string    `json:"expireAt"`
	UpdatedAt           string    `json:"updatedAt"`
	InvoiceURL          string    `json:"invoiceUrl"`
	CrossBorderCurrency *string   `json:"crossBorderCurrency,omitempty"`
	Deals               []dealDTO `json:"deals"`
}

// dealDTO is the DealDTO of the API (5.2).
type dealDTO struct {
	ID                string      `json:"id"`
	IsActive          bool        `json:"isActive"`
	Type              string      `json:"type"`
	Status            DealStatus  `json:"status"`
	PaymentMethod     string      `json:"paymentMethod"`
	PaymentMethodName string      `json:"paymentMethodName"`
	PaymentOption     string      `json:"paymentOption"`
	Requisites        *Requisites `json:"requisites"`
	CanceledAt        string      `json:"canceledAt"`
	DisputeAttachment *string     `json:"disputeAttachment"`
	DisputeReason     *string     `json:"disputeReason"`
	DisputeReasonData any         `json:"disputeReasonData"`
	DisputeResult     *string     `json:"disputeResult"`
	Attachments       []string    `json:"attachments"`
	Payment           *paymentDTO `json:"payment"`
	Rate              string      `json:"rate"`
	QRCodeLink        *string     `json:"qrCodeLink"`
}

// paymentDTO is the PaymentDTO inside a deal (5.3).
type paymentDTO struct {
	Date     string    `json:"date"`
	TakerSum *moneyDTO `json:"takerSum"`
	MakerSum *moneyDTO `json:"makerSum"`
	FeeSum   *moneyDTO `json:"feeSum"`
}

// canceledDTO is the answer to cancel, which is not an InvoiceDTO (4.4):
// expiredAt instead of expireAt, the redirect URLs and flow fields, and none of
// the store, the times of creation and update, or the received sums. The values
// of flow and flowData are not documented; they are null here.
type canceledDTO struct {
	ID                string      `json:"id"`
	InternalID        *string     `json:"internalId"`
	UserID            *string     `json:"userId"`
	Type              string      `json:"type"`
	Status            Status      `json:"status"`
	PaymentMethod     *string     `json:"paymentMethod"`
	PaymentOption     *string     `json:"paymentOption"`
	PaymentRequisites *Requisites `json:"paymentRequisites"`
	Sum               *moneyDTO   `json:"sum"`
	IsSumChanged      bool        `json:"isSumChanged"`
	ExpiredAt         string      `json:"expiredAt"`
	SuccessURL        *string     `json:"successUrl"`
	CancelURL         *string     `json:"cancelUrl"`
	Flow              *string     `json:"flow"`
	FlowData          *string     `json:"flowData"`
	Deals             []dealDTO   `json:"deals"`
}

// notificationDTO is the body of a callback (5.4).
type notificationDTO struct {
	NotificationType string          `json:"notificationType"`
	NotificationDate string          `json:"notificationDate"`
	Invoice          notifiedInvoice `json:"invoice"`
}

// notifiedInvoice is the other InvoiceDTO, that of callbacks: one deal instead
// of deals, a rate, and no userId, paymentMethod, paymentOption or invoiceUrl.
type notifiedInvoice struct {
	ID         string    `json:"id"`
	InternalID *string   `json:"internalId"`
	Type       string    `json:"type"`
	Status     Status    `json:"status"`
	Sum        *moneyDTO `json:"sum"`
	StoreID    int       `json:"storeId"`
	StoreName  string    `json:"storeName"`
	sumsDTO
	Rate      string        `json:"rate"`
	CreatedAt string        `json:"createdAt"`
	ExpireAt  string        `json:"expireAt"`
	UpdatedAt string        `json:"updatedAt"`
	Deal      *notifiedDeal `json:"deal"`
}

// notifiedDeal is the deal of a callback: no isActive, rate or qrCodeLink.
type notifiedDeal struct {
	ID                string      `json:"id"`
	Type              string      `json:"type"`
	Status            DealStatus  `json:"status"`
	PaymentMethod     string      `json:"paymentMethod"`
	PaymentOption     string      `json:"paymentOption"`
	Requisites        *Requisites `json:"requisites"`
	CanceledAt        string      `json:"canceledAt"`
	DisputeAttachment *string     `json:"disputeAttachment"`
	DisputeReason     *string     `json:"disputeReason"`
	DisputeReasonData any         `json:"disputeReasonData"`
	DisputeResult     *string     `json:"disputeResult"`
	Attachments       []string    `json:"attachments"`
	Payment           *paymentDTO `json:"payment"`
}

// sums renders the four sums, all null while the actual amount is unknown.
func (s *Sim) sums(i *invoice) sumsDTO {
	if !i.Received.IsPositive() {
		return sumsDTO{}
	}
	parts := s.split(i, i.Received)
	return sumsDTO{
		ReceivedFromTaker: money(i.Received, i.Currency, s.cfg.Subunit),
		ReceivedFromMaker: money(parts.maker, usdt, usdtDecimals),
		ServiceFee:        money(parts.fee, usdt, usdtDecimals),
		Payout:            money(parts.payout, usdt, usdtDecimals),
	}
}

// renderInvoice builds the answer of create, get and start-deal.
func (s *Sim) renderInvoice(i *invoice) invoiceDTO {
	out := invoiceDTO{
		ID: i.ID, InternalID: orNull(i.InternalID), UserID: orNull(i.UserID),
		Type: i.Type, Status: i.Status,
		PaymentMethod: orNull(i.PaymentMethod), PaymentOption: orNull(i.PaymentOption),
		Sum:     money(i.Sum, i.Currency, s.cfg.Subunit),
		StoreID: s.cfg.StoreID, StoreName: s.cfg.StoreName,
		sumsDTO:   s.sums(i),
		CreatedAt: stamp(i.CreatedAt), ExpireAt: stamp(i.ExpireAt), UpdatedAt: stamp(i.UpdatedAt),
		InvoiceURL:          s.public + "/pay/" + i.ID,
		CrossBorderCurrency: orNull(i.CrossBorderCurrency),
		Deals:               []dealDTO{},
	}
	// A fresh request shows nothing or one deal, the current one, so an older
	// deal that was replaced is not listed.
	if d := i.deal(); d != nil {
		out.Deals = append(out.Deals, s.renderDeal(i, d))
	}
	return out
}

// renderDeal builds a deal of an API answer.
func (s *Sim) renderDeal(i *invoice, d *Deal) dealDTO {
	return dealDTO{
		ID: d.ID, IsActive: d.Active, Type: i.Type, Status: d.Status,
		PaymentMethod: d.Method, PaymentMethodName: d.MethodName, PaymentOption: d.Option,
		Requisites: d.Requisites, CanceledAt: stamp(d.Deadline),
		DisputeReason: orNull(d.DisputeReason), DisputeReasonData: s.reasonData(d),
		DisputeResult: orNull(d.DisputeResult), Attachments: s.links(d.Attachments),
		DisputeAttachment: s.disputeLink(d),
		Payment:           s.payment(i, d), Rate: s.cfg.Rate.String(), QRCodeLink: orNull(d.QRCodeLink),
	}
}

// reasonData is an object with the claimed amount, or the empty array that the
// gateway sends where others would send null.
func (s *Sim) reasonData(d *Deal) any {
	if d.DisputeAmount.IsZero() {
		return []string{}
	}
	return map[string]string{"amount": d.DisputeAmount.String()}
}

// payment renders the transfer once the payer or the trader confirmed one.
func (s *Sim) payment(i *invoice, d *Deal) *paymentDTO {
	if d.PaidAt.IsZero() {
		return nil
	}
	sums := s.sums(i)
	return &paymentDTO{
		Date: stamp(d.PaidAt), TakerSum: sums.ReceivedFromTaker,
		MakerSum: sums.ReceivedFromMaker, FeeSum: sums.ServiceFee,
	}
}

// renderCanceled builds the answer of cancel.
func (s *Sim) renderCanceled(i *invoice) canceledDTO {
	return canceledDTO{
		ID: i.ID, InternalID: orNull(i.InternalID), UserID: orNull(i.UserID),
		Type: i.Type, Status: i.Status,
		PaymentMethod: orNull(i.PaymentMethod), PaymentOption: orNull(i.PaymentOption),
		Sum:          money(i.Sum, i.Currency, s.cfg.Subunit),
		IsSumChanged: i.Received.IsPositive() && !i.Received.Equal(i.Sum),
		ExpiredAt:    stamp(i.ExpireAt),
		SuccessURL:   orNull(i.SuccessURL), CancelURL: orNull(i.CancelURL),
		Deals: []dealDTO{},
	}
}

// renderNotification builds the body of a callback about the invoice as it is
// now. An invoice that ends without ever having had a deal has deal null.
func (s *Sim) renderNotification(i *invoice, now time.Time) notificationDTO {
	out := notificationDTO{
		NotificationType: "invoice", NotificationDate: stamp(now),
		Invoice: notifiedInvoice{
			ID: i.ID, InternalID: orNull(i.InternalID), Type: i.Type, Status: i.Status,
			Sum:     money(i.Sum, i.Currency, s.cfg.Subunit),
			StoreID: s.cfg.StoreID, StoreName: s.cfg.StoreName,
			sumsDTO: s.sums(i), Rate: s.cfg.Rate.String(),
			CreatedAt: stamp(i.CreatedAt), ExpireAt: stamp(i.ExpireAt), UpdatedAt: stamp(i.UpdatedAt),
		},
	}
	if d := i.deal(); d != nil {
		out.Invoice.Deal = &notifiedDeal{
			ID: d.ID, Type: i.Type, Status: d.Status,
			PaymentMethod: d.Method, PaymentOption: d.Option, Requisites: d.Requisites,
			CanceledAt: stamp(d.Deadline), DisputeReason: orNull(d.DisputeReason),
			DisputeReasonData: s.reasonData(d), DisputeResult: orNull(d.DisputeResult),
			Attachments: s.links(d.Attachments), DisputeAttachment: s.disputeLink(d), Payment: s.payment(i, d),
		}
	}
	return out
}
