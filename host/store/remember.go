package store

import "context"

// invoiceMemory answers for the database where it surely says the same.
type invoiceMemory interface {
	// recent returns an invoice as the reader sees it; it must not be changed. Nil means that the database must be asked, and that
	// remember wants to know what it said.
	recent(ctx context.Context, id string) (row *Invoice, mark int64, err error)
	remember(row Invoice, mark int64)
}

func (r *Reader) recentInvoice(ctx context.Context, id string) (*Invoice, int64, error) {
	if r.memory == nil {
		return nil, 0, nil
	}
	return r.memory.recent(ctx, id)
}

func (p *pool) recent(ctx context.Context, id string) (*Invoice, int64, error) {
	if err := p.s.usable(); err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	row, mark := p.s.recent.get(id)
	return row, mark, nil
}

func (p *pool) remember(row Invoice, mark int64) { p.s.recent.keep(row, mark) }

func (t *Tx) recent(_ context.Context, id string) (*Invoice, int64, error) {
	if t.over {
		return nil, 0, errTxOver
	}
	if row, changed := t.batch.invoices[id]; changed {
		return row, 0, nil
	}
	row, mark := t.s.recent.get(id)
	return row, mark, nil
}

func (t *Tx) remember(row Invoice, mark int64) {
	if _, changed := t.batch.invoices[row.ID]; !changed { // otherwise it is not what is committed
		t.s.recent.keep(row, mark)
	}
}

// wrote notes what the job made of an invoice; nil means that it must be read.
func (t *Tx) wrote(id string, row *Invoice) {
	if t.batch.invoices == nil {
		t.batch.invoices = map[string]*Invoice{}
	}
	t.batch.invoices[id] = row
}

// forgetChanges is for when a job is undone: what it has changed, and what others have, must be read.
func (b *batch) forgetChanges() {
	for id := range b.invoices {
		b.invoices[id] = nil
	}
}
