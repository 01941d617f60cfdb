package payin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

func TestRegisterExists(t *testing.T) {
	for _, text := range []string{"EXIST_IN_SYSTEM", "exist_in_system"} {
		provider := &recorder{answer: refusedAnswer(t, text)}
		_, err := run(t, provider, actionRegisterUser, registration)
		e := asError(t, err)
		require.Equal(t, pay.KindInvalidState, e.Kind)
		require.Equal(t, pay.ExecutedNo, e.WasExecuted())
		require.True(t, e.Final(), "the same registration can never be accepted")
		require.Contains(t, e.Message, "find_user")
		require.Equal(t, text, e.ProviderMessage)
		provider.only(t)
	}
}

// The password stands in the request and nowhere else, whatever the provider answers and whoever asks for what.
func TestRegisterHidesThePassword(t *testing.T) {
	const password = "hush <pass> \"word\""
	quoted, err := json.Marshal(password)
	require.NoError(t, err)
	input := strings.Replace(registration, `"p&ss w*rd"`, string(quoted), 1)
	inText, err := json.Marshal("the password " + password + " of new@example.com +79131112233 is weak")
	require.NoError(t, err)
	for name, provider := range map[string]*recorder{
		"refused":   {answer: `{"status":false,"user_msg":` + string(inText) + `,"tracker":" gid_1"}`},
		"tracker":   {answer: `{"status":false,"user_msg":"no","tracker":` + string(inText) + `}`},
		"html":      {answer: "<html>" + password},
		"500":       {status: 500, answer: password},
		"redirect":  {status: 302, answer: password},
		"truncated": {answer: `{"status":false,"user_msg":` + string(inText)},
		"accepted":  {answer: `{"status":true,"result":{"id":6036,"password":` + string(quoted) + `}}`},
		"no id":     {answer: `{"status":true,"result":{"id":` + string(quoted) + `}}`},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			client, err := httpx.New(httpx.Config{})
			require.NoError(t, err)
			t.Cleanup(client.CloseIdleConnections)
			base := against(t, provider).base.String()
			acc, err := New("1").Open(t.Context(), pay.AccountConfig{
				Config: json.RawMessage(`{"user_id":7026,"secret":"some_key","base_url":"` + base + `"}`), HTTP: client, Now: testClock,
				Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			require.NoError(t, err)
			got, err := acc.(pay.ActionProvider).RunAction(t.Context(), pay.Action{Name: actionRegisterUser, Input: json.RawMessage(input)})
			require.Equal(t, password, provider.only(t).form(t).Get("password"), "the request has it")
			told := fmt.Sprintf("%s %+v", got.Output, got.Report)
			if err != nil {
				e := asError(t, err)
				told = fmt.Sprintf("%v %+v %s", err, *e, e.Report.Evidence.Raw)
				require.Empty(t, e.Report.Evidence.Raw, "an answer that might repeat it is not kept")
			}
			require.Empty(t, got.Report.Evidence.Raw)
			for _, secret := range []string{"hush", "word\"", "9131112233", "new@example.com"} {
				require.NotContains(t, told, secret)
				require.NotContains(t, log.String(), secret)
			}
		})
	}
}

// An answer to a call without a secret is kept as evidence.
func TestEvidenceIsKept(t *testing.T) {
	got, err := run(t, &recorder{answer: `{"status":true,"result":5001}`}, actionCreateShop, `{"title":"x","address":"y"}`)
	require.NoError(t, err)
	require.Contains(t, string(got.Report.Evidence.Raw), "5001")
}

func TestSamePhone(t *testing.T) {
	for _, pair := range [][2]string{{"+79131112233", "79131112233"}, {"9131112233", "79131112233"}, {"+79131112233", "9131112233"}} {
		require.True(t, samePhone(pair[0], pair[1]), pair)
	}
	for _, pair := range [][2]string{{"+79131112233", "79131112234"}, {"9131112233", "79131112230"}} {
		require.False(t, samePhone(pair[0], pair[1]), pair)
	}
}
