#!/bin/sh
# Installs what is needed, builds with warnings as errors and runs all tests but
# those in virtual machines (tests/vm/run says how to run them).
# BUILD names another build directory.
set -eu
cd "$(dirname "$0")"
. scripts/packages.sh
build=${BUILD:-build}

# shellcheck disable=SC2086
scripts/install.sh $build_packages $test_packages
cmake -S . -B "$build" -G Ninja -DAUDIOGENRL_WERROR=ON
cmake --build "$build"
# One more than there are cores, for many tests wait for time to pass.
ctest --test-dir "$build" --output-on-failure --parallel $(($(nproc) + 1)) --label-exclude vm
