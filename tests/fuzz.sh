#!/bin/sh
# Runs every fuzz target for a while, two at a time, from its seeds.
# Usage: tests/fuzz.sh BUILD SECONDS [SEED] (for hours: 14400). A seed makes runs alike,
# not the same: addresses and the hash tables of libraries differ from run to run. What a
# target finds stays in BUILD/fuzz-findings; give the file to the target to see it again.
set -eu
build=$(realpath "$1")
seconds=$2
seed=${3:-0}
source=$(realpath "$(dirname "$0")")
findings=$build/fuzz-findings
mkdir -p "$findings"

# shellcheck disable=SC2016  # the inner shell expands
find "$build/tests" -type f -perm -u+x -name 'fuzz_*' | sort |
    xargs -P "$(nproc)" -I TARGET sh -c '
        name=$(basename "$1")
        mkdir -p "$2/$name.corpus"
        seeds=$3/fuzz/corpus/${name#fuzz_}
        [ -d "$seeds" ] || seeds=
        "$1" "$2/$name.corpus" $seeds -max_total_time="$4" -seed="$5" -timeout=25 -rss_limit_mb=2048 \
            -print_final_stats=1 -artifact_prefix="$2/$name." >"$2/$name.log" 2>&1 ||
            { tail -n 40 "$2/$name.log"; exit 255; }
        echo "$name: $(grep -o "number_of_executed_units: [0-9]*" "$2/$name.log")"
    ' run TARGET "$findings" "$source" "$seconds" "$seed"
