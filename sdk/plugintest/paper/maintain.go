package paper

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// early is how long before its end a token is replaced.
const early = time.Minute

// Maintain implements [pay.AccountMaintainer]. It makes the tokens that are missing or about to run out, and the webhook
// registration the config asks for. Everything it makes is in the State it returns.
func (a *account) Maintain(ctx context.Context, req pay.Maintain) (pay.Maintained, error) {
	work := *a // the tokens of the request, which are newer than those of Open
	if s := req.State; s != nil && s.Version == stateVersion {
		_ = json.Unmarshal(s.Data, &work.tokens)
	}
	report := pay.Report{}
	if work.tokens.Access == "" || req.Reason == pay.MaintainAuthFailed || a.now().Add(early).After(work.tokens.Until) {
		var err error
		if report, err = work.renew(ctx); err != nil {
			return pay.Maintained{}, err
		}
	}
	if err := work.register(ctx, req); err != nil {
		return pay.Maintained{}, err
	}
	data, err := json.Marshal(work.tokens)
	if err != nil {
		return pay.Maintained{}, pay.Errorf(pay.KindInternal, "the state cannot be written")
	}
	info, err := work.info(ctx)
	if err != nil {
		return pay.Maintained{}, err
	}
	return pay.Maintained{
		Report: report, State: &pay.State{Version: stateVersion, Data: data}, Info: &info, NextAt: work.tokens.Until.Add(-early),
	}, nil
}

// register makes the webhook registration the config asks for, and undoes it before the account is deleted.
func (a *account) register(ctx context.Context, req pay.Maintain) error {
	switch {
	case req.Reason == pay.MaintainClosing:
		if a.tokens.WebhookID == "" {
			return nil
		}
		var none struct{}
		_, err := a.send(ctx, http.MethodDelete, "/v2/webhooks/"+url.PathEscape(a.tokens.WebhookID), "", nil, httpx.Mutates, &none)
		if err != nil && !errors.Is(err, pay.KindNotFound) { // what the provider no longer knows is undone
			return err
		}
		a.tokens.WebhookID, a.tokens.WebhookURL, a.tokens.WebhookSecret, a.tokens.PreviousSecret = "", "", "", ""
	case a.config.Webhooks && req.WebhookURL != "" && a.tokens.WebhookURL != req.WebhookURL:
		var made struct {
			ID     string `json:"id"`
			Secret string `json:"secret"`
		}
		if _, err := a.post(ctx, "/v2/webhooks", map[string]string{"url": req.WebhookURL}, &made); err != nil {
			return err
		}
		a.tokens.PreviousSecret, a.tokens.WebhookSecret = a.tokens.WebhookSecret, made.Secret
		a.tokens.WebhookID, a.tokens.WebhookURL = made.ID, req.WebhookURL
	}
	return nil
}

// renew uses the refresh token, once, and the client's own credentials where that is refused.
func (a *account) renew(ctx context.Context) (pay.Report, error) {
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Seconds int64  `json:"expires_in"`
	}
	err := error(pay.KindAuth)
	var report pay.Report
	if a.tokens.Refresh != "" {
		report, err = a.oauth(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.tokens.Refresh}}, &got)
	}
	if errors.Is(err, pay.KindAuth) || errors.Is(err, pay.KindInvalidRequest) {
		report, err = a.oauth(ctx, url.Values{"grant_type": {"client_credentials"}}, &got)
	}
	if err != nil {
		return pay.Report{}, err
	}
	if got.Access == "" || got.Seconds <= 0 {
		return pay.Report{}, pay.Errorf(pay.KindProviderUnavailable, "the provider gave no access token")
	}
	a.tokens.Access, a.tokens.Refresh = got.Access, got.Refresh
	a.tokens.Until = a.now().Add(time.Duration(got.Seconds) * time.Second)
	return report, nil
}

// Check implements [pay.Checker].
func (a *account) Check(ctx context.Context, _ pay.Check) (pay.AccountInfo, error) {
	return a.info(ctx)
}

func (a *account) info(ctx context.Context) (pay.AccountInfo, error) {
	var got struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Mode string `json:"mode"`
	}
	report, err := a.get(ctx, "/v2/account", &got)
	if err != nil {
		return pay.AccountInfo{}, err
	}
	return pay.AccountInfo{Report: report, Mode: pay.Mode(got.Mode), ProviderAccountRef: got.ID, Title: got.Name}, nil
}
