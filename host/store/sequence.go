package store

// next hands out the next number of a sequence. Only one transaction at a time holds a
// sequence, from its first number to its commit, so numbers follow the order of commits.
func (t *Tx) next(name string) (int64, error) {
	c := t.batch.counters[name]
	if c == nil {
		stored, err := scalar[int64](t.batch.session.ctx, &t.Reader,
			"SELECT value FROM sequences WHERE name = $1"+t.s.dialect.ForUpdate, name)
		if err != nil {
			return 0, err
		}
		c = &counter{stored: stored, last: stored}
		t.batch.counters[name] = c
	}
	c.last++
	return c.last, nil
}
