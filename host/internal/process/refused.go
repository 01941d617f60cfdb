package process

import "fmt"

// RefusedError reports that a file of a plugin was not run because of what it is. [DigestError] is its counterpart for what it
// holds.
type RefusedError struct {
	Path     string // the file
	Expected string // what it should be
	Found    string // what it is
	Remedy   string // what to do about it
	Err      error  // the cause, may be nil
}

// Error names the file, what was expected and found, and the remedy.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("process: %s: refusing to run it: expected %s, found: %s; %s", e.Path, e.Expected, e.Found, e.Remedy)
}

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }
