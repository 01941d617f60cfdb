package host

import (
	"sort"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// maxWindow is the longest window of a run. Longer ones are several runs, each with a report a person can read.
const maxWindow = 92 * 24 * time.Hour

// span is a time from one moment to another; from is included, to is not.
type span struct{ from, to time.Time }

func (s span) has(t time.Time) bool { return !t.Before(s.from) && t.Before(s.to) }

// reconcileWindow reads the window of a request in the account's time zone. A window that has not begun is refused; the
// future part of one that has is cut off.
func reconcileWindow(req Reconcile, account store.Account, now time.Time) (span, error) {
	zone, err := time.LoadLocation(account.TimeZone)
	if err != nil {
		return span{}, pay.Errorf(pay.KindInternal, "the time zone %s of account %s is not known on this machine", quoteShort(account.TimeZone), account.ID)
	}
	var problems fieldErrors
	var w span
	w.from = moment("from", req.From, zone, 0, &problems)
	w.to = moment("to", req.To, zone, 1, &problems)
	if err := problems.err(); err != nil {
		return span{}, err
	}
	switch {
	case !w.from.Before(w.to):
		problems.add("to", "must not be before from")
	case w.to.Sub(w.from) > maxWindow+25*time.Hour: // days that are longer than 24 h
		problems.add("to", "makes the window longer than 92 days; split it into several runs")
	case !w.from.Before(now):
		problems.add("from", "lies in the future")
	}
	if w.to.After(now) {
		w.to = now
	}
	return w, problems.err()
}

// moment reads a date, to which days are added, or an RFC 3339 time.
func moment(field, text string, zone *time.Location, days int, problems *fieldErrors) time.Time {
	if text == "" {
		problems.add(field, "is required: a date such as 2026-11-01 or an RFC 3339 time")
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC()
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		problems.add(field, "is %s, which is neither a date such as 2026-11-01 nor an RFC 3339 time", quoteShort(text))
		return time.Time{}
	}
	return startOfDay(day.AddDate(0, 0, days), zone)
}

// startOfDay is the first moment of a date in a zone. It is not always midnight: clocks are changed at midnight in some
// zones, so that a day begins at 01:00 or midnight comes twice.
func startOfDay(day time.Time, zone *time.Location) time.Time {
	year, month, date := day.Date()
	noon := time.Date(year, month, date, 12, 0, 0, 0, zone)
	const before = 36 * 60 * 60 // in seconds: safely in an earlier date
	n := sort.Search(before, func(n int) bool {
		y, m, d := noon.Add(time.Duration(n-before) * time.Second).Date()
		return y == year && m == month && d == date
	})
	return noon.Add(time.Duration(n-before) * time.Second).UTC()
}

// coverage is the time that a listing really showed.
type coverage []span

// add takes a span in; spans that touch become one.
func (c *coverage) add(s span) {
	if !s.from.Before(s.to) {
		return
	}
	var out coverage
	for _, old := range *c {
		if old.to.Before(s.from) || s.to.Before(old.from) {
			out = append(out, old)
			continue
		}
		if old.from.Before(s.from) {
			s.from = old.from
		}
		if old.to.After(s.to) {
			s.to = old.to
		}
	}
	*c = append(out, s)
}

func (c coverage) has(t time.Time) bool {
	for _, s := range c {
		if s.has(t) {
			return true
		}
	}
	return false
}

// through is up to when nothing is missing from a moment on; the moment itself when it is not covered.
func (c coverage) through(from time.Time) time.Time {
	for _, s := range c {
		if s.has(from) {
			return s.to
		}
	}
	return from
}

// all reports whether the whole of s is covered.
func (c coverage) all(s span) bool { return !c.through(s.from).Before(s.to) }
