#!/bin/sh
# Treats services badly for so many minutes (tests/chaos/chaos.py tells how): under the
# address and undefined-behaviour sanitizers, under the thread sanitizer, and as users
# build it, with little memory, which the sanitizers do not go with.
# Usage: tests/chaos.sh [MINUTES [MINUTES [MINUTES]]]; 20, 10 and 5 without. A seed in
# CHAOS_SEED does the same again.
set -eu
cd "$(dirname "$0")/.."

chaos() {
    cmake --preset "$1"
    cmake --build --preset "$1" --target audiogenrld faulty_audiogenrld
    # Counts of what runs would fill the disk that is made to run full.
    LLVM_PROFILE_FILE=/dev/null TSAN_OPTIONS="suppressions=$PWD/tests/tsan.txt" \
        /usr/bin/python3 -B tests/chaos/chaos.py "$2" "$3" ${CHAOS_SEED:+"$CHAOS_SEED"}
}

chaos asan build-asan "${1:-20}"
chaos tsan build-tsan "${2:-10}"
chaos release build "${3:-5}"
