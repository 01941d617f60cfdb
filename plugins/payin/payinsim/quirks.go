package payinsim

// Quirks choose between the two readings where the provider's documents contradict themselves (§10). The zero value is
// what the samples show; each switch is what a table or a text says instead.
type Quirks struct {
	// IDsAsText sends the ids of payments, users and shops as texts.
	IDsAsText bool
	// OutgoingAsList sends the result of the outgoing search as a list of one.
	OutgoingAsList bool
	// OldestFirst lists payments in the order of the sample and not of the text.
	OldestFirst bool
	// NothingAsRefusal answers a listing without payments with the "not found" text of the searches instead of an empty
	// list. Neither is documented.
	NothingAsRefusal bool
}
