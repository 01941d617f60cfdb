package plugintest

import (
	"context"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

func faultChecks() []check {
	return []check{{
		Check: Check{"create_reply_lost", "the provider acted and the answer was lost: a no would make the host create a second invoice, a silent retry does it at once"},
		run:   createReplyLost,
	}, {
		Check: Check{"create_unreadable", "an answer that cannot be read says nothing about what the provider did"},
		run:   createUnreadable,
	}, {
		Check: Check{"create_refused_connection", "where no connection exists nothing was sent: an unknown here stops billing for an outage that is harmless"},
		run:   createRefusedConnection,
	}, {
		Check: Check{"create_deadline", "a provider that does not answer must cost one deadline, not a call that hangs for ever, and it may still have acted"},
		run:   createDeadline,
	}, {
		Check: Check{"create_canceled", "a host that stops cancels its calls; an adapter that does not listen keeps the process alive"},
		run:   createCanceled,
	}}
}

// learnCreate makes one undisturbed invoice and returns the shape of the request that made it.
func (w *world) learnCreate() string {
	w.Helper()
	mark := w.traffic.len()
	w.create()
	requests := w.traffic.since(mark)
	for _, r := range requests {
		if r.acted {
			return r.shape()
		}
	}
	w.Fatalf("none of %d requests made an invoice at the simulator; does Simulator.Created count them?", len(requests))
	return ""
}

// disturbed sends one create that meets f and returns how many requests of the create's shape it took.
func (w *world) disturbed(ctx context.Context, f fault, shape string, req pay.CreateInvoice) (int, error) {
	w.Helper()
	mark := w.traffic.len()
	w.traffic.once(f, shape)
	_, err := w.account.CreateInvoice(pay.WithCall(ctx, req.Call), req)
	sent := 0
	for _, r := range w.traffic.since(mark) {
		if r.shape() == shape {
			sent++
		}
	}
	return sent, err
}

func createReplyLost(k *kit) {
	w := k.world()
	shape := w.learnCreate()
	before := w.sim.Created()
	ctx, _ := w.call()
	sent, err := w.disturbed(ctx, faultLost, shape, w.request())
	if sent != 1 {
		k.Errorf("the adapter sent %d requests for one create, want 1", sent)
	}
	if made := w.sim.Created() - before; made != 1 {
		k.Errorf("one create with a lost answer made %d invoices", made)
	}
	w.wantUnknown("CreateInvoice whose answer was lost", err)
}

func createUnreadable(k *kit) {
	w := k.world()
	shape := w.learnCreate()
	for _, f := range []fault{
		faultErrorAfter, faultTruncated, faultEmptyAfter, faultHTMLAfter, faultRedirectAfter, faultCut, faultError, faultHTML, faultRedirect,
	} {
		ctx, _ := w.call()
		sent, err := w.disturbed(ctx, f, shape, w.request())
		if sent != 1 {
			k.Errorf("%s: the adapter sent %d requests for one create, want 1", f, sent)
		}
		if err == nil {
			k.Errorf("%s: CreateInvoice succeeded", f)
			continue
		}
		w.wantUnknown("CreateInvoice with "+string(f), err)
	}
	for _, r := range w.traffic.since(0) {
		if r.path == "/plugintest/elsewhere" {
			k.Errorf("the adapter followed a redirect: its credentials went wherever the answer said")
		}
	}
}

func createRefusedConnection(k *kit) {
	w := k.world()
	// The provider is gone, with every connection to it; a new process has none to reuse.
	w.server.CloseClientConnections()
	_ = w.server.Listener.Close()
	w.restart()
	_, err := w.send(w.request())
	w.wantNothing("CreateInvoice without a connection", err, pay.KindProviderUnavailable)
}

func createDeadline(k *kit) {
	w := k.world()
	shape := w.learnCreate()
	req := w.request()
	ctx, call := w.callWithin(500 * time.Millisecond)
	req.Call.Deadline = call.Deadline
	var err error
	if w.finishes("CreateInvoice after its deadline", func() { _, err = w.disturbed(ctx, faultHang, shape, req) }) {
		w.wantUnknown("CreateInvoice at its deadline", err)
		w.adapterReturned("after its deadline")
	}
}

func createCanceled(k *kit) {
	w := k.world()
	shape := w.learnCreate()
	req := w.request()
	base, _ := w.call()
	ctx, cancel := context.WithCancel(base)
	defer cancel()
	go func() {
		select {
		case <-w.traffic.arrived: // the request is at the provider
			cancel()
		case <-base.Done():
		}
	}()
	var err error
	if w.finishes("CreateInvoice after cancellation", func() { _, err = w.disturbed(ctx, faultHang, shape, req) }) {
		w.wantUnknown("CreateInvoice that was canceled", err)
		w.adapterReturned("after cancellation")
	}
	done, cancelled := context.WithCancel(base)
	cancelled()
	before := w.sim.Created()
	if _, err := w.account.CreateInvoice(done, w.request()); err == nil {
		k.Errorf("CreateInvoice on a canceled context succeeded")
	}
	if w.sim.Created() != before {
		k.Errorf("CreateInvoice on a canceled context made an invoice")
	}
}

// adapterReturned checks that the adapter itself came back. The guard gives up on one that does not, so the host would never
// know; its goroutine stays.
func (w *world) adapterReturned(when string) {
	w.Helper()
	select {
	case <-w.probe.returned():
	case <-time.After(w.patience):
		w.Errorf("the adapter's method has not returned %s", when)
	}
}
