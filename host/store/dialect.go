package store

// Dialect is what differs between the databases behind one SQL text. Queries use $1 placeholders, ON CONFLICT DO
// NOTHING, partial indexes, row values and TRUE/FALSE, which SQLite and PostgreSQL share.
type Dialect struct {
	// Name is for messages, for example "sqlite".
	Name string
	// DDL translates one statement of a migration, which is written with PostgreSQL's column types.
	DDL func(statement string) string
	// Statement, if set, puts a query or a change into the form that the driver takes fastest; each text is given once. The
	// order of the parameters stays.
	Statement func(text string) string
	// Erase, if set, is run before a transaction destroys a secret: from then on what is freed is overwritten, wherever it lies and
	// whatever that costs. Erased ends it after the transaction.
	Erase, Erased string
	// Begin starts a transaction that may write, for example "BEGIN IMMEDIATE".
	Begin string
	// ForUpdate is appended to a SELECT whose row the transaction will change:
	// " FOR UPDATE" where several transactions run at once, empty where only one does.
	ForUpdate string
}

func (d Dialect) statement(text string) string {
	if d.Statement == nil {
		return text
	}
	return d.Statement(text)
}
