package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// widest is the longest list in "IN (…)".
const widest = 64

// widthOf is the length of the list that n values, 1 to widest, are put into. A shorter list has its last value several times, which
// selects the same rows: there are few texts to keep prepared, however many values there are.
func widthOf(n int) int {
	switch {
	case n <= 1:
		return 1
	case n <= 4:
		return 4
	case n <= 16:
		return 16
	}
	return widest
}

// eachOf reads the rows whose key is one of values, and hands each to take. where ends in "column IN ", order begins after the list; rows
// are in order within lists of [widest] values only.
func eachOf[T any](ctx context.Context, r *Reader, key string, rec record[T], where string, values []string, order string, take func(T)) error {
	for chunk := range slices.Chunk(values, widest) {
		width := widthOf(len(chunk))
		args := make([]any, width)
		for i := range args {
			args[i] = chunk[min(i, len(chunk)-1)]
		}
		rest := r.texts.of(key+" "+strconv.Itoa(width), func() string { return where + marks(width) + order })
		rows, err := listAs(ctx, r, key, rec, rest, args...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			take(row)
		}
	}
	return nil
}

func marks(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(i+1)
	}
	return "(" + strings.Join(list, ", ") + ")"
}
