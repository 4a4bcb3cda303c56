# Everything a newcomer needs. "make run" starts the program on the embedded
# default; "make test" installs what the tests need and runs all of them.

GO          ?= go
GOBIN_DIR   ?= $(or $(GOLANGCI_BIN_DIR),$(HOME)/.cache/jiban/bin)
GOLANGCI    := $(GOBIN_DIR)/golangci-lint
LINT_VERSION := v2.15.0
VERSION     := $(shell git describe --always --dirty 2>/dev/null || echo dev)
UI_SOURCES  := $(shell find web/ui -path web/ui/node_modules -prune -o -type f -print 2>/dev/null)

.PHONY: run build ui test test-go test-ui soak soak-quarter bench lint fmt clean

run: build
	./bin/jiban serve --welcome

build: bin/jiban

bin/jiban: ui FORCE
	$(GO) build -ldflags "-X jiban/app.Version=$(VERSION)" -o $@ ./cmd/jiban

ui: web/dist/chat.html

web/ui/node_modules/.package-lock.json: web/ui/package-lock.json
	cd web/ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/chat.html: web/ui/node_modules/.package-lock.json $(UI_SOURCES)
	cd web/ui && npm run build --silent
	@touch web/dist/.keep $@

test: ui test-ui
	JIBAN_TEST_IN_MEMORY=1 bash scripts/services.sh $(MAKE) --no-print-directory test-go

test-ui: web/ui/node_modules/.package-lock.json
	cd web/ui && npm run check --silent && npm test --silent

# SQLite is C in Go's clothes with locks of its own: to watch each of its memory
# accesses would take as long as all the rest. What calls it is watched.
RACE = -race -gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0'

# What takes longest begins first, so that nothing is waited for at the end.
LONGEST = ./web ./store ./app ./app/e2e ./knowledge ./tickets
test-go:
	$(GO) vet ./...
	$(GO) test $(RACE) -timeout 20m $(LONGEST) ./...

# Random walks over whole databases: their tests take 20 each in make test, and as
# many as rapid does of itself here.
MODELS = ./store ./handoff ./retention ./tickets ./tickets/sheet

# The slow and long ones: more kills, more rounds, more articles, a quarter of a
# year with a million tickets.
soak: ui
	JIBAN_TEST_IN_MEMORY=1 JIBAN_SOAK=1 bash scripts/services.sh $(GO) test $(RACE) -timeout 60m -run 'Kill|Soak|Nodes' ./app/... ./store/... ./channels/...
	JIBAN_TEST_IN_MEMORY=1 bash scripts/services.sh $(GO) test $(RACE) -timeout 60m $(MODELS) -rapid.checks=100
	$(MAKE) --no-print-directory soak-quarter

# The quarter alone: fills PostgreSQL on disk (10 GB below TMPDIR) and prints what the
# start, the sweep, each list of the console and the figures cost.
soak-quarter:
	JIBAN_QUARTER=$(or $(QUARTER),1000000) bash scripts/services.sh $(GO) test -timeout 180m -run '^$$' -bench Quarter/postgres -benchtime 1x ./tickets

bench: ui
	bash scripts/services.sh $(GO) test -run '^$$' -bench . -benchtime $(or $(BENCHTIME),2s) -timeout 60m ./...

lint: $(GOLANGCI)
	$(GOLANGCI) run ./...

$(GOLANGCI):
	mkdir -p $(GOBIN_DIR)
	GOBIN=$(GOBIN_DIR) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

fmt:
	gofmt -w $$(git ls-files '*.go')

clean:
	rm -rf bin web/ui/node_modules
	find web/dist -mindepth 1 ! -name .keep -delete

FORCE:
