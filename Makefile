# Postel's targets. "make" prints them with what they do.

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 60s
SUITES   ?=
TOOLS    := $(CURDIR)/build/bin

# The linter's version is pinned here and nowhere else.
LINTER_VERSION := v2.15.0
LINTER         := $(TOOLS)/golangci-lint-$(LINTER_VERSION)

.DEFAULT_GOAL := help
.PHONY: help deps build run test check fuzz bench soak lint

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## get what the tests need: Go modules, a C compiler, curl, Postfix and Dovecot (unpacked privately)
	@want=; command -v gcc >/dev/null || want="gcc libc6-dev"; \
	for tool in curl openssl python3; do command -v $$tool >/dev/null || want="$$want $$tool"; done; \
	[ -z "$$want" ] || { \
	  echo "The race detector needs a C compiler, and the guides' commands need tools: installing $$want."; \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$want >/dev/null; }
	@go list -deps -test ./... >/dev/null
	@go run ./internal/testbed/fetch

build: ## build bin/postel, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/postel ./cmd/postel

run: build ## build it, show a mail become a text and the answer a mail, and stay up
	bin/postel demo --stay

check: ## the quick part of the tests, for every edit
	@go run ./internal/testrun -quick

test: deps ## run every test, real Postfix and Dovecot included (SUITES="unit e2e" for some)
	@go run ./internal/testrun $(SUITES)

fuzz: ## run each fuzz target for FUZZTIME (60s)
	@grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's|/[^/]*:func | |' | sort | \
	while read -r dir target; do \
	  echo "== $$dir $$target"; \
	  go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$dir" || exit 1; \
	done

bench: build ## measure: the whole way of a text over 1, 10 and 50 sessions, Kannel and a modem's peers beside it, then each part
	go run ./internal/bench bin/postel
	cd internal/bench && go test -tags bench -run TestBenchKannel -count 1
	cd internal/testbed/modem && go test -tags bench -run TestBench -count 1
	go test -run '^$$' -bench . -benchmem -timeout 30m ./...

soak: ## run the long tests, those with the build tag soak
	go test -tags soak -run Soak -count 1 -timeout 3h -v ./internal/e2e/...

lint: $(LINTER) ## run the linters, which also know who may import whom (.golangci.yml)
	$(LINTER) run ./...

$(LINTER):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	mv $(TOOLS)/golangci-lint $@
