package pay

import (
	"encoding/json"
	"time"
)

// PayoutStatus is where a payout stands.
type PayoutStatus string

// The statuses of a payout.
const (
	PayoutCreating   PayoutStatus = "creating"
	PayoutPending    PayoutStatus = "pending"
	PayoutProcessing PayoutStatus = "processing"
	PayoutSucceeded  PayoutStatus = "succeeded"
	PayoutFailed     PayoutStatus = "failed"
	PayoutCanceled   PayoutStatus = "canceled"
)

// DestinationType says which field of a [Destination] is meant.
type DestinationType string

// The types of destinations.
const (
	DestinationCard    DestinationType = "card"
	DestinationIBAN    DestinationType = "iban"
	DestinationAccount DestinationType = "account"
	DestinationPhone   DestinationType = "phone"
	DestinationWallet  DestinationType = "wallet"
	DestinationStored  DestinationType = "stored"
)

// Destination is where a payout goes. Personal data.
type Destination struct {
	Type DestinationType
	// Value is the card number, IBAN, account, phone, wallet address or the
	// provider's token of a stored destination.
	Value string
	// Holder, Bank, Network and Country narrow it where the type needs it.
	Holder, Bank, Network, Country string
}

// PayoutState is what an adapter knows about one payout.
type PayoutState struct {
	Report       Report
	ProviderRef  string
	ProviderRefs map[string]string
	Status       PayoutStatus
	Review       string
	// Amount is what the receiver gets; Fee and Debited are the cost and the total taken.
	Amount, Fee, Debited Money
	Rate                 string
	// ReturnedAt is set when the money came back after success.
	ReturnedAt   time.Time
	Decline      *Decline
	Network      Network
	ProviderTime time.Time
	Data         map[string]string
}

// CreatePayout sends money from the merchant to somebody.
type CreatePayout struct {
	Call        Call
	PayoutID    string
	WebhookURL  string
	Amount      Money
	Destination Destination
	Customer    Customer
	Reference   string
	Description string
	Metadata    map[string]string
	Options     json.RawMessage
}

// CancelPayout calls a payout back that has not been sent yet.
type CancelPayout struct {
	// Call is the frame of the call.
	Call Call
	// Payout names the payout to call back.
	Payout PayoutRef
	// Reason is for the provider's records; optional.
	Reason string
	// Options is the caller's provider_options object, already valid against the schema of [OpCancelPayout]. Nil when absent.
	Options json.RawMessage
}

// PayoutRef points an adapter at one payout.
type PayoutRef struct {
	PayoutID                 string
	OperationID, ProviderKey string
	ProviderRef              string
	ProviderRefs             map[string]string
	Amount                   Money
	Status                   PayoutStatus
	State                    *State
	// SentAt is when the create call was sent, to bound a search.
	SentAt time.Time
}

// Balance is one balance at the provider.
type Balance struct {
	// Name tells balances of one currency apart; empty for the only one.
	Name string `json:"name,omitempty"`
	// Available may be used now; Reserved is frozen.
	Available Money `json:"available"`
	Reserved  Money `json:"reserved,omitzero"`
}

// Balances is the answer of [BalanceReader].
type Balances struct {
	Report   Report
	Balances []Balance
}

// ReadBalances asks for the balances of the account.
type ReadBalances struct {
	Call Call
	// Owner narrows it to one user's balance, where the provider has users.
	Owner string
}

// TransactionKind is what moved money.
type TransactionKind string

// The kinds of transactions.
const (
	TransactionPayment    TransactionKind = "payment"
	TransactionRefund     TransactionKind = "refund"
	TransactionPayout     TransactionKind = "payout"
	TransactionFee        TransactionKind = "fee"
	TransactionDispute    TransactionKind = "dispute"
	TransactionAdjustment TransactionKind = "adjustment"
	TransactionSettlement TransactionKind = "settlement"
	// TransactionConversion exchanges one currency of the merchant for another: Gross is what was given, Counter what came.
	TransactionConversion TransactionKind = "conversion"
)

// Transaction is one line of the provider's own ledger.
type Transaction struct {
	ProviderID string
	Kind       TransactionKind
	// InvoiceRef, RefundRef and PayoutRef are provider ids of the object; Reference is the merchant's.
	InvoiceRef, RefundRef, PayoutRef, Reference string
	// Status is the unified word of what the line is about: a [Status] for a payment, a [RefundStatus], a [PayoutStatus].
	// It is empty where the provider does not say or uses a word that is not known; that is never success.
	Status string
	// Gross is what was moved, Fee what the provider kept of it, Net what the merchant gets or gives. None is negative;
	// an amount the provider does not state is unset.
	Gross, Fee, Net Money
	// Counter is the other side of a conversion, in the other currency; unset otherwise.
	Counter    Money
	Rate       string
	OccurredAt time.Time
	// ValueDate is the booking day, as YYYY-MM-DD.
	ValueDate    string
	SettlementID string
}

// ListTransactions asks for one page of the provider's ledger.
type ListTransactions struct {
	Call Call
	// From is included, To is not. A zero To is now.
	From, To time.Time
	// Cursor is opaque; empty asks for the first page.
	Cursor string
	// Limit is how many transactions a page should have; zero leaves it to the adapter. A page may have a few more,
	// because what the provider tells in one line is not torn apart.
	Limit int
}

// TransactionPage is one page of the provider's ledger.
type TransactionPage struct {
	Report       Report
	Transactions []Transaction
	// NextCursor is empty on the last page.
	NextCursor string
	// WindowFrom and WindowTo are what the page covers, which may be less than was asked for.
	WindowFrom, WindowTo time.Time
	// CompleteUntil is up to when the ledger is complete.
	CompleteUntil time.Time
}
