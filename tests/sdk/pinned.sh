#!/bin/sh
# pinned.sh FILE VERSION: the note says pinned, and to which LibTorch.
set -eu
wanted=060000002c00000001000000426173696e0000004261736e0100000002000000$(printf %s "$2" | od -An -tx1 | tr -d ' \n')
note=$(readelf -x .note.basin "$1" | grep 0x | head -3 | awk '{printf "%s%s%s%s", $2, $3, $4, $5}')
case $note in
  "$wanted"*) ;;
  *) echo "$1: its note is '$note', and should begin with '$wanted'" >&2; exit 1 ;;
esac
[ "$(nm -D --defined-only "$1" | awk '{print $NF}')" = basin_plugin_entry ]
