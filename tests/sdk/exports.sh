#!/bin/sh
# exports.sh FOLDER: every plugin there exports its entry symbol and nothing else, shares nothing with other plugins
# (UNIQUE symbols), needs no LibTorch, and carries the note that the host reads before it opens the file.
set -eu
count=0
failed=0
complain() {
  echo "$1: $2" >&2
  failed=1
}
for file in "$1"/*.basin.so; do
  [ -e "$file" ] || break
  count=$((count + 1))
  exported=$(nm -D --defined-only "$file" | awk '{print $NF}' | tr '\n' ' ')
  [ "$exported" = "basin_plugin_entry " ] || complain "$file" "exports: $exported"
  # a sanitizer's own symbols are not the plugin's
  unique=$(readelf -sW "$file" | grep -w UNIQUE | grep -v __odr_asan || true)
  [ -z "$unique" ] || complain "$file" "UNIQUE symbols: $unique"
  undefined=$(nm -DC --undefined-only "$file" | grep -E '(at|c10|torch)::' || true)
  [ -z "$undefined" ] || complain "$file" "needs LibTorch: $undefined"
  needed=$(readelf -dW "$file" | grep NEEDED | grep -E 'torch|c10|basin' || true)
  [ -z "$needed" ] || complain "$file" "links $needed"
  # name size 6, 44 bytes, type 1, "Basin", "Basn", ABI major 1, portable
  note=$(readelf -x .note.basin "$file" 2>/dev/null | grep 0x | head -2 | awk '{printf "%s%s%s%s", $2, $3, $4, $5}')
  wanted=060000002c00000001000000426173696e0000004261736e0100000001000000
  [ "$note" = "$wanted" ] || complain "$file" "its note is '$note', not '$wanted'"
done
[ "$count" -gt 0 ] || complain "$1" "holds no plugin"
echo "$count plugins"
exit $failed
