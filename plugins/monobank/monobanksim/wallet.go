package monobanksim

import (
	"cmp"
	"net/http"
	"slices"
)

// Card is a saved card: a token that can be charged.
type Card struct {
	// CardToken is what wallet/payment takes.
	CardToken string `json:"card_token"`
	// WalletID is whose card it is, as the merchant named the wallet.
	WalletID string `json:"wallet_id"`
	// MaskedPan and PaymentSystem are those of the payment that saved it.
	MaskedPan     string `json:"masked_pan"`
	PaymentSystem string `json:"payment_system"`
}

// Cards returns the saved cards that were not deleted, in the order saved.
func (s *Sim) Cards() []Card {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.cards)
}

// SaveCard saves a card without a payment, for tests that begin with a charge, and returns its token.
func (s *Sim) SaveCard(walletID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	paid := newCard(0)
	saved := Card{"tok_" + randomFrom(digits, 16), walletID, paid.MaskedPan, paid.PaymentSystem}
	s.cards = append(s.cards, saved)
	return saved.CardToken
}

// cardToken is derived, so that every view of the invoice shows the same one.
func cardToken(inv *Invoice) string { return "tok_" + inv.InvoiceID }

func walletOf(inv *Invoice) string { return cmp.Or(inv.WalletID, "wallet_"+inv.InvoiceID) }

// keepCard saves the card of a payment that asked for it. The caller holds mu.
func (s *Sim) keepCard(inv *Invoice) {
	token := cardToken(inv)
	if !inv.SaveCard || inv.Status != StatusSuccess || slices.Contains(s.tokens, token) {
		return
	}
	s.tokens = append(s.tokens, token)
	s.cards = append(s.cards, Card{token, walletOf(inv), inv.card.MaskedPan, inv.card.PaymentSystem})
}

// findCard returns the saved card with this token. The caller holds mu.
func (s *Sim) findCard(token string) (Card, bool) {
	i := slices.IndexFunc(s.cards, func(c Card) bool { return c.CardToken == token })
	if i < 0 {
		return Card{}, false
	}
	return s.cards[i], true
}

type walletCard struct {
	CardToken string `json:"cardToken"`
	MaskedPan string `json:"maskedPan"`
	Country   string `json:"country,omitempty"`
}

// wallet plays GET /api/merchant/wallet. A wallet nobody saved a card in is empty, not absent: 404 is not among the
// answers of this call.
func (s *Sim) wallet(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "walletId")
	if failed != nil {
		return nil, failed
	}
	if query["walletId"] == "" {
		return nil, badRequest("walletId is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []walletCard{}
	for _, c := range s.cards {
		if c.WalletID == query["walletId"] {
			list = append(list, walletCard{c.CardToken, c.MaskedPan, "804"})
		}
	}
	return map[string]any{"wallet": list}, nil
}

// deleteCard plays DELETE /api/merchant/wallet/card. The token is read from the query only: in a body it is not seen,
// and the card stays.
func (s *Sim) deleteCard(r *http.Request, _ []byte) (any, *apiError) {
	query, failed := exactQuery(r, "cardToken")
	if failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	saved, found := s.findCard(query["cardToken"])
	if !found {
		return nil, tokenNotFound()
	}
	s.cards = slices.DeleteFunc(s.cards, func(c Card) bool { return c == saved })
	s.did(OpDeleteCard, &Invoice{}, saved.CardToken, 0)
	return nil, nil
}

func tokenNotFound() *apiError {
	return &apiError{http.StatusBadRequest, "TOKEN_NOT_FOUND", "card token not found"}
}

// exactQuery takes the named parameters, each at most once, and refuses others.
func exactQuery(r *http.Request, names ...string) (map[string]string, *apiError) {
	out := map[string]string{}
	for name, values := range r.URL.Query() {
		if !slices.Contains(names, name) || len(values) != 1 {
			return nil, badRequest("unexpected or repeated parameter %q", name)
		}
		out[name] = values[0]
	}
	return out, nil
}
