//go:build !unix

package plugin

import "time"

// processorTime is not known here.
func processorTime() time.Duration { return 0 }
