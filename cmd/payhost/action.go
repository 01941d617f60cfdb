package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// actionHelp ends the help of the command that runs an action.
const actionHelp = "The actions are the provider's own; payhost %s actions ID lists them with the keys of their input.\n\n" +
	"An action that only reads needs no idempotency key. For any other one is made and printed on standard error, unless --key gives it.\n" +
	"To ask again after an answer was lost, repeat the command with that key, the same input and the same files.\n\n" +
	"Exit code 0: done; 1: refused or failed; 3: nobody knows yet, and the host finds out."

// actionCommand runs one action on an object of the kind noun; collection is its place in the API.
func (p *program) actionCommand(noun, collection string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "action ID NAME", Short: "Run one of the provider's own actions on an " + noun, Args: cobra.ExactArgs(2),
		Long: "Runs one of the provider's own actions on an " + noun + ".\n\n" + fmt.Sprintf(actionHelp, noun),
	}
	r := p.remoteFlags(cmd)
	key := keyFlag(cmd)
	cmd.Flags().StringVar(key, "key", "", "the same as --idempotency-key")
	input := cmd.Flags().String("input", "", "input as a JSON object, @FILE for a file with it, - for standard input")
	files := cmd.Flags().StringArray("file", nil, "file to attach; repeatable")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("key") && cmd.Flags().Changed("idempotency-key") {
			return usagef("--key and --idempotency-key are the same: give one")
		}
		a := client.Action{Collection: collection, ID: args[0], Name: args[1], Key: *key}
		var err error
		if a.Input, err = p.actionInput(*input); err != nil {
			return err
		}
		if a.Files, err = attachedFiles(*files); err != nil {
			return err
		}
		c, err := r.connect()
		if err != nil {
			return err
		}
		defer c.Close()
		spec, err := theAction(cmd.Context(), c, a)
		if err != nil {
			return err
		}
		if spec.Effect == string(pay.EffectRead) {
			result, _, err := c.RunAction(cmd.Context(), a)
			if err != nil {
				return err
			}
			return r.show(result, func(w io.Writer) { actionCard(w, result) })
		}
		err = p.order(r, *key, func(c *client.Client, key string) (string, error) {
			a.Key = key
			result, unknown, err := c.RunAction(cmd.Context(), a)
			if err != nil {
				return "", err
			}
			open := openOperation(result.Operation, unknown)
			if result.Invoice != nil {
				open = openInvoice(result.Invoice, unknown)
			}
			return open, r.show(result, func(w io.Writer) { actionCard(w, result) })
		})
		if _, lost := errors.AsType[*client.UnreachableError](err); lost {
			return &exitError{code: exitUnknown, err: err} // an action that only reads would only have failed
		}
		return err
	}
	return cmd
}

// actionsCommand lists the actions on an object of the kind noun.
func (p *program) actionsCommand(noun, collection string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "actions ID", Short: "List the provider's own actions on an " + noun, Args: cobra.ExactArgs(1),
		Long: "Lists the provider's own actions on an " + noun + ": what each does, and the keys of its input, those it needs with *.\n" +
			"With -o json the JSON Schemas of input and output are printed, too.",
	}
	r := p.remoteFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return answer(r, func(c *client.Client) (*rest.ActionList, error) {
			return c.Actions(cmd.Context(), collection, args[0])
		}, func(w io.Writer, list *rest.ActionList) {
			rows := [][]any{}
			for _, a := range list.Actions {
				files := ""
				if a.MaxAttachments > 0 {
					files = "up to " + strconv.Itoa(a.MaxAttachments)
				}
				rows = append(rows, []any{a.Name, a.Effect, yes(a.Allowed), a.Title, strings.Join(inputKeys(a.Input), " "), files})
			}
			grid(w, []any{"name", "effect", "possible now", "title", "input", "files"}, rows)
		})
	}
	return cmd
}

// theAction is what the host says of an action; the error names those that exist.
func theAction(ctx context.Context, c *client.Client, a client.Action) (rest.OfferedAction, error) {
	list, err := c.Actions(ctx, a.Collection, a.ID)
	if err != nil {
		return rest.OfferedAction{}, err
	}
	var names []string
	for _, offered := range list.Actions {
		if offered.Name == a.Name {
			return offered, nil
		}
		names = append(names, offered.Name)
	}
	there := "it has none"
	if len(names) > 0 {
		there = "it has " + strings.Join(names, ", ")
	}
	return rest.OfferedAction{}, fmt.Errorf("provider %s has no action %q here; %s", list.Provider, a.Name, there)
}

// actionInput reads the input from the flag's own text, a file or standard input.
func (p *program) actionInput(text string) (json.RawMessage, error) {
	if text == "" {
		return nil, nil
	}
	raw := []byte(text)
	if name, file := strings.CutPrefix(text, "@"); file || text == "-" {
		var err error
		if raw, err = p.read(name); err != nil {
			return nil, fmt.Errorf("--input: %w", err)
		}
	}
	if _, err := object(raw); err != nil {
		return nil, usagef("--input: %w", err)
	}
	return bytes.TrimSpace(raw), nil
}

// attachedFiles reads the files of an action, as far as an action can take any.
func attachedFiles(names []string) ([]client.File, error) {
	var files []client.File
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("--file: %w", err)
		case !info.Mode().IsRegular():
			return nil, usagef("--file: %s is not a file", name)
		case info.Size() > pay.MaxAttachmentSize:
			return nil, usagef("--file: %s has more than %d bytes", name, pay.MaxAttachmentSize)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--file: %w", err)
		}
		kind := mime.TypeByExtension(filepath.Ext(name))
		if kind == "" {
			kind = "application/octet-stream"
		}
		files = append(files, client.File{Name: filepath.Base(name), ContentType: kind, Content: content})
	}
	return files, nil
}

// inputKeys are the keys of an action's input by name, those it needs with a star.
func inputKeys(schema json.RawMessage) []string {
	var s struct {
		Properties map[string]json.RawMessage
		Required   []string
	}
	if json.Unmarshal(schema, &s) != nil {
		return nil
	}
	keys := slices.Sorted(maps.Keys(s.Properties))
	for i, key := range keys {
		if slices.Contains(s.Required, key) {
			keys[i] += "*"
		}
	}
	return keys
}

func actionCard(w io.Writer, result *host.ActionResult) {
	facts := [][2]string{{"operation", result.Operation}}
	if inv := result.Invoice; inv != nil {
		facts = append(facts, [2]string{"invoice", inv.ID}, [2]string{"status", string(inv.Status)}, [2]string{"attention", trouble(inv)})
	}
	if result.Operation != "" {
		card(w, facts...)
	}
	if result.Invoice != nil {
		for _, a := range result.Invoice.NextActions {
			printf(w, "next action: %s\n", nextAction(a))
		}
	}
	var pretty bytes.Buffer
	if len(result.Output) > 0 && json.Indent(&pretty, result.Output, "", "  ") == nil {
		printf(w, "%s\n", pretty.String())
	}
}
