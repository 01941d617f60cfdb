package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// checkpointer moves committed pages from the log to the database file on a
// connection of its own, so that the writer does not wait for it.
type checkpointer struct{ db *sql.DB }

func newCheckpointer(file, synchronous string) (*checkpointer, error) {
	db, err := sql.Open("sqlite", dsn(file, "rw", pragmas(synchronous, -2048, 0)))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &checkpointer{db}, nil
}

// run returns the length of the log in pages. It moves what no reader needs any more and waits for nobody. With scrub it
// waits for readers and the writer, moves everything and cuts the log to nothing, so that old bytes of it are gone.
func (c *checkpointer) run(ctx context.Context, scrub bool) (int, error) {
	mode := "PASSIVE"
	if scrub {
		mode = "TRUNCATE"
	}
	var busy, pages, moved int
	err := c.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &moved)
	if err == nil && scrub && busy != 0 {
		err = fmt.Errorf("sqlite: a reader kept the log from being cut (%d of %d pages moved)", moved, pages)
	}
	return pages, err
}

func (c *checkpointer) close() error { return c.db.Close() }
