package rtorrent

import "errors"

// RuleBroken returns the name of the rule that a refusal is for; "" where the
// bytes were no bencode.
func RuleBroken(err error) string {
	var r *refusal
	if !errors.As(err, &r) || r.rule == nil {
		return ""
	}
	return r.rule.name
}

// RuleNames returns the names of all rules.
func RuleNames() []string {
	var names []string
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}
