#!/bin/sh
# Installs what is needed, builds, and shows the main job on an example: learn a
# piece, play it with wrong notes, repair them, draw that, and measure it.
# BUILD names another build directory, PIECE another .mid.
set -eu
cd "$(dirname "$0")"
. scripts/packages.sh
build=${BUILD:-build}

# shellcheck disable=SC2086
scripts/install.sh $build_packages
cmake -S . -B "$build" -G Ninja
cmake --build "$build" --target audiogenrl audiogenrld examples completions

piece=${PIECE:-$build/examples/petzold_minuet_in_g.mid}
tool=$build/tool/audiogenrl
out=$build/demo
mkdir -p "$out"

echo
echo "== learning $piece"
"$tool" train -o "$out/piece.model" "$piece"
echo
echo "== playing it with every fifth note slipping, and repairing that"
"$tool" errors slip:p=0.2 "$piece" -o "$out/played.mid" --truth "$out/played.csv"
# The file's own bars, where the live clock would find beats alone.
"$tool" correct --live --grid file -m "$out/piece.model" "$out/played.mid" -o "$out/repaired.mid" \
    --picture "$out/repaired.svg" --report "$out/repaired.json"
"$tool" report -m "$piece" "$out/played.mid" -o "$out/practice.html"
echo
echo "== before (off) and after, for several kinds of errors; per cent of notes that sound right: exact, sent"
"$tool" evaluate --live -m "$out/piece.model" --modes off,correct --repeat 5 \
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
