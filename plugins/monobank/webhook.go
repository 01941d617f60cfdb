package monobank

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// signHeader carries the base64 of a DER signature over the exact body.
const signHeader = "X-Sign"

// HandleWebhook verifies and reads a webhook. Forgeries are [pay.KindAuth]; a
// key that cannot be fetched is [pay.KindProviderUnavailable], and the bank
// sends again.
func (a *account) HandleWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	if err := a.verify(ctx, req); err != nil {
		return pay.WebhookResult{}, err
	}
	ev := pay.Evidence{
		ObservedAt:     req.ReceivedAt,
		Raw:            req.Body[:min(len(req.Body), pay.MaxRawSize)],
		RawContentType: req.Header("Content-Type"),
	}
	event := readEvent(req, ev)
	ev.ProviderTime = event.ProviderTime
	return pay.WebhookResult{
		Report:          pay.Report{Evidence: ev},
		Events:          []pay.WebhookEvent{event},
		Acknowledgement: pay.Acknowledgement{Status: 200},
	}, nil
}

// readEvent reads a verified body. What is signed and yet not an invoice is
// kept as unknown: other products of the bank report to the same address.
func readEvent(req pay.WebhookRequest, ev pay.Evidence) pay.WebhookEvent {
	digest := sha256.Sum256(req.Body)
	out := pay.WebhookEvent{
		Subject:  pay.SubjectUnknown,
		Strength: pay.StrengthHint,
		// There is no event id. The body holds invoice, status and time, so equal bodies are repeats.
		ProviderEventID: hex.EncodeToString(digest[:16]),
	}
	n, err := readNews(req.Body)
	if err != nil || aboutSubscription(req.Body) {
		return out
	}
	out.Subject = pay.SubjectInvoice
	out.ProviderRef = n.invoiceID()
	out.ProviderTime = n.modified()
	var known pay.Known
	var mem memory
	told := req.Invoice != nil && (req.Invoice.ProviderRef == "" || req.Invoice.ProviderRef == out.ProviderRef)
	if told {
		known, mem = req.Invoice.Known, recall(req.Invoice.State)
	}
	if out.ProviderTime.IsZero() || n.Status == wordReversed && !told {
		return out
	}
	state := n.state(known, mem, ev)
	out.Strength, out.Invoice = pay.StrengthVerified, &state
	return out
}

// verify checks the signature, with a newly fetched key when the cached one
// does not fit. What cannot be a signature at all causes no fetch.
func (a *account) verify(ctx context.Context, req pay.WebhookRequest) error {
	signature, ok := readSignature(req.Header(signHeader))
	if !ok {
		return &pay.Error{Kind: pay.KindAuth, Executed: pay.ExecutedNo, Message: "the webhook has no readable X-Sign signature"}
	}
	digest := sha256.Sum256(req.Body)
	var stale *ecdsa.PublicKey
	for range 2 {
		key, err := a.keys.get(ctx, stale)
		if err != nil {
			a.log.WarnContext(ctx, "the webhook key cannot be fetched", "error", pay.AsError(err).Message)
			return &pay.Error{
				Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo,
				Message: "the webhook cannot be verified now: " + pay.AsError(err).Message,
			}
		}
		if key == stale {
			break
		}
		if ecdsa.VerifyASN1(key, digest[:], signature) {
			return nil
		}
		stale = key
	}
	return &pay.Error{Kind: pay.KindAuth, Executed: pay.ExecutedNo, Message: "the signature of the webhook does not fit its body"}
}

// readSignature decodes X-Sign: strict base64 of a DER sequence of two integers
// with nothing behind it. High values of s are allowed: nothing promises low ones.
func readSignature(header string) ([]byte, bool) {
	raw, err := base64.StdEncoding.Strict().DecodeString(header)
	// The decoder skips line ends even when it is strict.
	if err != nil || strings.ContainsAny(header, "\r\n") {
		return nil, false
	}
	var pair struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(raw, &pair)
	if err != nil || len(rest) != 0 || pair.R.Sign() <= 0 || pair.S.Sign() <= 0 {
		return nil, false
	}
	return raw, true
}
