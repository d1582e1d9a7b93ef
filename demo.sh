#!/bin/sh
# Installs what is needed, builds, and shows the main job on an example: learn a
# piece, play it with wrong notes, repair them, draw that, and measure it.
# BUILD names another build directory, PIECE another .mid.
set -eu
cd "$(dirname "$0")"
. scripts/packages.sh
build=${BUILD:-build}
out=$build/demo
log=$out/log
mkdir -p "$out"
: >"$log"

stages=7
stage=0
announce() {
    stage=$((stage + 1))
    echo "[$stage/$stages] $*"
}

failed() {
    tail -n 15 "$log" >&2
    echo "That failed; all of it is in $log" >&2
    exit 1
}

# What a command says goes to the log, or, with show, what it tells of its progress alone.
quietly() {
    "$@" >>"$log" 2>&1 || failed
}
show() {
    "$@" 2>>"$log" || failed
}

announce "Packages that are missing (the log of all stages: $log)"
# shellcheck disable=SC2086,SC2154
scripts/install.sh --log "$log" $demo_packages

announce "Building"
quietly make -f scripts/programs.mk -j "$(nproc)" BUILD="$build"
quietly python3 examples/make_examples.py "$build/examples" examples/scores/*.txt

piece=${PIECE:-$build/examples/petzold_minuet_in_g.mid}
tool=$build/tool/audiogenrl

announce "Learning $piece"
show "$tool" train -o "$out/piece.model" "$piece"

announce "Playing it with every fifth note slipping"
show "$tool" errors slip:p=0.2 "$piece" -o "$out/played.mid" --truth "$out/played.csv"

announce "Repairing that"
# The file's own bars, where the live clock would find beats alone.
show "$tool" correct --live --grid file -m "$out/piece.model" "$out/played.mid" -o "$out/repaired.mid" \
    --picture "$out/repaired.svg" --report "$out/repaired.json"

announce "Writing a practice report"
show "$tool" report -m "$piece" "$out/played.mid" -o "$out/practice.html"

announce "Measuring, for several kinds of errors: per cent of notes that sound right, as played (off) and as sent"
show "$tool" evaluate --live -m "$out/piece.model" --modes off,correct --repeat 5 \
    --errors slip:p=0.2 --errors shift:p=0.5,max=2 --errors slip:p=0.1,drop=0.05,add=0.05 \
    --csv "$out/table.csv" "$piece"
cat <<END

The files, in $out:
    repaired.svg    a picture of each wrong key and the note that was sent for it, its pages
                    going on in repaired-2.svg: open them in a browser
    practice.html   a practice report, for the browser too
    played.mid      the piece with wrong notes; played.csv says which
    repaired.mid    the same playing, repaired; repaired.json says what was sent for each note
    piece.model     what was learned
    table.csv       the table above, for each file and repeat
END
