package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
)

// changesSomething marks commands whose lost answer leaves the outcome unknown.
func changesSomething() map[string]string { return map[string]string{"changes": "yes"} }

// orderHelp ends the help of every command that orders something from a provider.
const orderHelp = "Without --idempotency-key one is made and printed on standard error. To ask again after an answer was lost, repeat\n" +
	"the command with that key: the same key never does it twice.\n\n" +
	"Exit code 0: done; 1: refused, declined or failed; 3: nobody knows yet, and the host finds out."

// order makes one call with an idempotency key, which is made and printed when there is none. The call returns what is to be
// done when the outcome is not known; empty when it is.
func (p *program) order(r *remote, key string, call func(c *client.Client, key string) (open string, err error)) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	if key == "" {
		key = "cli-" + strings.ToLower(rand.Text())
		printf(p.stderr, "idempotency key: %s\n", key)
	}
	open, err := call(c, key)
	if _, lost := errors.AsType[*client.UnreachableError](err); lost {
		return fmt.Errorf("%w\nwhether it was done is not known; repeat the command with --idempotency-key %s", err, key)
	}
	if err == nil && open != "" {
		err = &exitError{code: exitUnknown, err: errors.New("the outcome is not known yet: " + open)}
	}
	return err
}

// openInvoice says what to do about an invoice whose operation may have happened.
func openInvoice(inv *host.Invoice, unknown bool) string {
	if !unknown {
		return ""
	}
	return fmt.Sprintf("operation %s; do not order it again, follow it with: payhost invoice watch %s", inv.UnresolvedOperation, inv.ID)
}

// openOperation says the same about a refund or payout.
func openOperation(operation string, unknown bool) string {
	if !unknown {
		return ""
	}
	return fmt.Sprintf("operation %s; do not order it again, look with: payhost operation show %s", operation, operation)
}
