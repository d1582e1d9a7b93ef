#!/bin/sh
# Reads all C files with cppcheck and clang-tidy; any finding is a failure.
# Usage: tests/lint.sh BUILD, a directory configured with compile_commands.json.
set -eu
cd "$(dirname "$0")/.."
build=$1

cppcheck --project="$build/compile_commands.json" --quiet --error-exitcode=1 -j "$(nproc)" \
    --enable=warning,performance,portability --library=gtk --inline-suppr --suppress='*:*/cmocka.h' \
    --suppress=missingIncludeSystem

git ls-files '*.c' | grep -v '^tests/fuzz/' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet --warnings-as-errors='*' -p "$build"

git ls-files '*.sh' .ci/run | xargs shellcheck -x
