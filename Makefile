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

# Every test, on real rTorrents and real mounts; then what is about concurrency
# with the race detector, and on one processor, since some failures show only
# there.
test: deps
	$(GO) test -timeout 15m ./...
	$(GO) test -race -short -timeout 15m -run '$(CONCURRENT)' ./cache ./fs ./rtorrent
	GOMAXPROCS=1 $(GO) test -short -count 1 -timeout 15m -run '$(CONCURRENT)' ./cache ./fs

test-long: deps
	$(GO) test -tags long -timeout 60m ./...

check: deps
	@test -z "$$(gofmt -l .)" || { gofmt -l . ; echo 'check: gofmt: run gofmt -w on these files' ; exit 1 ; }
	$(GO) vet ./...
	$(BIN)/staticcheck ./...
	$(GO) test -run 'TestImports|TestReference|TestGolden' . ./fs

bench:
	GO="$(GO)" sh scripts/bench.sh

# The README's tree and the golden listing come from the table.
docs:
	$(GO) test . ./fs -run "TestReference|TestGolden" -update

clean:
	rm -f rtfs
