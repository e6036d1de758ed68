# The front door. Needs make, bash and (for what is missing) apt-get as root or through sudo.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.SILENT:
.PHONY: help demo demo-ee test check bench install format lint clean release wheel reference

PREFIX ?= /usr/local
SOURCES = $(shell git ls-files '*.c' '*.h')

help:
	echo "make demo      build, make scenes, fill a catalogue and load a year, cut and colour forty dates in three ways,"
	echo "               execute a notebook"
	echo "make demo-ee   the same images by Earth Engine's clients from PyPI, from our server, and our time beside theirs"
	echo "make test      the fixed set of tests (under 15 minutes on two cores)"
	echo "make check     everything: also fuzzing and all journeys under sanitizers (hours; FUZZ_SECONDS=600)"
	echo "make bench     speed over a path with a true delay, beside other programs (root; QUICK=1 for a short run)"
	echo "               CATALOG=1: of the catalogue, beside databases (no root); TILEBOX=1: of a load from a service only"
	echo "make install   the program, library and headers to PREFIX=$(PREFIX)"
	echo "make wheel     the Python package to dist/, with all it needs"
	echo "make reference its reference to build/reference/"
	echo "make format    clang-format over the C files"
	echo "make lint      formatting, clang-tidy, include table"
	echo "make clean     remove what was built"

demo:
	tools/install build demo
	tools/demo

demo-ee:
	tools/install build demo
	tools/demo-ee

test:
	tools/install build test
	tests/run

check:
	tools/install build test
	tools/venv test
	tests/run --all

bench:
	tools/install build bench
	tools/venv bench
	$(if $(CATALOG),bench/catalog $(if $(QUICK),--millions 1 --rounds 3),$(if $(TILEBOX),,bench/run $(if $(QUICK),--quick)))
	$(if $(CATALOG),,bench/tilebox $(if $(QUICK),--quick))

release:
	tools/install build
	tools/build release

# Python's package, with the engine, the program and the libraries that they need, to dist/.
wheel:
	tools/install build test wheel
	tools/wheel

reference:
	tools/install build test
	tools/venv test
	tools/build release
	PYTHONPATH=build/release/python .venv/bin/python -m pdoc --no-show-source -o build/reference datatake datatake.aio

install: release
	cmake --install build/release --prefix "$(PREFIX)"

format:
	tools/install lint
	clang-format -i $(SOURCES)

lint:
	tools/install build test lint
	tools/lint

clean:
	rm -rf build
