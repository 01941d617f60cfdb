package monobank

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The calls for the cards saved in a wallet.
const (
	pathWallet     = "/api/merchant/wallet"
	pathWalletCard = "/api/merchant/wallet/card"
)

const walletSchema = `"wallet_id": {"type": "string", "minLength": 1, "maxLength": 128,
      "description": "Whose wallet it is: the customer.id, or the save_card_data.wallet_id, of the create that saved the card."}`

const cardRefSchema = `"card_ref": {"type": "string", "pattern": "^card_[0-9a-f]{32}$",
      "description": "Our name for the card, made of its token and the account's; it takes no money and is another one after the account's token changes."}`

const walletInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["wallet_id"],
  "properties": {` + walletSchema + `}
}`

const walletCardsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["cards"],
  "properties": {"cards": {"type": "array", "items": {
    "type": "object", "additionalProperties": false,
    "properties": {
      ` + cardRefSchema + `,
      "masked": {"type": "string", "description": "Card number with its middle masked."},
      "country": {"type": "string", "description": "Country of the issuer, ISO 3166-1 numeric."}}}}}
}`

const cardDeleteInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["wallet_id", "card_ref"],
  "properties": {` + walletSchema + `, ` + cardRefSchema + `}
}`

const cardDeleteOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["card_ref", "deleted"],
  "properties": {
      ` + cardRefSchema + `,
      "masked": {"type": "string"},
      "deleted": {"type": "boolean", "description": "Always true: the card cannot be charged any more."}}
}`

func walletActions() []action {
	return []action{{
		spec: pay.ActionSpec{
			Name: "wallet_cards", Title: "List the saved cards of a customer", Effect: pay.EffectRead, Subject: pay.SubjectAccount,
			Input: json.RawMessage(walletInput), Output: json.RawMessage(walletCardsOutput),
		},
		run: on((*account).walletCards),
	}, {
		spec: pay.ActionSpec{
			Name: "wallet_card_delete", Title: "Delete a saved card", Effect: pay.EffectChanges, Subject: pay.SubjectAccount,
			Input: json.RawMessage(cardDeleteInput), Output: json.RawMessage(cardDeleteOutput),
			// The adapter looks by itself; what it cannot see then, only a person can.
			Resolution: pay.ResolveHuman,
		},
		run: on((*account).deleteCard),
	}}
}

// cardRef names a card without giving away its token, which is a charging
// credential: whoever holds it and the merchant's token can take money.
func (a *account) cardRef(token string) string {
	mac := hmac.New(sha256.New, []byte(a.config.Token))
	mac.Write([]byte("card reference\x00" + token))
	return "card_" + hex.EncodeToString(mac.Sum(nil)[:16])
}

// savedCard is a card in a wallet. Its token stays inside this package.
type savedCard struct {
	token           string
	masked, country string
}

// wallet reads the cards of one wallet. The evidence is without the body: it is
// full of tokens and proves nothing about money.
func (a *account) wallet(ctx context.Context, id string) ([]savedCard, *httpx.Response, error) {
	res, err := a.send(ctx, http.MethodGet, pathWallet, url.Values{"walletId": {id}}, nil, []string{id})
	if err != nil {
		return nil, nil, err
	}
	res.Evidence.Raw = nil
	cards, ok := readWallet(res.Body)
	if !ok {
		return nil, nil, res.Garbled("it is not a list of saved cards of the documented form")
	}
	return cards, res, nil
}

func readWallet(body []byte) ([]savedCard, bool) {
	var answer struct {
		Wallet json.RawMessage `json:"wallet"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil, false
	}
	rows, ok := readList[struct {
		CardToken text `json:"cardToken"`
		MaskedPan text `json:"maskedPan"`
		Country   text `json:"country"`
	}](answer.Wallet)
	out := make([]savedCard, 0, len(rows))
	for _, row := range rows {
		out = append(out, savedCard{string(row.CardToken), httpx.Scrub(string(row.MaskedPan), string(row.CardToken)), string(row.Country)})
	}
	return out, ok
}

type walletAsked struct {
	WalletID string `json:"wallet_id"`
}

type cardShown struct {
	CardRef string `json:"card_ref,omitempty"`
	Masked  string `json:"masked,omitempty"`
	Country string `json:"country,omitempty"`
}

type cardsShown struct {
	Cards []cardShown `json:"cards"`
}

// walletCards lists the cards of a wallet. One whose token the provider does not
// show (yet) has no card_ref: nothing can be done with it.
func (a *account) walletCards(ctx context.Context, in walletAsked) (cardsShown, pay.Report, error) {
	if err := required("input.wallet_id", in.WalletID); err != nil {
		return cardsShown{}, pay.Report{}, err
	}
	cards, res, err := a.wallet(ctx, in.WalletID)
	if err != nil {
		return cardsShown{}, pay.Report{}, err
	}
	out := cardsShown{Cards: make([]cardShown, 0, len(cards))}
	for _, card := range cards {
		shown := cardShown{Masked: card.masked, Country: card.country}
		if card.token != "" {
			shown.CardRef = a.cardRef(card.token)
		}
		out.Cards = append(out.Cards, shown)
	}
	return out, report(res), nil
}

type cardAsked struct {
	WalletID string `json:"wallet_id"`
	CardRef  string `json:"card_ref"`
}

type cardDeleted struct {
	CardRef string `json:"card_ref"`
	Masked  string `json:"masked,omitempty"`
	Deleted bool   `json:"deleted"`
}

// deleteCard deletes a saved card. The token goes in the query: in a body the
// provider does not see it, and the card lives on. Where the answer is lost, a
// look into the wallet tells whether the card is gone.
func (a *account) deleteCard(ctx context.Context, in cardAsked) (cardDeleted, pay.Report, error) {
	if err := required("input.wallet_id", in.WalletID); err != nil {
		return cardDeleted{}, pay.Report{}, err
	}
	if err := required("input.card_ref", in.CardRef); err != nil {
		return cardDeleted{}, pay.Report{}, err
	}
	cards, res, err := a.wallet(ctx, in.WalletID)
	if err != nil {
		return cardDeleted{}, pay.Report{}, err // Nothing was changed.
	}
	i := a.indexCard(cards, in.CardRef)
	if i < 0 {
		return cardDeleted{}, pay.Report{}, &pay.Error{
			Kind: pay.KindNotFound, Message: "the wallet has no such card; wallet_cards lists those it has", Report: report(res),
		}
	}
	card := cards[i]
	done := cardDeleted{CardRef: in.CardRef, Masked: card.masked, Deleted: true}
	res, err = a.send(ctx, http.MethodDelete, pathWalletCard, url.Values{"cardToken": {card.token}}, nil, []string{card.token, in.WalletID})
	if err == nil && !emptyAnswer(res.Body) {
		err = res.Garbled("it is not an empty answer")
	}
	if err == nil {
		return done, report(res), nil
	}
	e := pay.AsError(err)
	gone := e.WasExecuted() == pay.ExecutedNo && e.ProviderCode == codeTokenNotFound // Deleted meanwhile, whoever did it.
	if !gone && e.WasExecuted() != pay.ExecutedUnknown {
		return cardDeleted{}, pay.Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, glanceTime)
	defer cancel()
	left, look, failed := a.wallet(ctx, in.WalletID)
	if failed != nil || a.indexCard(left, in.CardRef) >= 0 {
		return cardDeleted{}, pay.Report{}, err
	}
	return done, report(look), nil
}

// codeTokenNotFound says that a card token is dead.
const codeTokenNotFound = "TOKEN_NOT_FOUND"

func (a *account) indexCard(cards []savedCard, ref string) int {
	return slices.IndexFunc(cards, func(c savedCard) bool {
		return c.token != "" && hmac.Equal([]byte(a.cardRef(c.token)), []byte(ref))
	})
}
