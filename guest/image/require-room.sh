#!/bin/sh
# Fails when the tree $1 takes more than $2 bytes, and says how much it takes of them, in MiB. By blocks, so that holes cost nothing.
set -eu
mib=1048576
used=$(($(du -skx -- "$1" | cut -f 1) * 1024))
[ "$used" -gt "$2" ] || exit 0
echo "volary: too large: $(((used + mib - 1) / mib)) of $(($2 / mib))"
exit 1
