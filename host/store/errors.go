package store

// Error is a short text that identifies what went wrong; errors of this package
// wrap one where a caller can act on it. Compare with errors.Is.
type Error string

// Error returns the text.
func (e Error) Error() string { return string(e) }

// The errors a caller can act on.
const (
	// ErrNotFound: no such row, or its personal data has been erased.
	ErrNotFound Error = "store: not found"
	// ErrConflict: a compare-and-swap was lost, or a unique id or key is taken.
	ErrConflict Error = "store: conflict"
	// ErrBroken: a COMMIT failed. What it contained may or may not be stored, and this Store answers nothing more.
	ErrBroken Error = "store: broken"
	// ErrNotOwned: the database was not acquired, belongs to another process, or was closed. Nothing was done.
	ErrNotOwned Error = "store: not owned"
	// ErrUnsealable: a sealed value cannot be opened: the key is missing, or the value was altered or moved.
	ErrUnsealable Error = "store: cannot unseal"
	// ErrSchema: the database is newer than this program, or its recorded migrations differ from this program's.
	ErrSchema Error = "store: schema"
)
