package rtorrenttest

import (
	"cmp"
	"strconv"
	"strings"
)

// A sentence is a command in rTorrent's own language: "d.custom=addtime",
// "or={d.is_active=,d.hashing=}", "not=$d.complete=". What begins with $ is
// replaced by its result.
type sentence struct {
	do   command
	args []any // string, []any of strings, or sentence
}

// parse reads a sentence. The error is that of a command that does not exist.
func (r *run) parse(text string) (sentence, error) {
	name, rest, _ := strings.Cut(text, "=")
	do, ok := r.methods[name]
	if !ok {
		do, ok = privateCommands()[name]
	}
	if !ok {
		return sentence{}, noCommand(name)
	}
	s := sentence{do: do}
	if rest == "" {
		return s, nil
	}
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		var items []any
		for item := range strings.SplitSeq(strings.TrimSuffix(inner, "}"), ",") {
			items = append(items, item)
		}
		s.args = []any{items}
		return s, nil
	}
	for arg := range strings.SplitSeq(rest, ",") {
		nested, ok := strings.CutPrefix(arg, "$")
		if !ok {
			s.args = append(s.args, arg)
			continue
		}
		inner, err := r.parse(nested)
		if err != nil {
			return sentence{}, err
		}
		s.args = append(s.args, inner)
	}
	return s, nil
}

func (s *sentence) run(r *run, on target) (any, error) {
	if s.args == nil {
		return s.do(r, on, nil)
	}
	args := make([]any, len(s.args))
	for i, arg := range s.args {
		inner, ok := arg.(sentence)
		if !ok {
			args[i] = arg
			continue
		}
		v, err := inner.run(r, on)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	return s.do(r, on, args)
}

// operand is what a parameter of a logic command stands for: a sentence's
// result, or itself.
func (r *run) operand(on target, arg any) (any, error) {
	text, ok := arg.(string)
	if !ok || !strings.Contains(text, "=") {
		return arg, nil
	}
	s, err := r.parse(text)
	if err != nil {
		return nil, err
	}
	return s.run(r, on)
}

func isTrue(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case int64:
		return v != 0
	case []any:
		return len(v) > 0
	}
	return false
}

func logicCommands() map[string]command {
	return map[string]command{
		"branch":  branch,
		"or":      func(r *run, on target, args []any) (any, error) { return r.any(on, args, true) },
		"and":     func(r *run, on target, args []any) (any, error) { return r.any(on, args, false) },
		"not":     not,
		"equal":   compare(func(order int) bool { return order == 0 }),
		"less":    compare(func(order int) bool { return order < 0 }),
		"greater": compare(func(order int) bool { return order > 0 }),
		"value":   plain(func(_ *run, args []any) (any, error) { return numberArg(args, 0) }),
		"cat":     plain(cat),
	}
}

// branch is condition, then, condition, then, …, else.
func branch(r *run, on target, args []any) (any, error) {
	for len(args) >= 2 {
		v, err := r.operand(on, args[0])
		if err != nil {
			return nil, err
		}
		if isTrue(v) {
			return r.operand(on, args[1])
		}
		args = args[2:]
	}
	if len(args) == 0 {
		return nothing{}, nil
	}
	return r.operand(on, args[0])
}

// any looks for an operand that is true, or for one that is not.
func (r *run) any(on target, args []any, truth bool) (any, error) {
	for _, arg := range args {
		items, ok := arg.([]any)
		if !ok {
			items = []any{arg}
		}
		for _, item := range items {
			v, err := r.operand(on, item)
			if err != nil {
				return nil, err
			}
			if isTrue(v) == truth {
				return number(truth), nil
			}
		}
	}
	return number(!truth), nil
}

func not(r *run, on target, args []any) (any, error) {
	if len(args) == 0 {
		return nil, errTooFew
	}
	v, err := r.operand(on, args[0])
	return number(!isTrue(v)), err
}

func compare(holds func(order int) bool) command {
	return func(r *run, on target, args []any) (any, error) {
		if len(args) < 2 {
			return nil, errTooFew
		}
		a, err := r.operand(on, args[0])
		if err != nil {
			return nil, err
		}
		b, err := r.operand(on, args[1])
		if err != nil {
			return nil, err
		}
		switch a := a.(type) {
		case int64:
			if b, ok := b.(int64); ok {
				return number(holds(cmp.Compare(a, b))), nil
			}
		case string:
			if b, ok := b.(string); ok {
				return number(holds(strings.Compare(a, b))), nil
			}
		}
		return nil, errNotValue
	}
}

func cat(_ *run, args []any) (any, error) {
	var b strings.Builder
	for _, arg := range args {
		switch v := arg.(type) {
		case string:
			b.WriteString(v)
		case int64:
			b.WriteString(strconv.FormatInt(v, 10))
		}
	}
	return b.String(), nil
}
