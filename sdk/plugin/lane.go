package plugin

// The stream lane carries unary calls of the contract over one long-lived stream, many in one message, so that a call costs a
// part of a write and a part of a wake-up instead of several of its own. Neither callers nor adapters can tell the difference:
// lane_conn.go decides per call which way it takes, lane_client.go is the host's side, lane_server.go the plugin's, and
// lane_frame.go what crosses the wire, which proto/payhost/plugin/v1/lane.proto describes. What the transport proves about a
// call is known here better than from gRPC's events: a call is in the queue, or was handed to the stream, or was answered.

// featureLane is how both sides say that they can use the lane.
const featureLane = "lane"

// Limits of one lane. Those marked so are part of the contract; the others are this implementation's choice.
const (
	// laneMaxCalls is how many calls may wait for their answer. Contract. The next call takes the unary way.
	laneMaxCalls = 1024
	// laneMaxRequest is the largest request. Contract. Larger ones take the unary way, where they delay nobody.
	laneMaxRequest = 32 << 10
	// laneMaxParts is how many answers may be incomplete at a time. Contract.
	laneMaxParts = 8
	// lanePart is the size of the parts of a large answer.
	lanePart = 32 << 10
	// laneBatchSize is where a message is closed; it may be exceeded by one call, or one part of an answer.
	laneBatchSize = 48 << 10
	// laneMaxQueue bounds the bytes that wait to be sent: for a host the next call takes the unary way, for a plugin the next
	// answer waits, at most until its deadline.
	laneMaxQueue = 4 << 20
	// laneMaxStatus bounds the text of a fault.
	laneMaxStatus = 4 << 10
	// laneWorkers is how many goroutines a plugin keeps for the next calls.
	laneWorkers = 64
)
