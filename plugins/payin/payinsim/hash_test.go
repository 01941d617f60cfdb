package payinsim

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHashVectors are the vectors P1 to P4 of the provider's dossier, made with PHP.
func TestHashVectors(t *testing.T) {
	tests := []struct {
		name, query, hash string
		params            []param
	}{
		{
			"P1", "currency_id=643&descr=123&is_sos_topup=1&payer_id=6034&summ=10&timestamp=1591040000&user_id=7026",
			"387b52f334afe4c2b92d89a1451954ad",
			[]param{{"user_id", "7026"}, {"payer_id", "6034"}, {"summ", "10"}, {"currency_id", "643"},
				{"timestamp", "1591040000"}, {"is_sos_topup", "1"}, {"descr", "123"}},
		},
		{
			"P2", "currency_id=643&descr=%D0%9F%D0%BE%D0%BF%D0%BE%D0%BB%D0%BD%D0%B5%D0%BD%D0%B8%D0%B5+%D0%B1%D0%B0%D0%BB%D0%B0%D0%BD%D1%81%D0%B0+%E2%84%967&payer_id=6034&summ=10&timestamp=1591040000&user_id=7026",
			"f7923fa9dab95726c7fc6abce4cc5da8",
			[]param{{"user_id", "7026"}, {"payer_id", "6034"}, {"summ", "10"}, {"currency_id", "643"},
				{"timestamp", "1591040000"}, {"descr", "Пополнение баланса №7"}},
		},
		{
			"P3", "currency_id=643&descr=a%26b%3Dc+d%2Be+%7Ef+%2Ag+-_.+100%25+%28x%29&payer_id=6034&summ=100&timestamp=1591040000&user_id=7026",
			"99f1923a7e65bc25adf3485984fc24c6",
			[]param{{"user_id", "7026"}, {"payer_id", "6034"}, {"summ", "100"}, {"currency_id", "643"},
				{"timestamp", "1591040000"}, {"descr", "a&b=c d+e ~f *g -_. 100% (x)"}},
		},
		{
			"P4", "payment_in_id=64522147743974&payment_in_status=1&timestamp=1563956853",
			"882464846bf4b439cf58fe2b708bc4d9",
			[]param{{"payment_in_id", "64522147743974"}, {"payment_in_status", "1"}, {"timestamp", "1563956853"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.query, phpQuery(tt.params))
			require.Equal(t, tt.hash, hashOf("some_key", tt.params))
		})
	}
}

// TestSortOrder holds the rules of §2.3: underscore before letters, prefix first, case folded, equal keys stable.
func TestSortOrder(t *testing.T) {
	got := phpQuery([]param{{"username", "1"}, {"user_id", "2"}, {"summary", "3"}, {"summ", "4"}, {"sum", "5"},
		{"B", "6"}, {"a", "7"}, {"A", "8"}, {"É", "9"}})
	require.Equal(t, "a=7&A=8&B=6&sum=5&summ=4&summary=3&user_id=2&username=1&%C3%89=9", got)
}

func TestEscape(t *testing.T) {
	require.Equal(t, "k=a+b%2B%7E%2A-_.%21%27%28%29%40%2F", phpQuery([]param{{"k", "a b+~*-_.!'()@/"}}))
	require.Equal(t, "k=%FF%0D%0A", phpQuery([]param{{"k", "\xff\r\n"}}))
}

func FuzzForm(f *testing.F) {
	f.Add("user_id=1&descr=a+b%2B")
	f.Add("a&&=b&c=%zz")
	f.Fuzz(func(t *testing.T, body string) {
		got, err := readURLEncoded(strings.NewReader(body))
		if err != nil {
			return
		}
		again, err := url.ParseQuery(phpQuery(got))
		require.NoError(t, err)
		for _, p := range got {
			require.Contains(t, again[p.key], p.value)
		}
	})
}
