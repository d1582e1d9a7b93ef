#!/bin/sh
# Prints what share of lines and branches of each room the tests run, and fails
# below a floor (90 and 79 hold). Usage: tests/coverage.sh BUILD [LINES BRANCHES], a directory with
# AUDIOGENRL_COVERAGE whose tests have run by its preset; the floors are per cent.
set -eu
build=$(realpath "$1")
lines=${2:-0}
branches=${3:-0}
source=$(realpath "$(dirname "$0")/..")

llvm-profdata merge -sparse "$build"/coverage/*.profraw -o "$build/coverage/all.profdata"
# Every program that ran: in one that did not, nothing was counted.
programs=$(find "$build" -path "$build/CMakeFiles" -prune -o -type f -perm -u+x \
    \( -name 'test_*' -o -name 'fuzz_*' -o -name audiogenrl -o -name audiogenrld \) -print | sort)
set --
for program in $programs; do
    set -- "$@" -object "$program"
done
llvm-cov export -summary-only -instr-profile "$build/coverage/all.profdata" "$@" 2>/dev/null |
    python3 -c '
import collections, json, os, sys
source, *floors = sys.argv[1:]
rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
for entry in json.load(sys.stdin)["data"][0]["files"]:
    name = os.path.relpath(entry["filename"], source)
    room = name.split(os.sep)[0]
    if room in ("..", "tests", "bench"):
        continue
    for total in rooms[room], rooms["all"]:
        for at, kind in enumerate(("lines", "branches")):
            total[2 * at] += entry["summary"][kind]["covered"]
            total[2 * at + 1] += entry["summary"][kind]["count"]
share = lambda part, whole: 100 * part / max(whole, 1)
print("%-10s %8s %8s %10s" % ("coverage", "lines", "of", "branches"))
for room in sorted(rooms, key=lambda room: (room == "all", room)):
    a, b, c, d = rooms[room]
    print("%-10s %7.1f%% %8d %9.1f%%" % (room, share(a, b), b, share(c, d)))
a, b, c, d = rooms["all"]
for what, got, floor in ("lines", share(a, b), floors[0]), ("branches", share(c, d), floors[1]):
    if got < float(floor):
        sys.exit("coverage: %.1f%% of the %s are run by tests, %s%% are asked for" % (got, what, floor))
' "$source" "$lines" "$branches"
