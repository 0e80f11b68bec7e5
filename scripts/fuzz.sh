#!/bin/sh
# fuzz.sh runs every fuzz target of every package, one after another.
#
#	scripts/fuzz.sh [DURATION]	(of each target; without it $RTFS_FUZZ, else 10m)
#	scripts/fuzz.sh DURATION NAME...	only the targets of these names
#
# It stops at the first that fails, whose input go test has put into testdata/fuzz
# then: it belongs into the repository, with what mends it.
set -eu
cd "$(dirname "$0")/.."

time=${1:-${RTFS_FUZZ:-10m}}
[ $# -gt 0 ] && shift
for package in $(go list ./...); do
	for target in $(go test -run '^$' -list '^Fuzz' "$package" | grep '^Fuzz' || :); do
		[ $# -gt 0 ] && case " $* " in *" $target "*) ;; *) continue ;; esac
		printf 'fuzz: %s of %s for %s\n' "$target" "$package" "$time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
	done
done
