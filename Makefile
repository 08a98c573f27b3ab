# `make` lists the targets. On a fresh Debian machine with Rust they install what else they need.

.PHONY: help build release test lint run demo bench build-deps clean-services

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: build-deps ## the worker, for development: target/debug/connectd
	cargo build --locked --workspace

release: build-deps ## the worker, optimised: target/release/connectd
	CONNECTD_COMMIT=$$(git rev-parse HEAD 2>/dev/null || echo unknown) cargo build --locked --release --bin connectd

test: build-deps ## every test, on the embedded broker and on Kafka, against real servers (TEST_KAFKA=embedded or kafka for one)
	@scripts/test

lint: build-deps ## formatting, clippy, licences and sources of dependencies
	@scripts/lint

run: build-deps ## a worker on http://localhost:8083 (WORKER=worker.properties, or a broker of its own in ./connectd-data)
	@scripts/run

demo: build-deps ## the bookstore with sample data, MySQL to SQLite, printing its records; needs no Kafka
	@scripts/demo

bench: build-deps ## side by side with Kafka Connect and Debezium on the JVM (PART=source, sinks, cluster or broker for one part)
	@bench/run $(PART)

clean-services: ## stop the servers that we started and delete all of theirs (.services)
	@tests/services/down --purge
	rm -rf "$${CONNECTD_SERVICES:-.services}"

build-deps:
	@scripts/build-deps
