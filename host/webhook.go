package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// Limits of the spool: what arrives while a plugin is not serving.
const (
	spoolPerAccount = 1000
	spoolWait       = 2 * time.Second
	hintInterval    = time.Minute
)

// Webhooks returns the handler that providers call, for paths
// /webhooks/{account}[/{tail}]. Mount it below the base of [Config.PublicURL].
//
// A webhook is verified and stored before it is acknowledged, and applied
// afterwards. What cannot be verified changes nothing. While the plugin is not serving, the
// raw request is kept and the provider is asked to send again.
func (h *Host) Webhooks() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ack, err := h.receive(r)
		if err != nil {
			refuseWebhook(w, err)
			return
		}
		for _, header := range ack.Headers {
			w.Header().Add(header.Name, header.Value)
		}
		w.WriteHeader(ack.Status)
		_, _ = w.Write(ack.Body)
	})
}

// webhookURL is where a provider reports an account or, with a tail, one object.
func (h *Host) webhookURL(account, tail string) string {
	url := strings.TrimSuffix(h.cfg.PublicURL, "/") + "/webhooks/" + account
	if tail != "" {
		url += "/" + tail
	}
	return url
}

// webhookRefusal is an answer other than the adapter's own.
type webhookRefusal struct {
	status int
	text   string
	after  time.Duration
}

func (e *webhookRefusal) Error() string { return e.text }

func refuseWebhook(w http.ResponseWriter, err error) {
	status, text := http.StatusServiceUnavailable, "cannot be stored or verified now"
	if refusal, ok := errors.AsType[*webhookRefusal](err); ok {
		status, text = refusal.status, refusal.text
		if refusal.after > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(refusal.after/time.Second)))
		}
	}
	if status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "5")
	}
	http.Error(w, text, status)
}

// receive takes one webhook from reading to storing.
func (h *Host) receive(r *http.Request) (pay.Acknowledgement, error) {
	var none pay.Acknowledgement
	done, err := h.begin()
	if err != nil {
		return none, err
	}
	defer done()
	ctx := r.Context()
	if err := h.ready(ctx); err != nil {
		return none, err
	}
	accountID, tail, ok := splitWebhookPath(r.URL.Path)
	if !ok {
		return none, &webhookRefusal{status: http.StatusNotFound, text: "want /webhooks/{account}[/{tail}]"}
	}
	if r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodPut {
		return none, &webhookRefusal{status: http.StatusMethodNotAllowed, text: "method not allowed"}
	}
	// A look-up by id is over sooner than a goroutine that could end it with the request is started.
	reading := context.WithoutCancel(ctx)
	account, err := h.cachedAccount(reading, accountID)
	if errors.Is(err, store.ErrNotFound) {
		if _, awaited := h.awaitedFrom(accountID); awaited {
			return none, &webhookRefusal{status: http.StatusServiceUnavailable, text: "the account is not ready yet", after: time.Second}
		}
		return none, &webhookRefusal{status: http.StatusNotFound, text: "unknown account"}
	}
	if err != nil {
		return none, storageError(err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, h.cfg.WebhookBody))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return none, &webhookRefusal{status: http.StatusRequestEntityTooLarge, text: "body too large"}
		}
		return none, &webhookRefusal{status: http.StatusBadRequest, text: "the body ended early"}
	}
	req := webhookRequest(r, tail, body, h.now())
	var target *store.Invoice
	if strings.HasPrefix(tail, "po_") && isID(tail) {
		row, err := h.store.Payout(reading, tail)
		if errors.Is(err, store.ErrNotFound) || err == nil && row.AccountID != accountID {
			return none, &webhookRefusal{status: http.StatusNotFound, text: "unknown object"}
		}
		if err != nil {
			return none, storageError(err)
		}
	} else if isID(tail) {
		inv, err := h.store.InvoiceNamed(reading, tail)
		if errors.Is(err, store.ErrNotFound) || err == nil && inv.AccountID != accountID {
			return none, &webhookRefusal{status: http.StatusNotFound, text: "unknown object"}
		}
		if err != nil {
			return none, storageError(err)
		}
		target = &inv
		ref := refOf(inv)
		req.Invoice = &ref
	}
	return h.verify(ctx, account, req, target)
}

// splitWebhookPath reads the account and the tail after the last "/webhooks/".
func splitWebhookPath(path string) (account, tail string, ok bool) {
	_, rest, ok := strings.Cut(path, "/webhooks/")
	if !ok {
		return "", "", false
	}
	account, tail, _ = strings.Cut(rest, "/")
	return account, strings.TrimSuffix(tail, "/"), account != "" && len(tail) <= 256
}

func webhookRequest(r *http.Request, tail string, body []byte, now time.Time) pay.WebhookRequest {
	req := pay.WebhookRequest{
		Method: r.Method, Path: r.URL.Path, Tail: tail, RawQuery: r.URL.RawQuery, Body: body, ReceivedAt: now, Peer: r.RemoteAddr,
	}
	for _, name := range sortedKeys(r.Header) {
		for _, value := range r.Header[name] {
			req.Headers = append(req.Headers, pay.Header{Name: name, Value: value})
		}
	}
	return req
}

// verify lets the adapter judge a webhook and stores it when it is genuine.
func (h *Host) verify(ctx context.Context, account store.Account, req pay.WebhookRequest, target *store.Invoice) (pay.Acknowledgement, error) {
	var none pay.Acknowledgement
	result, err := h.askAdapter(ctx, account, req)
	switch {
	case err == nil:
	case errors.Is(err, errNotServing):
		return none, h.spool(ctx, account, req, target)
	default:
		e := pay.AsError(err)
		h.log.Warn("webhook refused", "account", account.ID, "kind", e.Kind, "error", e.Message)
		switch e.Kind {
		case pay.KindAuth, pay.KindInvalidRequest, pay.KindUnsupported, pay.KindNotFound, pay.KindIntegrityMismatch:
			h.hint(account, target)
			return none, &webhookRefusal{status: http.StatusUnauthorized, text: "cannot be verified"}
		case pay.KindPluginFault:
			return none, h.spool(ctx, account, req, target)
		case pay.KindProviderUnavailable:
			if plugin.Ambiguous(err) { // the plugin is frozen
				return none, h.spool(ctx, account, req, target)
			}
			return none, &webhookRefusal{status: http.StatusServiceUnavailable, text: "cannot be verified now", after: 30 * time.Second}
		default:
			return none, &webhookRefusal{status: http.StatusServiceUnavailable, text: "cannot be verified now", after: 30 * time.Second}
		}
	}
	if err := h.storeWebhook(ctx, account, req, result, target); err != nil {
		return none, err
	}
	ack := result.Acknowledgement
	if ack.Status == 0 {
		ack.Status = http.StatusOK
	}
	return ack, nil
}

// errNotServing marks a webhook that no adapter could look at.
var errNotServing = errors.New("the plugin is not serving")

func (h *Host) askAdapter(ctx context.Context, account store.Account, req pay.WebhookRequest) (pay.WebhookResult, error) {
	begun := time.Now() //nolint:forbidigo // deadlines of contexts are on the system's clock
	opening, cancelOpening := context.WithTimeout(ctx, min(spoolWait, h.cfg.Timeouts.Webhook))
	defer cancelOpening()
	use, err := h.openFor(opening, account, routeTo(req.Tail))
	if err != nil {
		return pay.WebhookResult{}, errors.Join(errNotServing, err)
	}
	defer use.release()
	handler, err := pay.Offered[pay.WebhookHandler](use.account, pay.CanHandleWebhook)
	if err != nil {
		return pay.WebhookResult{}, err
	}
	// The provider waits for both.
	ctx, cancel := context.WithDeadline(ctx, begun.Add(use.limit(CallWebhook)))
	defer cancel()
	req.Call = h.readCall(ctx, account)
	return handler.HandleWebhook(pay.WithCall(ctx, req.Call), req)
}

// storeWebhook writes a genuine webhook into the inbox and hands it to the
// processor. An event about another object than the URL names is refused.
func (h *Host) storeWebhook(ctx context.Context, account store.Account, req pay.WebhookRequest, result pay.WebhookResult, target *store.Invoice) error {
	for _, ev := range result.Events {
		if target != nil && !about(ev, *target) {
			return &webhookRefusal{status: http.StatusNotFound, text: "the event is about another object than the URL"}
		}
	}
	row := h.webhookRow(account, req, target)
	row.State = store.WebhookAccepted
	row.DedupKey = dedupKey(req, result)
	var err error
	if row.Events, err = json.Marshal(result.Events); err != nil {
		return err
	}
	if len(result.Events) > 0 {
		row.ProviderRef, row.ProviderKey = result.Events[0].ProviderRef, result.Events[0].ProviderKey
	}
	done := h.inbox.acknowledging()
	stored, err := h.insertWebhook(ctx, row)
	done()
	if err == nil && (stored.State == store.WebhookAccepted || stored.State == store.WebhookUnmatched) {
		h.inbox.offer(arrivalOf(stored))
	}
	return err
}

// arrivalOf queues a webhook as it was just stored or read.
func arrivalOf(row store.Webhook) arrival {
	return arrival{WebhookPlace: store.WebhookPlace{ID: row.ID, AccountID: row.AccountID, ReceivedAt: row.ReceivedAt}, row: &row}
}

func (h *Host) webhookRow(account store.Account, req pay.WebhookRequest, target *store.Invoice) store.Webhook {
	row := store.Webhook{
		ID: newID("wh", h.now()), Tenant: account.Tenant, AccountID: account.ID, Provider: account.Provider, Tail: req.Tail,
		Method: req.Method, RawQuery: req.RawQuery, Headers: req.Headers, Body: req.Body, Peer: req.Peer,
		Deliveries: 1, ReceivedAt: req.ReceivedAt,
	}
	if target != nil {
		row.ObjectType, row.ObjectID = "invoice", target.ID
	}
	return row
}

// insertWebhook stores a row once per deduplication key and returns the row that holds it.
func (h *Host) insertWebhook(ctx context.Context, row store.Webhook) (store.Webhook, error) {
	var stored store.Webhook
	ready, err := h.store.ReadyWebhook(row)
	if err != nil {
		return stored, err
	}
	err = h.write(ctx, func(tx *store.Tx) error {
		stored = ready.Webhook
		existing, err := tx.InsertReadyWebhook(ready)
		if err != nil || existing == nil {
			return err
		}
		stored = *existing
		if stored.State == store.WebhookSpooled && row.State == store.WebhookAccepted {
			stored.Deliveries++
			stored.State, stored.Events = row.State, row.Events
			stored.ProviderRef, stored.ProviderKey = row.ProviderRef, row.ProviderKey
			return tx.UpdateWebhook(&stored)
		}
		stored.Deliveries++
		stored.Version++
		return tx.CountDelivery(stored.ID)
	})
	return stored, err
}

// dedupKey is equal for repeated deliveries of one event.
func dedupKey(req pay.WebhookRequest, result pay.WebhookResult) string {
	sum := sha256.New()
	for _, part := range []string{req.Tail, req.RawQuery} {
		_, _ = io.WriteString(sum, part)
		_, _ = sum.Write([]byte{0})
	}
	ids := 0
	for _, ev := range result.Events {
		if ev.ProviderEventID != "" {
			_, _ = io.WriteString(sum, ev.ProviderEventID)
			_, _ = sum.Write([]byte{0})
			ids++
		}
	}
	if ids == 0 || ids < len(result.Events) {
		_, _ = sum.Write(req.Body)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// about reports whether an event can be about the object that the URL names.
// What neither names is matched later.
func about(ev pay.WebhookEvent, inv store.Invoice) bool {
	switch {
	case ev.OperationID != "" && ev.OperationID != inv.CreateOperationID,
		ev.ProviderKey != "" && ev.ProviderKey != inv.ProviderKey,
		ev.ProviderRef != "" && inv.ProviderRef != "" && ev.ProviderRef != inv.ProviderRef:
		return false
	}
	return true
}

// spool keeps a webhook that nobody could verify yet and asks the provider to send it again.
func (h *Host) spool(ctx context.Context, account store.Account, req pay.WebhookRequest, target *store.Invoice) error {
	later := &webhookRefusal{status: http.StatusServiceUnavailable, text: "cannot be verified now; send again", after: 10 * time.Second}
	if len(req.Body) > pay.MaxRawSize {
		return later
	}
	size, err := h.store.SpoolSize(ctx, account.ID)
	if err != nil {
		return storageError(err)
	}
	if size >= spoolPerAccount {
		h.log.Warn("the webhook spool of the account is full", "account", account.ID, "kept", size)
		return later
	}
	row := h.webhookRow(account, req, target)
	row.State, row.DedupKey = store.WebhookSpooled, dedupKey(req, pay.WebhookResult{})
	if _, err := h.insertWebhook(ctx, row); err != nil {
		return err
	}
	return later
}

// hint asks the provider itself about the invoice that an unverifiable webhook
// claims to be about, at most once a minute per invoice: the webhook is not
// believed, but it may have been genuine.
func (h *Host) hint(account store.Account, target *store.Invoice) {
	if target == nil || target.Final || target.ProviderRef == "" {
		return
	}
	now := h.now()
	h.mu.Lock()
	last, asked := h.hints[target.ID]
	recent := asked && now.Sub(last) < hintInterval
	if !recent {
		h.hints[target.ID] = now
		for id, at := range h.hints {
			if now.Sub(at) > hintInterval {
				delete(h.hints, id)
			}
		}
	}
	h.mu.Unlock()
	if recent {
		return
	}
	h.background(func(ctx context.Context) {
		if err := h.sync(ctx, target.ID, "system:hint"); err != nil {
			h.log.Info("looking after an unverifiable webhook", "account", account.ID, "invoice", target.ID, "error", err.Error())
		}
	})
}

// background runs one bounded job that the drain waits for; none are started while draining.
func (h *Host) background(job func(ctx context.Context)) {
	done, err := h.begin()
	if err != nil {
		return
	}
	go func() {
		defer done()
		ctx, cancel := context.WithTimeout(context.Background(), h.cfg.Timeouts.Operation)
		defer cancel()
		job(ctx)
	}()
}
