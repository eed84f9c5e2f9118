# ferrygate: `make` alone lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# What the gate and its tests use from Debian 12; installed by `make setup` where that is allowed.
PACKAGES := python3-venv libisal2 libmagic1 clamav-daemon clamav-testfiles nftables iproute2 ethtool tcpdump nmap openssl strace systemd
TRIAL ?= .trial

.PHONY: help setup demo up down test check fuzz bench lock

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: .venv/ready ## .venv and the OS packages (as root; otherwise says which are missing)

demo: setup ## both hosts on this machine: good and bad files, what became of each
	$(BIN)/ferrygate demo

up: setup ## leave a gate running on this machine for trying out (TRIAL=folder)
	$(BIN)/ferrygate trial up $(TRIAL)

down: ## stop the gate of `make up`
	$(BIN)/ferrygate trial down $(TRIAL)

test: setup check ## all tests
	$(BIN)/pytest

check: setup ## ruff, mypy strict, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fuzz: setup ## damaged files and requests for every reader and writer (SECONDS=600), then longer property tests
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)
	FUZZ=10 $(BIN)/pytest tests/properties

bench: setup ## the figures of docs/PERFORMANCE.md (ONLY=lane for the names that begin so)
	$(BIN)/ferrygate bench $(if $(ONLY),--only $(ONLY))

lock: setup ## pin every package anew, with hashes
	$(BIN)/pip install -q pip-tools
	$(BIN)/pip-compile -q --extra dev --generate-hashes --no-emit-index-url --no-header --strip-extras --allow-unsafe -o requirements.lock pyproject.toml

.venv/ready: requirements.lock pyproject.toml
	@bash .ci/packages $(PACKAGES)
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@
