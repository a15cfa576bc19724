#!/usr/bin/env bash
# data.sh PROGRAM FOLDER: basin data get against a server of its own, and basin data check on what there is.
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/../lua/common.sh"
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

# ---- get -------------------------------------------------------------------------------------------------------------
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
expect 1 "there is no data set 'cifar11' to get; did you mean 'cifar10'?" get cifar11
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
# What lies there is longer than the file, or of a server that knows no ranges: from the beginning.
mkdir longer && cat served/good.tar.gz served/a.bin >longer/good.tar.gz.part
expect 0 "longer/set" get $place/good.tar.gz --md5 "$good" --to longer
holds fetched longer
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
get $place/slow/good.tar.gz --md5 "$good" --to killed >output 2>&1 </dev/null &
for _ in $(seq 100); do [[ -s killed/good.tar.gz.part ]] && break; sleep 0.1; done
kill -KILL $! && wait $! 2>/dev/null
sleep 0.5  # curl ends with it
had=$(stat -c %s killed/good.tar.gz.part)
sleep 0.5
holds test "$had" -gt 0 -a "$had" -lt "$(stat -c %s served/good.tar.gz)" -a "$had" -eq "$(stat -c %s killed/good.tar.gz.part)"
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

# ---- check -----------------------------------------------------------------------------------------------------------
fixtures=$here/fixtures
check() { "$program" data check "$@"; }
expect 1 "'nowhere' does not exist" check nowhere
mkdir nothing
expect 1 "" check nothing
says "'nothing' is nothing that a data set plugin knows:"
says "There is no picture below 'nothing'"
expect 1 "" check "$here/server.py"
says "is no zip archive"

if "$program" data check "$fixtures/folder" 2>&1 | grep -q OpenCV; then
  echo "skipped: what needs OpenCV"
  exit $failed
fi
sound="all of it was read, and nothing is wrong"
expect 0 "$sound" check "$fixtures/folder"
says '(dataset "image_folder")'
says "6 images, [3,8,8] uint8"
says "3 classes of 2 images each"
expect 0 "$sound" check "$fixtures/shards"
says '(dataset "webdataset")'
says "3 classes of 2 images each"
expect 0 "$sound" check "$fixtures/shards/002.tar"
expect 0 "$sound" check "$fixtures/zip/stored.zip"
says '(dataset "edm_zip")'
says "3 classes of 1 to 2 images each"
expect 0 "$sound" check "$fixtures/zip/unlabelled.zip"
says "no labels"
expect 0 "$sound" check "$fixtures/npz/labelled.npz"
says '(dataset "npz")'
expect 1 "problem: dataset 'edm_zip'" check "$fixtures/zip/four_labels.zip"
says "has 4 labels for 5 pictures"
expect 1 "is 12x12 pixels, and the first picture is 8x8" check "$fixtures/zip/mixed.zip"
expect 0 "$sound" check "$fixtures/zip/mixed.zip" --set size=8
expect 1 "no data set has an option 'siez'; did you mean 'size'?" check "$fixtures/zip/mixed.zip" --set siez=8
expect 1 "'large' (given by --set) is no value of the option 'size'" check "$fixtures/zip/mixed.zip" --set size=large
expect 1 "'000001.png' of" check "$fixtures/tar/no_image.tar"
says "2 images, [3,8,8] uint8"
expect 1 "problem: " check "$fixtures/npz/float.npz"

# CIFAR-10 is read in both its parts.
mkdir -p cifar/cifar-10-batches-bin
for i in 1 2 3 4 5; do truncate -s 30730000 cifar/cifar-10-batches-bin/data_batch_$i.bin; done
expect 1 "test_batch.bin', which is not there" check cifar
truncate -s 30730000 cifar/cifar-10-batches-bin/test_batch.bin
expect 0 "$sound" check cifar
says '(dataset "cifar10")'
says "60000 images, [3,32,32] uint8"
says "10 classes of 0 to 60000 images"
rm -r cifar
exit $failed
