package payin

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// clockTolerance is how far the timestamp of a request may be from the provider's clock. Source: section 2.5 of the
	// provider's page.
	clockTolerance = 10 * time.Second
	// clockRetry is how long to wait after the provider refused our clock.
	clockRetry = 15 * time.Second
)

// clockSkew explains "incorrect timestamp" to an operator: what our clock says, what the provider's said in the Date
// header of the same answer, if it sent one, and what to do. Nothing was executed.
func clockSkew(ours time.Time, date string) string {
	ours = ours.UTC().Truncate(time.Second)
	said := fmt.Sprintf("the provider refused the time of the request, which may differ from its clock by %s: our clock says %s",
		clockTolerance, ours.Format(time.RFC3339))
	theirs, err := http.ParseTime(date)
	if err != nil {
		return said + " and its answer has no date: synchronise the clock of this host (NTP, chrony) and check config.base_url"
	}
	said += ", the Date of its answer says " + theirs.UTC().Format(time.RFC3339)
	apart := ours.Sub(theirs)
	switch {
	case apart > clockTolerance:
		return said + fmt.Sprintf(", so ours is %s ahead: synchronise the clock of this host (NTP, chrony)", apart)
	case apart < -clockTolerance:
		return said + fmt.Sprintf(", so ours is %s behind: synchronise the clock of this host (NTP, chrony)", -apart)
	}
	return said + ", so the clocks agree and the request was too long on its way: look at the network, a proxy in between, and the load of this host"
}

// providerTime reads a time of the provider: "2015-12-30 14:25:37.353059+06", a space instead of the T, microseconds
// only when there are any, and an offset of two digits, which RFC 3339 does not have. Longer offsets are accepted.
// A text without an offset is no moment and is not read.
func providerTime(text string) (time.Time, bool) {
	text = strings.Replace(strings.TrimSpace(text), "T", " ", 1)
	for _, offset := range []string{"-07", "-0700", "Z07:00"} {
		if at, err := time.Parse("2006-01-02 15:04:05"+offset, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
