package store

import (
	"database/sql/driver"
	"fmt"
)

// The provider's report of a refund or dispute repeats the host's id. It is one column, read into both.

type refundID struct{ f *Refund }

func (r refundID) Value() (driver.Value, error) { return r.f.ID, nil }
func (r refundID) Scan(src any) error           { return scanID(src, &r.f.ID, &r.f.RefundID) }

type disputeID struct{ d *Dispute }

func (r disputeID) Value() (driver.Value, error) { return r.d.ID, nil }
func (r disputeID) Scan(src any) error           { return scanID(src, &r.d.ID, &r.d.DisputeID) }

func scanID(src any, ids ...*string) error {
	text, err := textOf(src)
	if err == nil && text == nil {
		err = fmt.Errorf("an id is missing")
	}
	for _, id := range ids {
		*id = string(text)
	}
	return err
}
