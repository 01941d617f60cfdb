# Everything a person or the CI runs is a target here; `.ci/run` calls these and has no checks of its own.
# `make demo` and `make test` need Go and git only. The other targets build their tools, once, from tools/go.mod.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-print-directory

PROVIDERS   := payin merchant monobank
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# DEBUG=1 keeps symbols and debug information, for a debugger or a profile of the binary itself; stack traces are whole either way.
STRIP       := $(if $(DEBUG),,-s -w )
LDFLAGS     := $(STRIP)-X main.version=$(VERSION)
# gRPC's own web page of traces, which nothing here turns on, would otherwise be linked and initialised in every plugin.
TAGS        := grpcnotrace
MAINS       := ./cmd/payhost $(foreach p,$(PROVIDERS),./plugins/$(p)/cmd/payhost-provider-$(p))

TESTFLAGS   ?=
ONLY        ?=
BENCHFLAGS   = $(if $(GROWTH),-only growth -out results/growth.json $(if $(QUICK),-quick,-page ../docs/performance.md -block growth),\
               -only '$(ONLY)' -out results/$(if $(QUICK)$(ONLY),quick,latest).json $(if $(QUICK),-quick) $(if $(QUICK)$(ONLY),,-page ../docs/performance.md))
FUZZTIME    ?= 20s

# Tools are rebuilt when their pins, or the Go that compiles them, change; otherwise a stamp says that they are there.
TOOLBIN     := .cache/bin
TOOLS_HASH   = $(shell { go env GOVERSION; cat tools/go.mod tools/go.sum; } | git hash-object --stdin)
PROTO_HASH   = $(shell { go env GOVERSION; grep ' google.golang.org/protobuf ' go.mod; } | git hash-object --stdin)

# The race detector needs cgo and a C compiler. Every other part of the project is built without either.
RACE         = $(shell [ "$$(go env CGO_ENABLED)" = 1 ] && command -v $$(go env CC) >/dev/null && echo -race)

.DEFAULT_GOAL := all
.PHONY: all help demo build test soak lint verify cross fmt generate baseline bench fuzz clean tools

all: verify build lint test ## what a change must pass: verify, build, lint, test (the default)

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##
## Run it
##

demo: build ## run the three providers as plugin processes against their simulators
	bin/payhost demo

build: ## static binaries in bin/: payhost and one per provider, stripped (DEBUG=1: with debug information); says their sizes
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -tags '$(TAGS)' -ldflags '$(LDFLAGS)' -o bin/ $(MAINS)
	@for program in $(notdir $(MAINS)); do \
	  wc -c < bin/$$program | awk -v name=$$program '{ printf "  %-28s %5.1f MiB\n", name, $$1 / 1048576 }'; \
	done

##
## Check it
##

test: ## every test, shuffled, with the race detector where a C compiler is found
	@[ -n "$(RACE)" ] || printf '%s\n' '' \
	  '  *****************************************************************' \
	  '  *  No C compiler, or CGO_ENABLED=0: running WITHOUT the race    *' \
	  '  *  detector. Data races will not be found. Install gcc or clang.*' \
	  '  *****************************************************************' '' >&2
	go test $(RACE) -shuffle=on -timeout 30m $(TESTFLAGS) ./...

soak: ## the randomised suites in full, without the race detector (up to 40 minutes on two idle processors)
	PAYHOST_SOAK=1 go test -shuffle=on -timeout 60m $(TESTFLAGS) ./...

fuzz: ## every fuzz target for FUZZTIME (20s) each
	.ci/fuzz $(FUZZTIME)

bench: ## what things cost beside their peers (QUICK=1: under 3 minutes; GROWTH=1: with size); BENCH=regexp: the packages' own benchmarks
ifdef BENCH
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(TESTFLAGS) ./...
else
	@mkdir -p .cache/bench
	cd bench && CGO_ENABLED=0 go build -trimpath -tags '$(TAGS)' -ldflags '-s -w' -o ../.cache/bench/ ./cmd/...
	cd bench && GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags '-s -w' -o ../.cache/bench/guest.wasm ./cmd/guest
	cd bench && ../.cache/bench/payhost-bench -bin ../.cache/bench $(BENCHFLAGS)
endif

lint: $(TOOLBIN)/.lint-$(TOOLS_HASH) ## gofmt, go vet and golangci-lint
	@unformatted=$$(git ls-files -z --cached --others --exclude-standard -- '*.go' | xargs -0 -r ls -d 2>/dev/null | xargs -r gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not formatted with gofmt:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(TOOLBIN)/golangci-lint run ./...

verify: tools ## regenerating changes nothing, the contract is kept, the modules are tidy, every system builds
	.ci/verify-generated
	$(TOOLBIN)/buf lint
	@if [ -f proto/baseline.binpb ]; then \
	  echo "$(TOOLBIN)/buf breaking --against proto/baseline.binpb"; \
	  $(TOOLBIN)/buf breaking --against proto/baseline.binpb; \
	else \
	  echo "buf breaking: skipped, because there is no proto/baseline.binpb yet (make baseline)"; \
	fi
	go mod tidy -diff
	go mod verify
	cd tools && go mod verify
	cd bench && go mod tidy -diff && go vet ./...
	$(MAKE) cross

cross: ## every package for the systems that the tests do not run on (a minute at first, then seconds)
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go vet ./...
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go vet ./...
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go build ./...
	GOOS=freebsd GOARCH=amd64 CGO_ENABLED=0 go build ./...

##
## Change it
##

fmt: $(TOOLBIN)/.lint-$(TOOLS_HASH) ## format the Go files and group their imports
	$(TOOLBIN)/golangci-lint fmt ./...

generate: tools ## regenerate the gRPC code and the goldens of the documents
	$(TOOLBIN)/buf generate
	go generate ./...

baseline: tools ## accept the present proto files as the contract that must not break
	$(TOOLBIN)/buf build --exclude-source-info -o proto/baseline.binpb

tools: $(TOOLBIN)/.buf-$(TOOLS_HASH) $(TOOLBIN)/.protoc-gen-go-$(PROTO_HASH) ## build buf and the protobuf generators into .cache/bin

clean: ## remove bin/ and the built tools
	rm -rf bin .cache

# buf takes about two minutes to compile the first time, golangci-lint one.
$(TOOLBIN)/.buf-%:
	@mkdir -p $(TOOLBIN); rm -f $(TOOLBIN)/.buf-*
	cd tools && CGO_ENABLED=0 go build -trimpath -o ../$(TOOLBIN)/ \
	  github.com/bufbuild/buf/cmd/buf google.golang.org/grpc/cmd/protoc-gen-go-grpc
	@touch $@

$(TOOLBIN)/.lint-%:
	@mkdir -p $(TOOLBIN); rm -f $(TOOLBIN)/.lint-*
	cd tools && CGO_ENABLED=0 go build -trimpath -o ../$(TOOLBIN)/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

# From the main module on purpose: generator and runtime are then one version, whatever buf itself was built with.
$(TOOLBIN)/.protoc-gen-go-%:
	@mkdir -p $(TOOLBIN); rm -f $(TOOLBIN)/.protoc-gen-go-[0-9a-f]*
	CGO_ENABLED=0 go build -trimpath -o $(TOOLBIN)/ google.golang.org/protobuf/cmd/protoc-gen-go
	@touch $@
