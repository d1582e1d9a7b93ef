#!/bin/sh
# Prints the time that packages and tarballs bear, in seconds since 1970:
# SOURCE_DATE_EPOCH, or that of the last commit, or, where there is no git, that
# of the newest entry in the changelog.
set -eu
cd "$(dirname "$0")/.."

if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
    echo "$SOURCE_DATE_EPOCH"
elif [ -e .git ] && epoch=$(git log -1 --format=%ct 2>/dev/null); then
    echo "$epoch"
elif grep -qx '[0-9][0-9]*' scripts/epoch; then
    cat scripts/epoch
else
    date -d "$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1)" +%s
fi
