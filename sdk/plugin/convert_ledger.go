package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toBalances(l *pluginv1.Arena, b pay.Balances) *pluginv1.Balances {
	return &pluginv1.Balances{Balances: each(b.Balances, func(b pay.Balance) *pluginv1.Balance {
		return &pluginv1.Balance{Name: b.Name, Available: toMoney(l, b.Available), Reserved: toMoney(l, b.Reserved)}
	})}
}

func fromBalances(report *pluginv1.Report, b *pluginv1.Balances) pay.Balances {
	return pay.Balances{
		Report: fromReport(report),
		Balances: each(b.GetBalances(), func(b *pluginv1.Balance) pay.Balance {
			return pay.Balance{Name: b.GetName(), Available: fromMoney(b.GetAvailable()), Reserved: fromMoney(b.GetReserved())}
		}),
	}
}

func toReadBalances(l *pluginv1.Arena, r pay.ReadBalances) *pluginv1.ReadBalancesRequest {
	out := l.ReadBalancesRequest()
	*out = pluginv1.ReadBalancesRequest{Call: toCall(l, r.Call), Owner: r.Owner}
	return out
}

func fromReadBalances(r *pluginv1.ReadBalancesRequest) pay.ReadBalances {
	return pay.ReadBalances{Call: fromCall(r.GetCall()), Owner: r.GetOwner()}
}

func toTransaction(l *pluginv1.Arena, t pay.Transaction) *pluginv1.Transaction {
	out := l.Transaction()
	*out = pluginv1.Transaction{
		ProviderId:   t.ProviderID,
		Kind:         string(t.Kind),
		InvoiceRef:   t.InvoiceRef,
		RefundRef:    t.RefundRef,
		PayoutRef:    t.PayoutRef,
		Reference:    t.Reference,
		Status:       t.Status,
		Gross:        toMoney(l, t.Gross),
		Fee:          toMoney(l, t.Fee),
		Net:          toMoney(l, t.Net),
		Counter:      toMoney(l, t.Counter),
		Rate:         t.Rate,
		OccurredAt:   toTime(l, t.OccurredAt),
		ValueDate:    t.ValueDate,
		SettlementId: t.SettlementID,
	}
	return out
}

func fromTransaction(t *pluginv1.Transaction) pay.Transaction {
	return pay.Transaction{
		ProviderID:   t.GetProviderId(),
		Kind:         pay.TransactionKind(t.GetKind()),
		InvoiceRef:   t.GetInvoiceRef(),
		RefundRef:    t.GetRefundRef(),
		PayoutRef:    t.GetPayoutRef(),
		Reference:    t.GetReference(),
		Status:       t.GetStatus(),
		Gross:        fromMoney(t.GetGross()),
		Fee:          fromMoney(t.GetFee()),
		Net:          fromMoney(t.GetNet()),
		Counter:      fromMoney(t.GetCounter()),
		Rate:         t.GetRate(),
		OccurredAt:   fromTime(t.GetOccurredAt()),
		ValueDate:    t.GetValueDate(),
		SettlementID: t.GetSettlementId(),
	}
}

func toListTransactions(l *pluginv1.Arena, r pay.ListTransactions) *pluginv1.ListTransactionsRequest {
	out := l.ListTransactionsRequest()
	*out = pluginv1.ListTransactionsRequest{
		Call: toCall(l, r.Call), From: toTime(l, r.From), To: toTime(l, r.To), Cursor: r.Cursor, Limit: int64(r.Limit),
	}
	return out
}

func fromListTransactions(r *pluginv1.ListTransactionsRequest) pay.ListTransactions {
	return pay.ListTransactions{
		Call: fromCall(r.GetCall()), From: fromTime(r.GetFrom()), To: fromTime(r.GetTo()),
		Cursor: r.GetCursor(), Limit: int(r.GetLimit()),
	}
}

func toTransactionPage(l *pluginv1.Arena, p pay.TransactionPage) *pluginv1.TransactionPage {
	out := l.TransactionPage()
	*out = pluginv1.TransactionPage{
		Transactions:  lendEach(l, p.Transactions, toTransaction),
		NextCursor:    p.NextCursor,
		WindowFrom:    toTime(l, p.WindowFrom),
		WindowTo:      toTime(l, p.WindowTo),
		CompleteUntil: toTime(l, p.CompleteUntil),
	}
	return out
}

func fromTransactionPage(report *pluginv1.Report, p *pluginv1.TransactionPage) pay.TransactionPage {
	return pay.TransactionPage{
		Report:        fromReport(report),
		Transactions:  each(p.GetTransactions(), fromTransaction),
		NextCursor:    p.GetNextCursor(),
		WindowFrom:    fromTime(p.GetWindowFrom()),
		WindowTo:      fromTime(p.GetWindowTo()),
		CompleteUntil: fromTime(p.GetCompleteUntil()),
	}
}
