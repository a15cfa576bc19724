#!/usr/bin/env bash
# get.sh PROGRAM FOLDER: basin data get against a server of its own.
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/../work_in.sh"
program=$1
work_in "$2"
failed=0
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

# expect CODE TEXT command...: the exit code, and a last line of the output that holds TEXT.
expect() {
  local code=$1 text=$2 status
  shift 2
  "$@" >output 2>&1 </dev/null
  status=$?
  if [[ $status -ne $code || $(tail -1 output) != *"$text"* ]]; then
    printf '%s\n  expected: %s, exit code %s\n  got:      %s, exit code %s\n' "$*" "$text" "$code" "$(tail -3 output)" "$status"
    failed=1
  fi
}
says() { grep -qF -- "$1" output || { printf 'missing: %s\n' "$1"; cat output; failed=1; }; }
holds() { "$@" || { printf 'does not hold: %s\n' "$*"; failed=1; }; }

mkdir served && (cd served && python3 "$here/archives.py") >sums || { cat sums; exit 1; }
. ./sums
coproc SERVER { python3 "$here/server.py" served requests; }
read -r port <&"${SERVER[0]}"
place=http://127.0.0.1:$port
get() { "$program" data get "$@"; }
fetched() {  # the whole of the archive lies in FOLDER, and nothing else
  cmp -s "$1/set/a.bin" served/a.bin && [[ $(<"$1/set/below/b.bin") == b && $(ls -A "$1") == set ]]
}

expect 0 "" get
says "cifar10    170 MB  https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
says "cifar100   168 MB  https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
expect 1 "there is no data set 'cifar11' to get; did you mean 'cifar10'? basin data get alone lists what there is; or give the URL of a .tar.gz and its --md5" get cifar11
expect 1 "the MD5 of cifar10 is known" get cifar10 --md5 "$good"
expect 1 "a URL goes with --md5" get $place/good.tar.gz
expect 1 "'abc' was given" get $place/good.tar.gz --md5 abc

expect 0 "plain/set" get $place/good.tar.gz --md5 "$good" --to plain
holds fetched plain
expect 1 "'plain/set' is there already" get $place/good.tar.gz --md5 "$good" --to plain
mkdir -p there/cifar-10-batches-bin
expect 1 "'there/cifar-10-batches-bin' is there already" get cifar10 --to there

# Behind what an earlier attempt left.
mkdir part && head -c 1000 served/good.tar.gz >part/good.tar.gz.part && : >requests
expect 0 "part/set" get $place/good.tar.gz --md5 "$good" --to part
holds fetched part
holds test "$(<requests)" = "/good.tar.gz bytes=1000-"
# All of it was there: the network is not asked.
mkdir whole && cp served/good.tar.gz whole/good.tar.gz.part && : >requests
expect 0 "whole/set" get $place/good.tar.gz --md5 "$good" --to whole
holds fetched whole
holds test ! -s requests
# What lies there is longer than the file: it is something else, and goes.
mkdir longer && cat served/good.tar.gz served/a.bin >longer/good.tar.gz.part
expect 1 "it was removed" get $place/good.tar.gz --md5 "$good" --to longer
expect 0 "longer/set" get $place/good.tar.gz --md5 "$good" --to longer
holds fetched longer
# A server that knows no ranges: from the beginning.
mkdir ranges && head -c 1000 served/good.tar.gz >ranges/good.tar.gz.part
expect 0 "ranges/set" get $place/whole/good.tar.gz --md5 "$good" --to ranges
holds fetched ranges
# Connections that break are taken up again by the same command.
: >requests
expect 0 "cut/set" get $place/cut/good.tar.gz --md5 "$good" --to cut
holds fetched cut
holds grep -q "/cut/good.tar.gz bytes=5000-" requests
holds test "$(wc -l <requests)" -ge 6
# A command that is killed leaves what it had, and the next one goes on.
"$program" data get $place/slow/good.tar.gz --md5 "$good" --to killed >output 2>&1 </dev/null &
for _ in $(seq 100); do [[ -s killed/good.tar.gz.part ]] && break; sleep 0.1; done
kill -KILL $! && wait $! 2>/dev/null
had=-1  # curl ends with it, so that the file grows no more
until [[ $had == "$(stat -c %s killed/good.tar.gz.part)" ]]; do had=$(stat -c %s killed/good.tar.gz.part) && sleep 1; done
holds test "$had" -gt 0 -a "$had" -lt "$(stat -c %s served/good.tar.gz)"
: >requests
expect 0 "killed/set" get $place/good.tar.gz --md5 "$good" --to killed
holds fetched killed
holds test "$(<requests)" = "/good.tar.gz bytes=$had-"

expect 1 "has the MD5 $other, and $good was expected: it was removed" get $place/other.tar.gz --md5 "$good" --to wrong
holds test -z "$(ls -A wrong)"
expect 1 "404" get $place/nothing.tar.gz --md5 "$good" --to none
expect 1 "could not be fetched (" get http://127.0.0.1:1/good.tar.gz --md5 "$good" --to none
holds test -z "$(ls -A none)"

# Archives whose members lead elsewhere, with the right MD5: nothing of them is unpacked, here or there.
expect 1 "has a member 'set/../../outside.txt' that would lead out of the folder" get $place/outside.tar.gz --md5 "$outside" --to unsafe/a
expect 1 "absolute.txt' that would lead out of the folder" get $place/absolute.tar.gz --md5 "$absolute" --to unsafe/b
expect 1 "has a member 'set' that is neither a file nor a folder" get $place/link.tar.gz --md5 "$link" --to unsafe/c
expect 1 "cannot be unpacked: " get $place/truncated.tar.gz --md5 "$truncated" --to unsafe/d
expect 1 "cannot be unpacked: " get $place/text.tar.gz --md5 "$text" --to unsafe/e
holds test ! -e served/absolute.txt -a ! -e /tmp/through.txt
holds test -z "$(find unsafe -mindepth 2 ! -name '*.part')"

mkdir bin && ln -s "$(command -v md5sum)" bin
expect 1 "the program curl is needed" env PATH="$PWD/bin" "$program" data get $place/good.tar.gz --md5 "$good" --to no_curl
exec {SERVER[1]}>&-
exit $failed
