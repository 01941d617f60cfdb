// Package store is the only memory of a host: accounts, invoices, operations and
// their tries, evidence, the webhook inbox, personal data, events, reconciliations and the audit log.
// It stores; what an answer of a provider means is decided by the engine above it.
//
// A program opens a [Store] with a database package, for example
// host/store/sqlite, and hands it to the host. [Store.Acquire] makes this
// process the owner of the database and brings the schema up to date. Reads go
// through [Reader], which both a Store and a transaction embed. Every change is
// a job given to [Store.Write]:
//
//	err := st.Write(ctx, func(tx *store.Tx) error {
//		if err := tx.UpdateInvoice(&invoice); err != nil {
//			return err // ErrConflict: somebody was faster; read again
//		}
//		return tx.AppendEvent(&event)
//	})
//
// All jobs wait for one writer. What is known before is better encoded before, with a [Draft].
//
// What it promises:
//
//   - When Write returns nil the job is on stable storage. Jobs of concurrent
//     callers share one flush (group commit), so this stays affordable.
//   - A job is atomic, and a failing job does not hurt those it shares a commit
//     with. A job may run more than once and must therefore touch only the database.
//   - Updates are compare-and-swap on a version; a lost swap is [ErrConflict].
//   - Events get positions in commit order and gap-free sequences per object, in
//     the transaction of the change they tell of.
//   - Secrets, private states, raw payloads and personal data are stored only as
//     key id, nonce and ciphertext; see [Sealer]. Personal data is sealed under a
//     key per customer, so that erasing that key erases it everywhere.
//   - When a COMMIT fails nobody can know what is stored. The Store then stops
//     for good ([Store.Broken]); a new process reads what is there.
//
// Amounts are exact text ("100.00 UAH"), times whole microseconds of UTC: finer
// digits of a time.Time are cut when it is stored.
package store
