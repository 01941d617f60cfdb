package commit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/payhost/payhost/host/bench/internal/echo"
)

// Template is what the engine wrote for one create, taken from its database: the rows of the transaction before the provider is
// called and those of the transaction after it. Peers write the same with other ids.
type Template struct {
	tables  []table
	base    snapshot
	done    snapshot
	intent  []statement
	outcome []statement
	// ids are the ids that belong to the create, each with its number.
	ids map[string]int
	// record is the same as the store's own types have it.
	record record
}

// templateKey is the number of the create that became the template.
const templateKey = 2

// id is one of the engine's ids, the name of a data key, or the key of a create, within a text.
var id = regexp.MustCompile(`\b[a-z]{2,6}_[0-9a-z]{16,}\b|\bk_[0-9a-f]{12}\b|bench-[0-9]{12}`) //nolint:gochecknoglobals // never written

// NewTemplate runs an engine in dir for two creates and watches what the second one writes.
func NewTemplate(ctx context.Context, dir string) (_ *Template, err error) {
	var mu sync.Mutex
	var gate func() error
	var failed error
	engine, err := StartEngine(dir, echo.Provider{Gate: func() {
		mu.Lock()
		defer mu.Unlock()
		if gate != nil {
			failed = gate()
		}
	}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	db, err := sql.Open("sqlite", "file:"+engine.path+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := engine.Create(ctx); err != nil {
		return nil, err
	}
	t := &Template{ids: map[string]int{}}
	if t.tables, err = tables(ctx, db); err != nil {
		return nil, err
	}
	if t.base, err = take(ctx, db, t.tables); err != nil {
		return nil, err
	}
	var intended snapshot
	mu.Lock()
	gate = func() error {
		intended, err = take(ctx, db, t.tables)
		return err
	}
	mu.Unlock()
	created, err := engine.Create(ctx)
	if err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed
	}
	if t.done, err = take(ctx, db, t.tables); err != nil {
		return nil, err
	}
	t.intent, t.outcome = between(t.tables, t.base, intended), between(t.tables, intended, t.done)
	if len(t.intent) == 0 || len(t.outcome) == 0 {
		return nil, fmt.Errorf("commit: the engine wrote %d rows before the call and %d after it", len(t.intent), len(t.outcome))
	}
	t.number()
	t.record, err = recordOf(ctx, engine.store, created.ID)
	return t, err
}

// number finds the ids that the template's own create brought into being.
func (t *Template) number() {
	old := map[string]bool{}
	for _, rows := range t.base {
		for _, row := range rows {
			for _, v := range row {
				for _, found := range id.FindAllString(text(v), -1) {
					old[found] = true
				}
			}
		}
	}
	for _, s := range append(append([]statement{}, t.intent...), t.outcome...) {
		for _, v := range s.args {
			for _, found := range id.FindAllString(text(v), -1) {
				if _, known := t.ids[found]; !known && !old[found] {
					t.ids[found] = len(t.ids)
				}
			}
		}
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// args are the values of a statement for the n-th create of a peer. Sealed values stay what they are: they have the right size.
func (t *Template) args(s statement, n int64) []any {
	args := make([]any, len(s.args))
	for i, v := range s.args {
		switch x := v.(type) {
		case string:
			args[i] = t.renew(x, n)
		case int64:
			if s.table == "events" && s.columns[i] == "position" || s.table == "sequences" && s.columns[i] == "value" {
				x = x*1_000_000_000/templateKey + n*16 + int64(i) + x%16
			}
			args[i] = x
		default:
			args[i] = v
		}
	}
	return args
}

func (t *Template) renew(s string, n int64) string {
	if len(s) < len("k_")+12 {
		return s
	}
	return id.ReplaceAllStringFunc(s, func(old string) string {
		k, mine := t.ids[old]
		switch {
		case !mine:
			return old
		case strings.HasPrefix(old, "bench-"):
			return keyOf(1_000 + n)
		}
		tail := fmt.Sprintf("%010d%02d", n, k)
		return old[:len(old)-len(tail)] + tail
	})
}

// sizes are the bytes of the values of both transactions.
func (t *Template) sizes() (intent, outcome int) { return size(t.intent), size(t.outcome) }

func size(list []statement) int {
	n := 0
	for _, s := range list {
		for _, v := range s.args {
			switch x := v.(type) {
			case string:
				n += len(x)
			case []byte:
				n += len(x)
			default:
				n += 8
			}
		}
	}
	return n
}
