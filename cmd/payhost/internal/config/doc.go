// Package config reads payhost.yaml: the one file in which an operator says what a payhost process listens on, which
// plugins may run and which merchant accounts there are.
//
// [Load] is strict. An unknown key, a wrong type, a duplicate id or a value out of range is refused with file, line,
// column and field path, all of them at once. A value never appears in an error, because it may be a secret, and neither
// does the line around it.
//
// Values of account configs and of API tokens may be references: ${env:NAME} or ${file:/path}. In account configs they
// stay what they are, so that the database holds a reference and not a secret, and [Secrets] resolves them whenever the
// host opens the account. [Config.CheckSecrets] proves beforehand that all of them can be resolved.
//
// JSON is valid YAML here. Anchors, aliases, tags and several documents in one file are not supported, and are refused.
package config
