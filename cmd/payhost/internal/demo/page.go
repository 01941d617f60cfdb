package demo

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// browser is a person who reads a pay page and clicks its buttons. It does not go where the shop sends it afterwards.
type browser struct{ client *http.Client }

func newBrowser() *browser {
	return &browser{&http.Client{
		Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// form is one button of a page with what is sent by it.
type form struct {
	label, action string
	fields        url.Values
}

var (
	formHTML   = regexp.MustCompile(`(?s)<form[^>]*\baction="([^"]*)"[^>]*>(.*?)</form>`)
	inputHTML  = regexp.MustCompile(`<input[^>]*\bname="([^"]*)"[^>]*\bvalue="([^"]*)"`)
	buttonHTML = regexp.MustCompile(`(?s)<button[^>]*>(.*?)</button>`)
)

// forms reads the buttons of a page.
func forms(page string) []form {
	var list []form
	for _, found := range formHTML.FindAllStringSubmatch(page, -1) {
		f := form{action: html.UnescapeString(found[1]), fields: url.Values{}}
		if label := buttonHTML.FindStringSubmatch(found[2]); label != nil {
			f.label = html.UnescapeString(strings.TrimSpace(label[1]))
		}
		for _, in := range inputHTML.FindAllStringSubmatch(found[2], -1) {
			f.fields.Set(html.UnescapeString(in[1]), html.UnescapeString(in[2]))
		}
		list = append(list, f)
	}
	return list
}

// click opens a page and clicks the first button whose label begins with one of the wanted texts.
func (b *browser) click(ctx context.Context, page, label string) (clicked string, err error) {
	text, err := b.exchange(ctx, http.MethodGet, page, nil)
	if err != nil {
		return "", err
	}
	seen := []string{}
	for _, f := range forms(text) {
		if !strings.HasPrefix(f.label, label) {
			seen = append(seen, f.label)
			continue
		}
		target, err := url.Parse(page)
		if err != nil {
			return "", err
		}
		if target, err = target.Parse(f.action); err != nil {
			return "", err
		}
		_, err = b.exchange(ctx, http.MethodPost, target.String(), f.fields)
		return f.label, err
	}
	return "", fmt.Errorf("the page %s has no button %q, only %q", page, label, seen)
}

func (b *browser) exchange(ctx context.Context, method, address string, fields url.Values) (string, error) {
	var body io.Reader
	if fields != nil {
		body = strings.NewReader(fields.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return "", err
	}
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return "", fmt.Errorf("%s %s answered %s", method, address, res.Status)
	}
	return string(text), nil
}
