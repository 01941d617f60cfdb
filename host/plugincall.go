package host

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// PluginCall is one kind of call that a host makes of an adapter; [Plugin.Timeouts] names it.
type PluginCall string

// The calls that can have a deadline of their own.
const (
	CallCreate       PluginCall = "create"
	CallGet          PluginCall = "get"  // reads an invoice, a refund or a payout by the provider's id
	CallFind         PluginCall = "find" // looks for an invoice by the host's key
	CallCancel       PluginCall = "cancel"
	CallCapture      PluginCall = "capture"
	CallVoid         PluginCall = "void"
	CallRefund       PluginCall = "refund"
	CallCharge       PluginCall = "charge"
	CallPayout       PluginCall = "payout"
	CallCancelPayout PluginCall = "cancel_payout"
	CallAction       PluginCall = "action" // also those that only read
	CallCheck        PluginCall = "check"
	CallBalance      PluginCall = "balance"
	CallList         PluginCall = "list" // one page of the provider's ledger
	CallWebhook      PluginCall = "webhook"
)

// PluginCalls returns every call, in a fixed order.
func PluginCalls() []PluginCall {
	return []PluginCall{
		CallCreate, CallGet, CallFind, CallCancel, CallCapture, CallVoid, CallRefund, CallCharge, CallPayout, CallCancelPayout,
		CallAction, CallCheck, CallBalance, CallList, CallWebhook,
	}
}

// callOf is the call that carries out an operation. A void is journalled as a cancel.
func callOf(kind pay.Operation, action string) PluginCall {
	if kind == pay.OpCancel && action == string(pay.OpVoid) {
		return CallVoid
	}
	return PluginCall(kind)
}

// checkTimeouts refuses deadlines that would never hold: the engine gives every call up after the operation's time.
func (p Plugin) checkTimeouts(operation time.Duration) error {
	for call, limit := range p.Timeouts {
		switch {
		case !slices.Contains(PluginCalls(), call):
			return fmt.Errorf("host: plugin %s: Timeouts names the call %q; known are %s", p.Name, string(call), callNames())
		case limit <= 0:
			return fmt.Errorf("host: plugin %s: Timeouts[%q] is %s; it must be above zero, or be left out for the default", p.Name, string(call), limit)
		case limit >= operation:
			return fmt.Errorf("host: plugin %s: Timeouts[%q] is %s; it must be shorter than Config.Timeouts.Operation (%s), which ends the call anyway",
				p.Name, string(call), limit, operation)
		}
	}
	return nil
}

func callNames() string {
	names := make([]string, 0, len(PluginCalls()))
	for _, call := range PluginCalls() {
		names = append(names, string(call))
	}
	return strings.Join(names, ", ")
}

// limit is how long a call may take: what was set for the plugin, as it is installed now, or the host's own default.
func (u *accountUse) limit(call PluginCall) time.Duration {
	if limit := u.installation.timeout(u.lane.plugin.Version, call); limit > 0 {
		return limit
	}
	if call == CallWebhook {
		return u.lane.h.cfg.Timeouts.Webhook
	}
	return u.lane.h.cfg.Timeouts.Adapter
}

// within gives ctx the deadline of a call.
func (u *accountUse) within(ctx context.Context, call PluginCall) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, u.limit(call))
}

// calling is the context of one call that may take so long, with its frame. It must be ended when the call has returned.
func calling(ctx context.Context, limit time.Duration, frame pay.Call) *plugin.CallContext {
	return plugin.NewCallContext(ctx, time.Now().Add(limit), frame) //nolint:forbidigo // deadlines of contexts are on the system's clock
}

// timeout is what is set for a call of an installed version; 0 when nothing is.
func (s *supervisor) timeout(version string, call PluginCall) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, _ := s.find(version)
	return p.Timeouts[call]
}
