package rest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// lately is the body of a reconciliation of everything the test made.
func lately(more string) edit {
	now := time.Now().UTC()
	return body(fmt.Sprintf(`{"from":%q,"to":%q%s}`, now.AddDate(0, 0, -1).Format(time.DateOnly), now.AddDate(0, 0, 1).Format(time.DateOnly), more))
}

func TestReconciliationOverREST(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for range 5 {
		s.created("Tea")
	}
	s.provider.answer(true, nil)
	var run rest.ReconciliationReport
	dry := s.call("POST", "/v1/accounts/main/reconcile", token(apiToken), lately(""))
	dry.want(http.StatusOK).into(&run)
	require.Equal(t, "/v1/reconciliations/"+run.ID, dry.header.Get("Location"))
	require.Equal(t, "done", run.State)
	require.Equal(t, host.ReconcileWalk, run.Method)
	require.Equal(t, "billing", run.Actor)
	require.Equal(t, map[host.FindingClass]int64{host.FindingStatus: 5}, run.Found)
	require.NotEmpty(t, run.BlindSpots)
	require.Len(t, run.Findings, 5)

	// The findings in pages, and one class of them.
	var numbers []int64
	for cursor := ""; ; {
		var page rest.ReconciliationReport
		s.call("GET", "/v1/reconciliations/"+run.ID+"?limit=2&cursor="+cursor, token(apiToken)).want(http.StatusOK).into(&page)
		for _, f := range page.Findings {
			numbers = append(numbers, f.Number)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5}, numbers)
	s.call("GET", "/v1/reconciliations/"+run.ID+"?class=amount", token(apiToken)).want(http.StatusOK).into(&run)
	require.Empty(t, run.Findings)

	// Healing needs a scope of its own, changes what differs, and the next run finds nothing.
	s.call("POST", "/v1/accounts/main/reconcile", token(apiToken), lately(`,"heal":true`)).problem(http.StatusForbidden, pay.KindForbidden)
	s.call("POST", "/v1/accounts/main/reconcile", token(adminToken), lately(`,"heal":true`)).want(http.StatusOK).into(&run)
	require.True(t, run.Heal)
	for _, f := range run.Findings {
		require.Equal(t, host.HealedChanged, f.Healed)
	}
	s.call("POST", "/v1/accounts/main/reconcile", token(apiToken), lately("")).want(http.StatusOK).into(&run)
	require.Empty(t, run.Findings)

	var list rest.ReconciliationPage
	s.call("GET", "/v1/accounts/main/reconciliations?limit=2", token(apiToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Reconciliations, 2)
	require.Equal(t, run.ID, list.Reconciliations[0].ID)
	s.call("GET", "/v1/accounts/main/reconciliations?limit=2&cursor="+list.NextCursor, token(apiToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Reconciliations, 1)
}

func TestReconciliationRefusals(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	post := func(path, text string) reply { return s.call("POST", path, token(apiToken), body(text)) }
	p := post("/v1/accounts/main/reconcile", `{"from":"tomorrow","to":"2026-02-30"}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"from", "to"}, p.paths())
	post("/v1/accounts/main/reconcile", `{"from":"2026-01-01","until":"2026-01-02"}`).want(http.StatusUnprocessableEntity)
	post("/v1/accounts/none/reconcile", `{"from":"2026-01-01","to":"2026-01-02"}`).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("GET", "/v1/accounts/none/reconciliations", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("GET", "/v1/reconciliations/none", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
}

// A run that takes longer than a call is answered with 202 and where to ask for it; a second one is refused meanwhile.
func TestReconciliationThatTakesLongIsAccepted(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.Timeout = time.Second })
	s.created("Tea")
	s.provider.answer(false, pay.Errorf(pay.KindProviderUnavailable, "away"))
	var run rest.ReconciliationReport
	long := s.call("POST", "/v1/accounts/main/reconcile", token(apiToken), lately("")).want(http.StatusAccepted)
	long.into(&run)
	require.Equal(t, "running", run.State)
	s.call("GET", long.header.Get("Location"), token(apiToken)).want(http.StatusOK)
	s.call("POST", "/v1/accounts/main/reconcile", token(apiToken), lately("")).problem(http.StatusConflict, pay.KindInProgress)
}
