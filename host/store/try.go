package store

import (
	"context"
	"fmt"
)

func (r *Reader) tries() record[Try] {
	return record[Try]{"tries", func(t *Try) []field {
		return []field{
			fixed("operation_id", &t.OperationID),
			fixed("number", &t.Number),
			fixed("plugin", &t.Plugin),
			fixed("plugin_version", &t.PluginVersion),
			fixed("plugin_digest", &t.PluginDigest),
			fixed("sdk_version", &t.SDKVersion),
			fixed("protocol", &t.Protocol),
			fixed("host_version", &t.HostVersion),
			fixed("host_instance", &t.HostInstance),
			fixed("generation", &t.Generation),
			fixed("account_revision", &t.AccountRevision),
			fixed("actor", &t.Actor),
			fixed("request_id", &t.RequestID),
			fixed("traceparent", &t.Traceparent),
			fixed("started_at", timeRef{&t.StartedAt}),
			fixed("finished_at", timeRef{&t.FinishedAt}),
			fixed("transport", &t.Transport),
			fixed("executed", &t.Executed),
			fixed("error_kind", &t.ErrorKind),
			fixed("error", &t.Error),
		}
	}}
}

// Tries returns the tries of an operation, first to last.
func (r *Reader) Tries(ctx context.Context, operationID string) ([]Try, error) {
	return list(ctx, r, r.tries(), "WHERE operation_id = $1 ORDER BY number", operationID)
}

// InsertTry stores a try that begins. A number that exists is [ErrConflict].
func (t *Tx) InsertTry(try *Try) error {
	return t.insertNew("tries", t.tries().fields(try))
}

// FinishTry writes how a try ended: what ran (known only once a process was chosen), FinishedAt, Transport, Executed
// and the error. A try that was never inserted is [ErrNotFound].
func (t *Tx) FinishTry(try *Try) error {
	n, err := t.exec("UPDATE tries SET plugin = $1, plugin_version = $2, plugin_digest = $3, sdk_version = $4, protocol = $5, "+
		"generation = $6, account_revision = $7, finished_at = $8, transport = $9, executed = $10, error_kind = $11, error = $12 "+
		"WHERE operation_id = $13 AND number = $14",
		try.Plugin, try.PluginVersion, try.PluginDigest, try.SDKVersion, try.Protocol, try.Generation, try.AccountRevision,
		timeValue(try.FinishedAt), try.Transport, string(try.Executed), string(try.ErrorKind), try.Error, try.OperationID, try.Number)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: try %d of operation %s", ErrNotFound, try.Number, try.OperationID)
	}
	return err
}
