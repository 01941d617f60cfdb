package pay

import (
	"context"
	"encoding/json"
	"time"
)

// AccountMaintainer keeps an account usable: it refreshes OAuth tokens,
// registers webhooks by API and the like. The host runs it under one lease per
// account and stores the State it returns.
type AccountMaintainer interface {
	Maintain(ctx context.Context, req Maintain) (Maintained, error)
}

// The reasons of [Maintain]. A newer host may give one that is not listed; an adapter treats it as [MaintainDue].
const (
	// MaintainOpened: the account was opened for the first time, or by a host that knows no time to call again.
	MaintainOpened = "opened"
	// MaintainDue: the time of [Maintained.NextAt] has come.
	MaintainDue = "due"
	// MaintainAuthFailed: a call ended with [KindAuth]; what is cached is not to be trusted.
	MaintainAuthFailed = "auth_failed"
	// MaintainConfigChanged: the account has a new revision.
	MaintainConfigChanged = "config_changed"
	// MaintainInput: a person did one of [AccountInfo.NextActions] and brought back [Maintain.Input].
	MaintainInput = "input"
	// MaintainClosing: the account is being deleted. Undo what was registered at the provider by API, for there will be no
	// other call once this one succeeds. What the provider no longer knows is undone.
	MaintainClosing = "closing"
)

// Maintain is the request of [AccountMaintainer].
type Maintain struct {
	Call Call
	// Reason is one of opened, due, auth_failed, config_changed, input and closing; see [MaintainOpened] and the
	// constants after it.
	Reason string
	// State is the newest state of the account, which may be newer than that of [AccountConfig].
	State *State
	// WebhookURL is the account's webhook URL.
	WebhookURL string
	// Input is what a person brought back, for the reason input: valid against the InputSchema of the action it
	// answers, for example the code and state of an OAuth redirect. It may be secret. Nil otherwise.
	Input json.RawMessage
}

// Maintained is the answer of [AccountMaintainer].
type Maintained struct {
	Report Report
	// State replaces the account's state; nil keeps it. Here it alone counts, and Report.AccountState is not read.
	State *State
	// Info is what was seen of the account, with what a person still has to do; nil keeps what the host has.
	Info *AccountInfo
	// NextAt is when to call again; zero: when something fails.
	NextAt time.Time
}
