package payin

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors were made with PHP's own uksort, http_build_query and hash_hmac.
func TestSignVectors(t *testing.T) {
	for name, v := range map[string]struct {
		fields    []field
		canonical string
		hash      string
	}{
		"P1 sample of the provider": {
			fields: []field{
				textField("user_id", "7026"), textField("payer_id", "6034"), textField("summ", "10"), textField("currency_id", "643"),
				textField("timestamp", "1591040000"), textField("is_sos_topup", "1"), textField("descr", "123"),
			},
			canonical: "currency_id=643&descr=123&is_sos_topup=1&payer_id=6034&summ=10&timestamp=1591040000&user_id=7026",
			hash:      "387b52f334afe4c2b92d89a1451954ad",
		},
		"P2 Cyrillic": {
			fields: []field{
				textField("user_id", "7026"), textField("payer_id", "6034"), textField("summ", "10"), textField("currency_id", "643"),
				textField("timestamp", "1591040000"), textField("descr", "Пополнение баланса №7"),
			},
			canonical: "currency_id=643&descr=%D0%9F%D0%BE%D0%BF%D0%BE%D0%BB%D0%BD%D0%B5%D0%BD%D0%B8%D0%B5+%D0%B1%D0%B0%D0%BB%D0%B0%D0%BD%D1%81%D0%B0+%E2%84%967&payer_id=6034&summ=10&timestamp=1591040000&user_id=7026",
			hash:      "f7923fa9dab95726c7fc6abce4cc5da8",
		},
		"P3 special characters": {
			fields: []field{
				textField("user_id", "7026"), textField("payer_id", "6034"), textField("summ", "100"), textField("currency_id", "643"),
				textField("timestamp", "1591040000"), textField("descr", "a&b=c d+e ~f *g -_. 100% (x)"),
			},
			canonical: "currency_id=643&descr=a%26b%3Dc+d%2Be+%7Ef+%2Ag+-_.+100%25+%28x%29&payer_id=6034&summ=100&timestamp=1591040000&user_id=7026",
			hash:      "99f1923a7e65bc25adf3485984fc24c6",
		},
		"P4 callback": {
			fields: []field{
				textField("payment_in_id", "64522147743974"), textField("payment_in_status", "1"), textField("timestamp", "1563956853"),
			},
			canonical: "payment_in_id=64522147743974&payment_in_status=1&timestamp=1563956853",
			hash:      "882464846bf4b439cf58fe2b708bc4d9",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, v.canonical, canonical(v.fields))
			require.Equal(t, v.hash, sign("some_key", canonical(v.fields)))
		})
	}
}

func TestEscapeIsPHPs(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"10.50":             "10.50",
		"a b+~*-_.!'()@/":   "a+b%2B%7E%2A-_.%21%27%28%29%40%2F",
		`:;,=&?#%"`:         "%3A%3B%2C%3D%26%3F%23%25%22",
		"\\":                "%5C",
		"\t":                "%09",
		"\r\n":              "%0D%0A",
		"\x00":              "%00",
		"П":                 "%D0%9F",
		"😀":                 "%F0%9F%98%80",
		"\xff":              "%FF",
		"-5":                "-5",
		"ABCxyz019":         "ABCxyz019",
		"https://a.b/c?d=e": "https%3A%2F%2Fa.b%2Fc%3Fd%3De",
	} {
		require.Equal(t, want, escape(in), "%q", in)
	}
}

// Every byte alone: unreserved ones stay, all others become two upper-case hex digits.
func TestEscapeEveryByte(t *testing.T) {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	for i := range 256 {
		want := "%" + strings.ToUpper(strconv.FormatInt(int64(i)+256, 16)[1:])
		switch {
		case strings.IndexByte(plain, byte(i)) >= 0:
			want = string(rune(i))
		case i == ' ':
			want = "+"
		}
		require.Equal(t, want, escape(string([]byte{byte(i)})))
	}
}

func TestSortOrderIsStrcasecmp(t *testing.T) {
	var fields []field
	for _, key := range []string{"username", "summary", "B", "user_id", "sum", "a", "Ключ", "b", "summ", "A_"} {
		fields = append(fields, textField(key, "1"))
	}
	require.Equal(t,
		"a=1&A_=1&B=1&b=1&sum=1&summ=1&summary=1&user_id=1&username=1&%D0%9A%D0%BB%D1%8E%D1%87=1", canonical(fields))
	require.Equal(t, "username", fields[0].key, "the caller's order must stay")
}

// The rules for values of a JSON body.
func TestCallbackEncoding(t *testing.T) {
	for body, want := range map[string]string{
		`{"k":true}`:                       "k=1",
		`{"k":false}`:                      "k=0",
		`{"k":null}`:                       "",
		`{"k":""}`:                         "k=",
		`{"k":[]}`:                         "",
		`{"k":{}}`:                         "",
		`{"k":-5}`:                         "k=-5",
		`{"k":9007199254740993}`:           "k=9007199254740993",
		`{"k":10.50}`:                      "k=10.50",
		`{"k":1e15}`:                       "k=1e15",
		`{"k":[1,"x"]}`:                    "k%5B0%5D=1&k%5B1%5D=x",
		`{"k":{"a":1,"b":{"c":true}}}`:     "k%5Ba%5D=1&k%5Bb%5D%5Bc%5D=1",
		`{"k":[1,null,2]}`:                 "k%5B0%5D=1&k%5B2%5D=2",
		`{"z":1,"a":{"z":1,"a":2}}`:        "a%5Bz%5D=1&a%5Ba%5D=2&z=1",
		`{"hash":"x","tracker":"y","b":1}`: "b=1",
		`{"k":"\u041f\n"}`:                 "k=%D0%9F%0A",
	} {
		c, err := parseCallback([]byte(body))
		require.NoError(t, err, body)
		require.Equal(t, want, canonical(c.signed), body)
	}
	for _, body := range []string{
		``, `null`, `[]`, `"x"`, `1`, `{`, `{"a":1}{}`, `{"a":1,"a":1}`, `{"a":{"b":1,"b":2}}`, "{\"a\":\"\xff\"}",
		`{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
	} {
		_, err := parseCallback([]byte(body))
		require.Error(t, err, body)
	}
}
