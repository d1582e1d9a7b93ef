#!/bin/sh
# Reads all C files with cppcheck and clang-tidy; any finding is a failure.
# Shell scripts go by shellcheck, and every package by what docs/dependencies.md says of it.
# Usage: tests/lint.sh BUILD, a directory with compile_commands.json, built: some sources are made.
set -eu
cd "$(dirname "$0")/.."
build=$1

cppcheck --project="$build/compile_commands.json" --quiet --error-exitcode=1 -j "$(nproc)" \
    --enable=warning,performance,portability --library=gtk --inline-suppr --suppress='*:*/cmocka.h' \
    --suppress=missingIncludeSystem

git ls-files '*.c' | grep -v '^tests/fuzz/' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet --warnings-as-errors='*' -p "$build"

git ls-files '*.sh' .ci/run | xargs shellcheck -x

. scripts/packages.sh
# shellcheck disable=SC2154
for package in $build_packages $test_packages $deb_packages $check_packages $vm_packages; do
    grep -q "[| ]${package}[ ,|]" docs/dependencies.md || {
        echo "docs/dependencies.md: says nothing of $package" >&2
        exit 1
    }
done
