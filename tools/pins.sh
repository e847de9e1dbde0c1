#!/bin/sh
# Recompile the pins from the ranges in pyproject.toml.  Existing pins are
# kept where they still fit; delete a line (or a file) to move it forward.
# What `make` installs carries the hashes of all of a release's files, for
# every platform.  Students add a wheel of their own to theirs, which pip
# would refuse beside hashes.
set -eu
compile() {
    uv pip compile --quiet --universal --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links \
        --custom-compile-command 'make pins' pyproject.toml "$@"
}
compile --generate-hashes --extra book --output-file requirements.txt
compile --extra student --constraint requirements.txt \
    --output-file assignments/requirements.txt
compile --generate-hashes --extra book --extra dev \
    --constraint requirements.txt --output-file requirements-dev.txt
# The lowest versions that the ranges allow, for `make test-oldest`.
compile --resolution lowest-direct --extra book --extra test \
    --output-file requirements-oldest.txt
