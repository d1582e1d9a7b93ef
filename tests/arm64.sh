#!/bin/bash
# The same inputs give the same bytes on 64-bit ARM, under qemu-aarch64, as here: pieces are
# learned, played with errors and corrected by both builds. Their programs need the same
# libraries too, which the package for ARM takes from the other.
# Usage: tests/arm64.sh NATIVE ARM64 SYSROOT, two build directories and what the second is linked with.
set -eu
native=$(realpath "$1")
arm64=$(realpath "$2")
sysroot=$(realpath "$3")
style=$(realpath "$(dirname "$0")/../models/default.model")
pieces=$native/examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

libraries() {
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' | sort
}
for program in tool/audiogenrl daemon/audiogenrld; do
    diff <(libraries "$native/$program") <(libraries "$arm64/$program")
done

# produce NAME COMMAND...: what the tool writes, below a folder of that name.
produce() {
    mkdir "$work/$1"
    cd "$work/$1"
    shift
    "$@" errors slip:p=0.2,jitter=0.1 --seed 3 "$pieces/petzold_minuet_in_g.mid" -o played.mid --truth truth.csv
    "$@" train -q --seed 1 --steps 200000 -o table.model "$pieces/petzold_minuet_in_g.mid"
    "$@" train -q --seed 1 --algorithm sarsa --steps 20000 -o sarsa.model "$pieces/bach_prelude_bwv846.mid"
    "$@" correct -q --live -m table.model played.mid -o live.mid --report live.json
    "$@" correct -q --live -m "$style" played.mid -o style.mid
    "$@" correct -q -m table.model played.mid -o whole.mid
    "$@" correct -q --live --mode generate -m table.model played.mid -o generated.mid
    # The report names the style model of the build it comes from.
    sed -i 's|"[^"]*/models/default.model"|"default"|' live.json
} >/dev/null
produce native "$native/tool/audiogenrl"
produce arm64 qemu-aarch64 -L "$sysroot" "$arm64/tool/audiogenrl"
cd "$work"
diff <(cd native && sha256sum -- *) <(cd arm64 && sha256sum -- *)
files=(native/*)
echo "arm64: ${#files[@]} files, the same bytes"
