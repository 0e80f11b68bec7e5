# bench.sh runs the benchmarks and prints them as a table, each beside what a
# general decoder takes for the same bytes in the same run.
#
#	scripts/bench.sh	(GO=go, COUNT=5 runs of which the median counts)
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."

printf '%s, %s, %s CPUs\n\n' "$(${GO:-go} version)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
${GO:-go} test -run '^$' -bench '^BenchmarkTable$' -benchmem -count "${COUNT:-5}" ./rtorrent | awk '
	/^BenchmarkTable/ {
		name = $1
		sub(/^BenchmarkTable\//, "", name); sub(/-[0-9]+$/, "", name)
		if (!(name in n)) names[++count] = name
		for (i = 2; i < NF; i++) {
			if ($(i + 1) == "µs/row") us[name, ++n[name]] = $i
			if ($(i + 1) == "allocs/op") allocs[name] = $i
		}
	}
	function median(name,   i, j, v, sorted) {
		for (i = 1; i <= n[name]; i++) {
			v = us[name, i]
			for (j = i; j > 1 && sorted[j - 1] > v; j--) sorted[j] = sorted[j - 1]
			sorted[j] = v
		}
		return sorted[int((n[name] + 1) / 2)]
	}
	END {
		print "Decoding a table of 10,000 rows of 36 columns"
		print ""
		print "| decoder | µs a row | allocations a row | times faster than the general decoder |"
		print "|---|---|---|---|"
		for (i = 1; i <= count; i++) {
			name = names[i]
			general = name ~ /json/ ? "encoding-json" : "kolo"
			printf "| %s | %.2f | %.2f | %.1f |\n", name, median(name), allocs[name] / 10000, median(general) / median(name)
		}
	}'
