package plugin

import (
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func toBalances(b pay.Balances) *pluginv1.Balances {
	return &pluginv1.Balances{Balances: each(b.Balances, func(b pay.Balance) *pluginv1.Balance {
		return &pluginv1.Balance{Name: b.Name, Available: toMoney(b.Available), Reserved: toMoney(b.Reserved)}
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

func toReadBalances(r pay.ReadBalances) *pluginv1.ReadBalancesRequest {
	return &pluginv1.ReadBalancesRequest{Call: toCall(r.Call), Owner: r.Owner}
}

func fromReadBalances(r *pluginv1.ReadBalancesRequest) pay.ReadBalances {
	return pay.ReadBalances{Call: fromCall(r.GetCall()), Owner: r.GetOwner()}
}

func toTransaction(t pay.Transaction) *pluginv1.Transaction {
	return &pluginv1.Transaction{
		ProviderId:   t.ProviderID,
		Kind:         string(t.Kind),
		InvoiceRef:   t.InvoiceRef,
		RefundRef:    t.RefundRef,
		PayoutRef:    t.PayoutRef,
		Reference:    t.Reference,
		Status:       t.Status,
		Gross:        toMoney(t.Gross),
		Fee:          toMoney(t.Fee),
		Net:          toMoney(t.Net),
		Counter:      toMoney(t.Counter),
		Rate:         t.Rate,
		OccurredAt:   toTime(t.OccurredAt),
		ValueDate:    t.ValueDate,
		SettlementId: t.SettlementID,
	}
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

func toListTransactions(r pay.ListTransactions) *pluginv1.ListTransactionsRequest {
	return &pluginv1.ListTransactionsRequest{
		Call: toCall(r.Call), From: toTime(r.From), To: toTime(r.To), Cursor: r.Cursor, Limit: int64(r.Limit),
	}
}

func fromListTransactions(r *pluginv1.ListTransactionsRequest) pay.ListTransactions {
	return pay.ListTransactions{
		Call: fromCall(r.GetCall()), From: fromTime(r.GetFrom()), To: fromTime(r.GetTo()),
		Cursor: r.GetCursor(), Limit: int(r.GetLimit()),
	}
}

func toTransactionPage(p pay.TransactionPage) *pluginv1.TransactionPage {
	return &pluginv1.TransactionPage{
		Transactions:  each(p.Transactions, toTransaction),
		NextCursor:    p.NextCursor,
		WindowFrom:    toTime(p.WindowFrom),
		WindowTo:      toTime(p.WindowTo),
		CompleteUntil: toTime(p.CompleteUntil),
	}
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
