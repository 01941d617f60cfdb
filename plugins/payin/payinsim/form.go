package payinsim

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// form is the parameters in the order received.
type form []param

func (f form) get(key string) (string, bool) {
	i := slices.IndexFunc(f, func(p param) bool { return p.key == key })
	if i < 0 {
		return "", false
	}
	return f[i].value, true
}

func (f form) text(key string) string {
	value, _ := f.get(key)
	return value
}

func (f form) without(key string) form {
	return slices.DeleteFunc(slices.Clone(f), func(p param) bool { return p.key == key })
}

// readForm reads a url-encoded or a multipart body, the two encodings a PHP server fills its POST table from. A
// parameter given twice is refused: PHP would silently keep the last one.
func readForm(r *http.Request) (form, error) {
	if r.URL.RawQuery != "" {
		return nil, errors.New("parameters belong into the body")
	}
	kind, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("content type: %w", err)
	}
	var f form
	switch kind {
	case "application/x-www-form-urlencoded":
		f, err = readURLEncoded(r.Body)
	case "multipart/form-data":
		f, err = readMultipart(multipart.NewReader(r.Body, options["boundary"]))
	default:
		err = fmt.Errorf("content type %s is not a form", kind)
	}
	if err != nil {
		return nil, err
	}
	for i, p := range f {
		if slices.ContainsFunc(f[:i], func(q param) bool { return q.key == p.key }) {
			return nil, fmt.Errorf("parameter %s is given twice", p.key)
		}
	}
	return f, nil
}

func readURLEncoded(body io.Reader) (form, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	var f form
	for pair := range strings.SplitSeq(string(data), "&") {
		if pair == "" {
			continue
		}
		rawKey, rawValue, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(rawKey)
		if err != nil {
			return nil, err
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, err
		}
		f = append(f, param{key, value})
	}
	return f, nil
}

func readMultipart(reader *multipart.Reader) (form, error) {
	var f form
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" || part.FormName() == "" {
			return nil, errors.New("multipart: every part must be a plain named field")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		f = append(f, param{part.FormName(), string(value)})
	}
}
