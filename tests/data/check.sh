#!/usr/bin/env bash
# check.sh PROGRAM FOLDER: basin data check on what there is.
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/../work_in.sh"
program=$1
work_in "$2"
failed=0

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
says "3 classes of 2 images"
expect 0 "$sound" check "$fixtures/shards"
says '(dataset "webdataset")'
says "3 classes of 2 images"
expect 0 "$sound" check "$fixtures/shards/002.tar"
expect 0 "$sound" check "$fixtures/zip/stored.zip"
says '(dataset "edm_zip")'
says "3 classes of 1 to 2 images"
expect 0 "$sound" check "$fixtures/zip/unlabelled.zip"
says "no labels"
expect 0 "$sound" check "$fixtures/npz/labelled.npz"
says '(dataset "npz")'
expect 1 "problem: dataset 'edm_zip'" check "$fixtures/zip/four_labels.zip"
says "has 4 labels for 5 pictures"
expect 1 "'00000/img00000001.png' of '$fixtures/zip/mixed.zip' is 12x12 pixels, and the first picture is 8x8" check "$fixtures/zip/mixed.zip"
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
