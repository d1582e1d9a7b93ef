#!/bin/sh
# Writes the source tarball of the last commit, audiogenrl-VERSION.tar.xz, into the
# directory named: the same bytes wherever and whenever it is made.
set -eu
out=$(realpath "${1:-.}")
cd "$(dirname "$0")/.."

version=$(sed -n 's/^project(audiogenrl VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ -e .git ] || {
    echo "dist.sh: a tarball is made of a git repository, and this is none" >&2
    exit 1
}
[ -z "$(git status --porcelain)" ] ||
    echo "dist.sh: what is not committed is left out" >&2
file=$out/audiogenrl-$version.tar.xz
git -c tar.umask=0022 archive --format=tar --prefix="audiogenrl-$version/" HEAD >"$file.part"
xz -9 -T1 --stdout "$file.part" >"$file"
rm "$file.part"
echo "$file"
