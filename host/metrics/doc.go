// Package metrics shows a host to Prometheus: its plugin processes and what it has not settled yet.
//
// A program that embeds the host registers [New] with a registry of its own; payhost serve does that and answers GET /metrics.
// Nothing is counted twice and nothing is kept here: every scrape reads the host's own numbers. No label holds a secret,
// personal data or the id of a payment, so that the number of series depends on plugins and accounts only.
package metrics
