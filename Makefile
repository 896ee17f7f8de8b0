# Everything is built without cgo: a sandbox is this binary started again, in a root of its own.
export CGO_ENABLED := 0
export GOFLAGS := -buildvcs=false

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 10s

# Of a soak: how long, how many functions, requests a second, and what its traffic depends on (0: a new one each time).
FOR       ?= 5m
FUNCTIONS ?= 200
RATE      ?= 20
SEED      ?= 0
# How many sleep, one after the other, with soak-scale.
SIZES     ?= 10,100,1000

# With cgo and the race detector; the packages that start sandboxes cannot.
RACED := ./api ./cgroup ./cli ./demo ./doctor ./gateway ./hibernate ./image ./install ./kvm/guest/init ./kvm/initramfs ./kvm/root ./kvm/wire ./output ./reconcile ./sandbox ./spec ./systemd

.DEFAULT_GOAL := help
.PHONY: help build deb setup demo test unit guest nspawn testvm vmshell fuzz soak soak-scale soaker bench bench-quick bench-vm workloads fmt clean

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

build: ## Build out/torpor, one static binary
	$(GO) build -trimpath -ldflags '-s -w' -o kvm/guest/program/init ./kvm/guest/init
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o out/torpor .

deb: build ## Pack out/torpor into out/torpor_VERSION_amd64.deb
	@scripts/deb.sh '$(VERSION)'

setup: ## Install missing Debian packages, make the examples' root file systems
	@scripts/setup.sh
	@scripts/roots.sh
	@scripts/kernel.sh
	@$(GO) build -trimpath -ldflags '-s -w' -o examples/hello-go/rootfs/hello ./examples/hello-go
	@$(GO) build -trimpath -ldflags '-s -w' -o examples/udp/tally/rootfs/tally ./examples/udp/tally

demo: setup build ## Four functions on a budget for two: who sleeps, and how fast they wake
	@$(GO) build -o out/demo ./demo
	@out/demo

test: setup build ## Check everything that can be checked on this machine
	@scripts/setup.sh guest
	@scripts/part.sh vet $(GO) vet -tags acceptance ./...
	@scripts/part.sh unit $(MAKE) --no-print-directory unit
	@scripts/part.sh appliance $(GO) test -count=1 -timeout 20m ./appliance
	@scripts/part.sh soak $(MAKE) --no-print-directory soak FOR=40s FUNCTIONS=30
	@scripts/part.sh bench-quick $(MAKE) --no-print-directory bench-quick
	@scripts/part.sh nspawn $(MAKE) --no-print-directory nspawn
	@scripts/part.sh testvm $(MAKE) --no-print-directory testvm

unit:
	CGO_ENABLED=1 $(GO) test -race -timeout 10m $(RACED)
	$(GO) test -count=1 -timeout 10m $(filter-out torpor/appliance,$(shell $(GO) list ./...))

# What a guest is given.
guest: setup build deb
	@scripts/setup.sh guest

nspawn: guest ## The acceptance tests under systemd in a container (RUN=REGEX: some of them)
	@scripts/nspawn.sh -run '$(RUN)'

testvm: guest ## The acceptance tests in a virtual machine (RUN=REGEX: some of them)
	@scripts/testvm.sh -run '$(RUN)'

vmshell: guest ## A shell in that machine, with torpor and the examples
	@scripts/vmshell.sh

fuzz: ## Fuzz each target for FUZZTIME
	@scripts/fuzz.sh $(FUZZTIME)

soak: build soaker ## Functions asleep and awake under random traffic (FOR=10m FUNCTIONS=300 RATE=20 SEED=1): out/soak.md
	@out/soak -for $(FOR) -functions $(FUNCTIONS) -rate $(RATE) -seed $(SEED)

soak-scale: build soaker ## How wakes and the daemon's cost grow with SIZES functions asleep: out/soak-scale.md
	@out/soak -scale $(SIZES) -seed $(SEED)

# The function that a soak starts hundreds of, and the program that does so.
soaker:
	@mkdir -p bench/soak/counter/rootfs
	@$(GO) build -trimpath -ldflags '-s -w' -o bench/soak/counter/rootfs/counter ./bench/soak/counter
	@$(GO) build -o out/soak ./bench/soak

bench: setup build workloads ## Measure everything, beside what else there is: out/bench.md, out/bench.json and plots
	$(GO) test -run '^$$' -bench . -benchmem ./...
	@out/bench

bench-quick: setup build workloads ## Measure the paper's workloads in three minutes: out/bench-quick.md
	@out/bench -quick

bench-vm: guest ## Measure virtual machines in a virtual machine, beside gVisor's and QEMU's: out/bench-vm.md
	@$(GO) build -o out/bench ./bench
	@scripts/benchvm.sh

# The paper's eight functions, gVisor's own command line, and the program that measures them.
workloads:
	@scripts/setup.sh bench
	@scripts/roots.sh bench
	@mkdir -p bench/workloads/go/rootfs
	@$(GO) build -trimpath -ldflags '-s -w' -o bench/workloads/go/rootfs/hello ./bench/workloads/go
	@$(GO) build -trimpath -ldflags '-s -w' -o out/runsc ./bench/runsc
	@$(GO) build -o out/bench ./bench

fmt: build ## Format Go and HCL
	gofmt -w $$(git ls-files '*.go')
	out/torpor fmt examples

clean: ## Remove all that these commands made
	rm -rf out kvm/guest/program/init examples/*/rootfs examples/udp/*/rootfs examples/*/.rootfs.* bench/workloads/*/rootfs bench/workloads/*/.rootfs.* bench/soak/counter/rootfs
