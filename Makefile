# rtfs. `make deps` installs what building, the demo and the tests need.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# A binary of at most 12 MB: without what rtfs does not use of its libraries, and
# with functions called, not copied into their callers, where speed is no matter.
TAGS     = nethttpomithttp2,urfave_cli_no_docs,urfave_cli_no_suggest
COLD     = net net/http net/http/... net/url net/textproto net/netip vendor/golang.org/x/... crypto/tls crypto/x509 \
           encoding/asn1 encoding/gob encoding/xml net/rpc html/template text/template... \
           regexp... mime/... flag log log/slog math/big crypto/rsa crypto/ecdsa compress/... \
           os/exec os/user text/tabwriter encoding/pem encoding/json path/filepath io/fs bufio container/list unique \
           golang.org/x/sys/... golang.org/x/sync/... rtfs rtfs/cache rtfs/fs/disk \
           crypto/internal/... fmt reflect github.com/urfave/... github.com/anacrolix/... github.com/kolo/...
FLAGS    = -trimpath -tags $(TAGS) $(COLD:%=-gcflags=%=-l) \
           -ldflags "-s -w -funcalign=16 -X main.version=$(VERSION)"
AT_MOST  = 12000000
BIN      = $(shell $(GO) env GOPATH)/bin
OUT     ?= rtfs

# Where `make install` puts things. SBIN is where mount(8) looks for what mounts
# a type.
PREFIX  ?= /usr/local
SBIN    ?= /sbin
BASH     = $(PREFIX)/share/bash-completion/completions
ZSH     ?= $(PREFIX)/share/zsh/site-functions
FISH     = $(PREFIX)/share/fish/vendor_completions.d
UNITS    = $(PREFIX)/lib/systemd/user

.PHONY: build size install uninstall deb dist demo deps test test-long check bench docs clean

# Without C, so that it runs on any Linux.
build:
	CGO_ENABLED=0 $(GO) build $(FLAGS) -o $(OUT) .

size: build
	@test $$(stat -c %s $(OUT)) -le $(AT_MOST) || { echo 'size: $(OUT) has more than $(AT_MOST) bytes' >&2 ; exit 1 ; }

# What the program is made of, less what is for tests.
SOURCES  = go.mod go.sum $(filter-out %_test.go,$(wildcard *.go cache/*.go fs/*.go fs/*/*.go rtorrent/*.go))

# For root: builds only what is not there, since root may lack Go and should own
# nothing here. A binary older than its sources, as after git pull, is refused.
install:
	test -x $(OUT) || $(MAKE) build
	@test -z "$$(find $(SOURCES) -newer $(OUT))" || { echo 'install: $(OUT) is older than its sources: run make build' >&2 ; exit 1 ; }
	install -Dm755 $(OUT) $(DESTDIR)$(PREFIX)/bin/rtfs
	install -Dm644 contrib/man/rtfs.1 $(DESTDIR)$(PREFIX)/share/man/man1/rtfs.1
	install -Dm644 contrib/man/rtfs.5 $(DESTDIR)$(PREFIX)/share/man/man5/rtfs.5
	install -Dm644 contrib/man/mount.fuse.rtfs.8 $(DESTDIR)$(PREFIX)/share/man/man8/mount.fuse.rtfs.8
	install -Dm644 contrib/completions/rtfs.bash $(DESTDIR)$(BASH)/rtfs
	install -Dm644 contrib/completions/rtfs.zsh $(DESTDIR)$(ZSH)/_rtfs
	install -Dm644 contrib/completions/rtfs.fish $(DESTDIR)$(FISH)/rtfs.fish
	install -d $(DESTDIR)$(UNITS) $(DESTDIR)$(SBIN)
	sed 's|/usr/bin/rtfs|$(PREFIX)/bin/rtfs|' contrib/systemd/rtfs.service >$(DESTDIR)$(UNITS)/rtfs.service
	chmod 644 $(DESTDIR)$(UNITS)/rtfs.service
	ln -sfr $(DESTDIR)$(PREFIX)/bin/rtfs $(DESTDIR)$(SBIN)/mount.fuse.rtfs

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/rtfs $(DESTDIR)$(PREFIX)/share/man/man1/rtfs.1 $(DESTDIR)$(PREFIX)/share/man/man5/rtfs.5 \
		$(DESTDIR)$(PREFIX)/share/man/man8/mount.fuse.rtfs.8 \
		$(DESTDIR)$(BASH)/rtfs $(DESTDIR)$(ZSH)/_rtfs $(DESTDIR)$(FISH)/rtfs.fish \
		$(DESTDIR)$(UNITS)/rtfs.service $(DESTDIR)$(SBIN)/mount.fuse.rtfs

# A package for Debian and its kin, and archives for any Linux, in dist/.
deb:
	GO="$(GO)" sh scripts/deb.sh "$(VERSION)"

dist:
	GO="$(GO)" sh scripts/dist.sh "$(VERSION)"

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

# Screenshots of the file manager that test-long drives go where this says.
SCREENSHOTS ?= $(CURDIR)/build/screenshots

# The slow ones, then known vulnerabilities where their database can be reached,
# and each fuzz target for RTFS_FUZZ, which is 10m if it is not set.
test-long: deps
	sh scripts/deps.sh long
	RTFS_SCREENSHOTS="$(SCREENSHOTS)" $(SUM) --packages=./... -- -tags long -timeout 120m
	sh scripts/vuln.sh
	sh scripts/fuzz.sh

check: deps size
	@test -z "$$(gofmt -l .)" || { gofmt -l . ; echo 'check: gofmt: run gofmt -w on these files' ; exit 1 ; }
	$(GO) mod verify
	$(GO) vet ./...
	$(BIN)/staticcheck ./...
	$(GO) test -run 'TestImports|TestReference|TestGolden' . ./fs

# How fast it is, beside what else one could do; writes docs/benchmarks.md. For
# root, since it has the kernel forget its caches.
bench: deps
	GO="$(GO)" sh scripts/bench.sh
	$(GO) test -tags bench -count 1 -timeout 3h -v ./bench

# The README's tables, the golden listing, the man pages and the completions
# come from the table of the tree and the flags.
docs:
	$(GO) test . ./fs -run "TestReference|TestGolden" -update

clean:
	rm -rf rtfs dist build
