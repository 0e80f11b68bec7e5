# rtfs. `make deps` installs what building, the demo and the tests need.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FLAGS    = -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
BIN      = $(shell $(GO) env GOPATH)/bin

.PHONY: build demo deps test test-long check bench docs clean

build:
	$(GO) build $(FLAGS) -o rtfs .

deps:
	sh scripts/deps.sh

demo: deps build
	./rtfs demo

# What is about goroutines that meet.
CONCURRENT = Readers|TestFS|Shell|Bulk|Hung|Stale|Flight|Patch|Drop|Limit|Retr|Interrupt|Connections|Events|Keyed

# SUM runs tests and repeats, once, those that failed: with real daemons, real
# mounts and programs of others a busy machine can fail a right one. What passes
# only when repeated is printed as a failure all the same, under "Failed": it is
# to be mended. More than five failures, a panic, a timeout or a data race are not repeated.
SUM = $(BIN)/gotestsum --format pkgname --format-hide-empty-pkg --rerun-fails=1 --rerun-fails-max-failures=5 \
	--rerun-fails-run-root-test --rerun-fails-abort-on-data-race

# Every test, on real rTorrents and real mounts; then what is about concurrency
# with the race detector, and on one processor, since some failures show only
# there.
test: deps
	$(SUM) --packages=./... -- -timeout 30m
	$(SUM) --packages='./cache ./fs ./rtorrent' -- -race -short -timeout 15m -run '$(CONCURRENT)'
	GOMAXPROCS=1 $(SUM) --packages='./cache ./fs' -- -short -count 1 -timeout 15m -run '$(CONCURRENT)'

test-long: deps
	$(SUM) --packages=./... -- -tags long -timeout 120m

check: deps
	@test -z "$$(gofmt -l .)" || { gofmt -l . ; echo 'check: gofmt: run gofmt -w on these files' ; exit 1 ; }
	$(GO) vet ./...
	$(BIN)/staticcheck ./...
	$(GO) test -run 'TestImports|TestReference|TestGolden' . ./fs

# How fast it is, beside what else one could do; writes docs/benchmarks.md. For
# root, since it has the kernel forget its caches.
bench: deps
	GO="$(GO)" sh scripts/bench.sh
	$(GO) test -tags bench -count 1 -timeout 3h -v ./bench

# The README's tree and the golden listing come from the table.
docs:
	$(GO) test . ./fs -run "TestReference|TestGolden" -update

clean:
	rm -f rtfs
