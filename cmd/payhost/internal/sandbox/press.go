package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// everySim is the value of the form field sim that means all simulators.
const everySim = "*"

// maxNotice bounds how much of a simulator's answer the page shows.
const maxNotice = 600

// press takes a form of the page: sim and move name a move of a simulator's own description, id the object, and the
// fields follow as f.<name>. It answers with a redirect to the page, which shows once what came of it.
func (s *Sandbox) press(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	name := r.PostForm.Get("sim")
	var done []string
	found := false
	for _, p := range s.providers {
		if name != p.Name && name != everySim {
			continue
		}
		found = true
		done = append(done, s.pressOne(r, p))
	}
	if !found {
		http.Error(w, "there is no such simulator", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.notice = strings.Join(done, "\n")
	s.mu.Unlock()
	target := "/"
	if name != everySim {
		target += "#" + name
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// pressOne carries the form's move out and says what came of it.
func (s *Sandbox) pressOne(r *http.Request, p provider) string {
	var moves []move
	if err := p.get(r.Context(), "moves", &moves); err != nil {
		return err.Error()
	}
	i := slices.IndexFunc(moves, func(m move) bool { return m.Name == r.PostForm.Get("move") })
	if i < 0 {
		return p.Name + ": there is no such move"
	}
	body, err := moves[i].body(r.PostForm)
	if err != nil {
		return p.Name + ": " + err.Error()
	}
	out, err := p.press(r.Context(), moves[i], body)
	if err != nil {
		return err.Error()
	}
	if moves[i].Of != "" {
		out = r.PostForm.Get("id")
	}
	return fmt.Sprintf("%s: %s: %.*s", p.Name, moves[i].Label, maxNotice, out)
}

// body is the JSON body of a move filled with what the form says.
func (m move) body(form url.Values) (map[string]any, error) {
	out := maps.Clone(m.Fixed)
	if out == nil {
		out = map[string]any{}
	}
	if m.Of != "" {
		if form.Get("id") == "" {
			return nil, errors.New("the form names no object")
		}
		out["id"] = form.Get("id")
	}
	for _, f := range m.Fields {
		value := strings.TrimSpace(form.Get("f." + f.Name))
		switch {
		case value == "":
		case f.Kind == "flag":
			out[f.Name] = true
		case f.Kind == "number":
			// As it stands: what is no number is refused by the simulator, in its own words.
			if !json.Valid([]byte(value)) {
				return nil, fmt.Errorf("%s: %q is no number", f.Label, value)
			}
			out[f.Name] = json.RawMessage(value)
		default:
			out[f.Name] = value
		}
	}
	return out, nil
}

// sameOrigin lets only requests through that no other page made: not by a form or script of another origin, and not under
// a name that somebody else's name server points here.
func sameOrigin(next http.Handler, loopback bool) http.Handler {
	checked := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if loopback && !localName(r.Host) {
			http.Error(w, "this address is for 127.0.0.1 and localhost", http.StatusMisdirectedRequest)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil
}
