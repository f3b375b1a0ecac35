# SPDX-License-Identifier: Apache-2.0
# Two commands do all the set-up: `make run` and `make test`. Everything lands below artifacts/.

SHELL := /bin/bash
BIN := artifacts/gantry/bin
PREFIX ?= /usr/local

.PHONY: help deps build programs run stop test bench stress install uninstall format clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

deps: ## Install what building and testing need (Debian packages; quick when already there)
	@eng/install-dependencies

programs: deps ## Publish gantryd, gantry-monitor and gantry (NativeAOT) to artifacts/gantry/bin
	@eng/publish-programs

build: programs ## Build everything, tests and benchmarks included
	dotnet build Gantry.slnx -c Release -v quiet -nologo

run: programs ## Start a registry and gantryd, run a real pod, fetch its page, show its log
	@eng/run-demo

stop: ## Stop what `make run` started
	@eng/run-demo stop

test: build ## Run every test
	@eng/run-tests

bench: build ## Measure Gantry beside containerd, one run, medians and ratios
	@eng/run-bench

stress: build ## The long suites: spawns, pods, kill -9
	@GANTRY_LONG=1 eng/run-tests Integration Runtime Interop

install: programs ## Install to $(PREFIX)/bin with unit, configuration and completions
	@eng/install-gantry "$(DESTDIR)" "$(PREFIX)"

uninstall: ## Remove what `make install` installed; state under /var/lib/gantry stays
	@eng/install-gantry --remove "$(DESTDIR)" "$(PREFIX)"

format: ## Check the formatting
	dotnet format Gantry.slnx --verify-no-changes

clean: ## Remove artifacts/
	rm -rf artifacts
