#!/bin/sh
# Recompile the pins from the ranges in pyproject.toml.  Existing pins are
# kept where they still fit; delete a line (or a file) to move it forward.
set -eu
compile() {
    uv pip compile --quiet --universal --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links \
        --custom-compile-command 'make pins' pyproject.toml "$@"
}
compile --extra book --output-file requirements.txt
compile --extra student --constraint requirements.txt \
    --output-file assignments/requirements.txt
compile --extra book --extra dev --constraint requirements.txt \
    --output-file requirements-dev.txt
