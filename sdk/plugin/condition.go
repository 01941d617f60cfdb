package plugin

import "github.com/payhost/payhost/sdk/pay"

// condition is a state of the protocol rather than of a payment, named in Error.condition on the wire. It is carried as the
// cause of a [pay.Error], and nothing happened where one is answered.
type condition string

const (
	errAccountNotOpen  condition = "account_not_open"
	errUnknownCritical condition = "unknown_critical"
	errNotConfigured   condition = "not_configured"

	// These are said by this side only and never cross the wire. A call that did not leave the host, see [NotSent]; one that
	// could not, see [Unreachable]; one that was handed to the transport and not answered, see [Ambiguous].
	errNotSent     condition = "not_sent"
	errUnreachable condition = "unreachable"
	errAmbiguous   condition = "ambiguous"
)

// ours reports whether no plugin may claim c.
func (c condition) ours() bool { return c == errNotSent || c == errUnreachable || c == errAmbiguous }

// Error implements error.
func (c condition) Error() string { return string(c) }

func accountNotOpen() *pay.Error {
	return &pay.Error{
		Kind: pay.KindPluginFault, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetrySameOperation},
		Message: "the plugin does not hold this revision of the account", Err: errAccountNotOpen,
	}
}

func notConfigured() *pay.Error {
	return &pay.Error{
		Kind: pay.KindPluginFault, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetrySameOperation},
		Message: "the plugin has not been configured yet", Err: errNotConfigured,
	}
}
