package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"rtfs/rtorrent"
)

func (p *program) callCommand() *cli.Command {
	return &cli.Command{
		Name:      "call",
		Usage:     "makes one call and prints its result as JSON",
		ArgsUsage: "[SERVER] METHOD [ARG…]",
		Description: "SERVER is recognised by its ://. ARG is a string, or JSON behind a colon: :5 :[\"a\",1] :{} :\":x\"\n" +
			"Most commands want a target first: an info-hash, or \"\" for rTorrent itself.\n" +
			"    rtfs call system.client_version\n" +
			"    rtfs call d.multicall2 \"\" main d.hash= d.name=\n" +
			"    rtfs call throttle.global_down.max_rate.set \"\" :500000",
		Flags: append([]cli.Flag{
			toggle("xml", "call by XML-RPC, which every rTorrent speaks (the default)"),
			toggle("json", "call by JSON-RPC, which 0.16 speaks"),
			toggle("raw", "print the bytes of the reply as they came"),
			serverFlag(),
		}, serverFlags()...),
		Action: p.call,
	}
}

func (p *program) call(c *cli.Context) error {
	words := c.Args().Slice()
	server := c.String("server")
	if server == "" && len(words) > 0 && strings.Contains(words[0], "://") {
		server, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return usage("call: no METHOD is given")
	}
	if c.Bool("xml") && c.Bool("json") {
		return usage("call: --xml and --json exclude each other")
	}
	if guess := guessAddress(words[0]); guess != "" {
		return fail(exitUsage, "perhaps "+guess, "call: %q is neither an address nor a METHOD", words[0])
	}
	args, err := callArgs(words[1:])
	if err != nil {
		return err
	}
	log, err := p.logger(c)
	if err != nil {
		return err
	}
	_, t, err := p.openServer(c, server)
	if err != nil {
		return err
	}
	wire := &tap{Transport: t}
	ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
	defer cancel()
	var result any
	if c.Bool("json") {
		result, err = callJSON(ctx, wire, words[0], args)
	} else {
		// A write, since it may be one: it is never sent twice.
		client := rtorrent.New(wire, rtorrent.Options{Timeout: c.Duration("timeout"), Log: log})
		err = client.CallWrite(ctx, &result, words[0], args...)
	}
	if c.Bool("raw") && wire.reply != nil {
		_, wrote := p.stdout.Write(wire.reply)
		return errors.Join(err, wrote)
	}
	if err != nil {
		return err
	}
	return printJSON(p.stdout, result)
}

// A tap is a Transport that keeps the last reply. It is for one call at a time.
type tap struct {
	rtorrent.Transport
	reply []byte
}

// RoundTrip implements rtorrent.Transport.
func (t *tap) RoundTrip(ctx context.Context, contentType string, request []byte) ([]byte, string, error) {
	reply, replyType, err := t.Transport.RoundTrip(ctx, contentType, request)
	t.reply = bytes.Clone(reply)
	return reply, replyType, err
}

// callArgs reads the arguments of a call: a string, or JSON behind a colon.
func callArgs(words []string) ([]any, error) {
	args := make([]any, len(words))
	for i, w := range words {
		text, isJSON := strings.CutPrefix(w, ":")
		if !isJSON {
			args[i] = w
			continue
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		err := d.Decode(&v)
		if err == nil && d.More() {
			err = errors.New("something follows the value")
		}
		if err == nil {
			v, err = integers(v)
		}
		if err != nil {
			return nil, usage("call: argument %d, %s: not JSON for rTorrent: %w", i+1, w, err)
		}
		args[i] = v
	}
	return args, nil
}

// integers makes the numbers in a decoded JSON value int64.
func integers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case nil:
		return nil, errors.New("rTorrent knows no null")
	case json.Number:
		return v.Int64()
	case []any:
		for i := range v {
			if v[i], err = integers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range v {
			if v[key], err = integers(v[key]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// callJSON makes one call by JSON-RPC 2.0.
func callJSON(ctx context.Context, t rtorrent.Transport, method string, args []any) (any, error) {
	request, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": args})
	if err != nil {
		return nil, err
	}
	body, _, err := t.RoundTrip(ctx, "application/json", request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var reply struct {
		Result json.RawMessage
		Error  *struct {
			Code    int64
			Message string
		}
	}
	switch err := json.Unmarshal(body, &reply); {
	case err != nil:
		return nil, fail(exitFailure, "leave out --json", "%s: the reply is not JSON: this rTorrent speaks XML-RPC only", method)
	case reply.Error != nil:
		return nil, &rtorrent.Fault{Method: method, Code: reply.Error.Code, Message: reply.Error.Message}
	}
	return reply.Result, nil
}

// printJSON prints a result for people and jq alike.
func printJSON(w io.Writer, result any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(withoutNil(result))
}

// withoutNil puts back the empty strings that the XML codec reads as nil.
func withoutNil(v any) any {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		for i := range v {
			v[i] = withoutNil(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = withoutNil(v[key])
		}
	}
	return v
}
