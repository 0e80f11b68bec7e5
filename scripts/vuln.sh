#!/bin/sh
# vuln.sh has govulncheck look for known vulnerabilities in what rtfs calls, of
# the modules and of Go itself. Where its database cannot be reached it says so
# and is content: it is not part of CI.
set -eu
cd "$(dirname "$0")/.."

said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
"$(go env GOPATH)/bin/govulncheck" ./... >"$said" 2>&1 || status=$?
cat "$said"
if [ "$status" -ne 0 ] && grep -q 'fetching vulnerabilities' "$said"; then
	echo 'vuln: skipped: the database of known vulnerabilities cannot be reached from here'
	exit 0
fi
exit "$status"
