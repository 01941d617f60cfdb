package demo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestClick(t *testing.T) {
	t.Parallel()
	posted := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && r.URL.Path == "/pay":
			_, _ = io.WriteString(w, `<form method="post" action="/no"><button>Cancel</button></form>
				<form method="post" action="/do?a=1&amp;b=2"><input type="hidden" name="x" value="&quot;1&quot;">
				<label>Sum <input name="sum" value="5"></label><button>Pay now</button></form>`)
		case r.URL.Path == "/do":
			posted = r.URL.RawQuery + " " + r.PostFormValue("x") + " " + r.PostFormValue("sum")
			http.Redirect(w, r, "http://127.0.0.1:1/shop", http.StatusSeeOther)
		default:
			http.Error(w, "no", http.StatusConflict)
		}
	}))
	t.Cleanup(s.Close)
	b := newBrowser()
	label, err := b.click(t.Context(), s.URL+"/pay", "Pay")
	require.NoError(t, err, "the shop's page is not visited")
	require.Equal(t, "Pay now", label)
	require.Equal(t, `a=1&b=2 "1" 5`, posted)
	_, err = b.click(t.Context(), s.URL+"/pay", "Refund")
	require.ErrorContains(t, err, `has no button "Refund", only ["Cancel" "Pay now"]`)
	_, err = b.click(t.Context(), s.URL+"/pay", "Cancel")
	require.ErrorContains(t, err, "409 Conflict")
}
