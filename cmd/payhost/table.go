package main

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// grid prints rows under headers.
func grid(w io.Writer, headers []any, rows [][]any) {
	t := table.NewWriter()
	t.SetStyle(style())
	t.AppendHeader(headers)
	for _, r := range rows {
		t.AppendRow(r)
	}
	printf(w, "%s\n", t.Render())
	if len(rows) == 0 {
		printf(w, "(none)\n")
	}
}

// card prints the named facts of one thing; empty ones are left out.
func card(w io.Writer, facts ...[2]string) {
	t := table.NewWriter()
	t.SetStyle(style())
	for _, f := range facts {
		if f[1] != "" {
			t.AppendRow(table.Row{f[0], f[1]})
		}
	}
	printf(w, "%s\n", t.Render())
}

func style() table.Style {
	s := table.StyleLight
	s.Format.Header = text.FormatDefault
	return s
}

// when prints a time for people.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// pairs prints a map as key=value.
func pairs(m map[string]string) string {
	list := []string{}
	for _, key := range sortedKeys(m) {
		list = append(list, key+"="+m[key])
	}
	return strings.Join(list, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
