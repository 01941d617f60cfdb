package paper

import (
	"context"
	"net/http"
	"net/url"

	"github.com/payhost/payhost/sdk/pay"
)

// CreateRefund implements [pay.Refunder].
func (a *account) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	in := map[string]any{"external_id": req.Call.ProviderKey, "amount": toAmount(req.Amount)}
	if req.AttemptRef != "" {
		in["payment"] = req.AttemptRef
	}
	var got movementDTO
	report, err := a.post(ctx, "/v2/invoices/"+url.PathEscape(req.Invoice.ProviderRef)+"/refunds", in, &got)
	if err != nil {
		return pay.RefundState{}, err
	}
	return got.refund(report, http.MethodPost)
}

// GetRefund implements [pay.RefundGetter], by our key while the provider's id is not known.
func (a *account) GetRefund(ctx context.Context, ref pay.RefundRef) (pay.RefundState, error) {
	var got movementDTO
	report, err := a.get(ctx, lookup("/v2/refunds", ref.ProviderRef, ref.ProviderKey), &got)
	if err != nil {
		return pay.RefundState{}, err
	}
	return got.refund(report, http.MethodGet)
}

// CreatePayout implements [pay.PayoutCreator].
func (a *account) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	if req.Destination.Type != pay.DestinationIBAN {
		return pay.PayoutState{}, pay.Invalid("destination.type", "must be iban")
	}
	if err := accepted(req.Amount); err != nil {
		return pay.PayoutState{}, err
	}
	in := map[string]any{"external_id": req.Call.ProviderKey, "amount": toAmount(req.Amount), "iban": req.Destination.Value}
	var got movementDTO
	report, err := a.post(ctx, "/v2/payouts", in, &got)
	if err != nil {
		return pay.PayoutState{}, err
	}
	return got.payout(report, http.MethodPost)
}

// GetPayout implements [pay.PayoutGetter].
func (a *account) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	var got movementDTO
	report, err := a.get(ctx, lookup("/v2/payouts", ref.ProviderRef, ref.ProviderKey), &got)
	if err != nil {
		return pay.PayoutState{}, err
	}
	return got.payout(report, http.MethodGet)
}

// CancelPayout implements [pay.PayoutCanceler]. The provider refuses with HTTP 409 what it has sent.
func (a *account) CancelPayout(ctx context.Context, req pay.CancelPayout) (pay.PayoutState, error) {
	if req.Payout.ProviderRef == "" {
		return pay.PayoutState{}, pay.Invalid("payout.provider_ref", "is not known yet; look the payout up first")
	}
	var got movementDTO
	report, err := a.post(ctx, "/v2/payouts/"+url.PathEscape(req.Payout.ProviderRef)+"/cancel", struct{}{}, &got)
	if err != nil {
		return pay.PayoutState{}, err
	}
	return got.payout(report, http.MethodPost)
}

func lookup(path, ref, key string) string {
	if ref != "" {
		return path + "/" + url.PathEscape(ref)
	}
	return path + "?external_id=" + url.QueryEscape(key)
}

func (d *movementDTO) refund(report pay.Report, method string) (pay.RefundState, error) {
	m, ok1 := d.Amount.money()
	fee, ok2 := d.Fee.money()
	if d.ID == "" || !ok1 || !ok2 {
		return pay.RefundState{}, garbled(method, report)
	}
	out := pay.RefundState{Report: report, ProviderRef: d.ID, ProviderKey: d.ExternalID, Amount: m, Fee: fee, Origin: pay.OriginHost, ProviderTime: d.At}
	switch d.State {
	case "done":
		out.Status = pay.RefundSucceeded
	case "running":
		out.Status = pay.RefundPending
	case "failed":
		out.Status = pay.RefundFailed
	default:
		out.Review = "the provider reports a refund state that is not documented"
	}
	return out, nil
}

func (d *movementDTO) payout(report pay.Report, method string) (pay.PayoutState, error) {
	m, ok1 := d.Amount.money()
	fee, ok2 := d.Fee.money()
	if d.ID == "" || !ok1 || !ok2 {
		return pay.PayoutState{}, garbled(method, report)
	}
	out := pay.PayoutState{Report: report, ProviderRef: d.ID, Amount: m, Fee: fee, ProviderTime: d.At}
	if debited, err := m.Add(fee); err == nil {
		out.Debited = debited
	}
	switch d.State {
	case "sent":
		out.Status = pay.PayoutSucceeded
	case "running":
		out.Status = pay.PayoutProcessing
	case "canceled":
		out.Status = pay.PayoutCanceled
	case "failed":
		out.Status = pay.PayoutFailed
	default:
		out.Review = "the provider reports a payout state that is not documented"
	}
	return out, nil
}
