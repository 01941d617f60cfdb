// Package host runs payment-provider plugins behind one invoice API.
//
// A program that bills imports this package, makes a [Host] from a [Config],
// calls [Host.Run] in a goroutine it owns, and then creates and follows
// invoices with plain Go calls; package rest offers the same over HTTP. Each
// provider runs as its own process, so a defect there cannot harm the program.
//
// # What it promises
//
// A mutating call is journalled before it is sent, is made at most once unless
// its provider is known to be idempotent, and goes on when its caller hangs
// up. An answer that was lost is not an error to swallow but a state to
// resolve: the command returns the invoice together with an error of kind
// outcome_unknown, and the invoice names its unresolved operation. Every
// transition, its evidence and its event are one transaction.
//
// # Concurrency
//
// All methods of a Host may be called from many goroutines. There are no
// globals: two hosts live in one program, each with its own store.
package host
