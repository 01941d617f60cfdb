package growth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/payhost/payhost/host/bench/internal/commit"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/served"
)

// The room that filling may take: bytes on the disk, bytes that stay free, and time.
const (
	mostDisk = 40e9
	mustStay = 10e9
	mostTime = 10 * time.Minute
)

const aboutStored = `A database with so many settled invoices, each with all rows that the engine writes for one, made in bulk inside the database
before the host starts. Creates as above; pages are of 50 invoices, asked for over REST by one caller: the newest, those of one status, a page of the same from
the middle of the list, and the one with a reference. A round of the resolver is its three reads while nothing is due. "On disk" is the file divided by its invoices.`

// Stored compares hosts by the invoices in their databases. A size that does not fit on the disk or takes too long to fill is missing.
func Stored(ctx context.Context, bin, dir string, sizes []int, say func(string)) (*Bench, error) {
	b := &Bench{Name: "Growth: stored invoices", About: aboutStored}
	for _, n := range sizes {
		m := &member{name: fmt.Sprintf("%d stored", n), options: served.Options{Bin: bin, Dir: filepath.Join(dir, fmt.Sprint("stored", n))}}
		if err := os.Mkdir(m.options.Dir, 0o700); err != nil {
			return b, errors.Join(err, b.Close())
		}
		stored, err := commit.Fill(ctx, m.options.Dir, n, room(dir, n, time.Now(), say))
		if err == nil {
			m.program, err = served.Start(ctx, m.options)
		}
		if err != nil {
			if ctx.Err() != nil {
				return b, errors.Join(err, b.Close())
			}
			b.Missing = append(b.Missing, fmt.Sprintf("%s: %v", m.name, err))
			if err := os.RemoveAll(m.options.Dir); err != nil {
				return b, errors.Join(err, b.Close())
			}
			continue
		}
		b.members = append(b.members, m)
		cursor, err := m.deep(ctx, stored)
		if err != nil {
			return b, errors.Join(err, b.Close())
		}
		b.Subjects = append(b.Subjects, m.creates(), m.start(),
			m.reads("newest page", list(), full),
			m.reads("page of a status", list("status", "paid"), full),
			m.reads("page of a status in the middle", list("status", "paid", "cursor", cursor), full),
			m.reads("by reference", list("reference", stored.MiddleReference), one(stored.MiddleID)),
			m.reads("resolver round", "/round", nil),
			round.Subject{Name: m.name + ": database", Levels: []int{1}, Turn: func(context.Context, int, time.Duration) (round.Sample, error) {
				return round.Sample{round.Disk: float64(stored.Size) / float64(stored.N)}, nil
			}})
	}
	b.compare("CPU of a create", "create", busy, round.CPU, flat)
	b.compare("p50 of a create", "create", busy, round.P50, flat)
	for _, what := range []string{"newest page", "page of a status", "page of a status in the middle", "by reference", "resolver round"} {
		b.compare("p50 of "+what, what, 1, round.P50, flat)
	}
	b.compare("start of the host", "start", 1, round.Took, flat)
	b.compare("memory of the host", "start", 1, round.Resident, flat)
	return b, nil
}

// room ends the filling of n invoices when they would not fit.
func room(dir string, n int, begin time.Time, say func(string)) func(int, float64) error {
	told := begin
	return func(done int, each float64) error {
		need := each * float64(n)
		var disk unix.Statfs_t
		if err := unix.Statfs(dir, &disk); err != nil {
			return err
		}
		free := float64(disk.Bavail)*float64(disk.Bsize) + each*float64(done)
		took := time.Since(begin)
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			say(fmt.Sprintf("%d of %d invoices, %.1f kB each, %.0f s", done, n, each/1000, took.Seconds()))
		}
		return fits(need, free, took)
	}
}

// fits says whether filling may go on: need and free are bytes, took is how long it has taken.
func fits(need, free float64, took time.Duration) error {
	switch {
	case need > mostDisk || need > free-mustStay:
		return fmt.Errorf("needs %.0f GB of disk; %.0f GB are free, of which %.0f stay free, and at most %.0f are used",
			need/1e9, free/1e9, mustStay/1e9, mostDisk/1e9)
	case took > mostTime:
		return fmt.Errorf("filling was not done after %v", mostTime)
	}
	return nil
}

func list(pairs ...string) string {
	query := url.Values{"limit": {"50"}}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return "/v1/invoices?" + query.Encode()
}

// deep is the cursor of a page in the middle of the list. Walking there would take as long as the list is, so the cursor of the
// first page is given the place of the invoice in the middle.
func (m *member) deep(ctx context.Context, s commit.Stored) (string, error) {
	raw, err := m.program.Get(ctx, list("status", "paid"))
	if err != nil {
		return "", err
	}
	var page struct {
		NextCursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		return "", err
	}
	return moved(page.NextCursor, s.MiddleAt, s.MiddleID)
}

// moved is a cursor with another place in it.
func moved(cursor string, at time.Time, id string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", err
	}
	var place map[string]any
	if err := json.Unmarshal(raw, &place); err != nil {
		return "", err
	}
	if place["t"] == nil || place["i"] == nil || len(place) != 2 {
		return "", fmt.Errorf("growth: cursors have another form: %s", raw)
	}
	raw, err = json.Marshal(map[string]any{"t": at.UnixMicro(), "i": id})
	return base64.RawURLEncoding.EncodeToString(raw), err
}

// full checks that a page has all its invoices.
func full(raw []byte) error {
	if n := bytes.Count(raw, []byte(`"allowed_actions":`)); n != 50 {
		return fmt.Errorf("growth: a page has %d invoices", n)
	}
	return nil
}

func one(id string) func([]byte) error {
	return func(raw []byte) error {
		if !bytes.Contains(raw, []byte(`"`+id+`"`)) || bytes.Count(raw, []byte(`"allowed_actions":`)) != 1 {
			return fmt.Errorf("growth: not the one invoice %s: %.200s", id, raw)
		}
		return nil
	}
}
