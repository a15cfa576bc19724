#!/usr/bin/env bash
# What a hostile user meets, with the real program: one sentence with its place, an exit code that is not 0, and earlier
# work as it was.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"
toys=$(dirname "$program")/../tests/toys
failed=0

# expect CODE TEXT command...: the exit code, and a last line of the output that holds TEXT. What is no crash is one line.
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
says() { grep -qF -- "$1" "${2:-output}" || { printf 'missing: %s\n' "$1"; cat "${2:-output}"; failed=1; }; }

# A training that takes a second; $1 changes its table, $2 its optimizer, $3 its model.
training() {
  cat <<LUA
local basin = require "basin"
local run = basin.run { name = "small", device = "cpu" }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}${3:-} }
run:train {
  model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = basin.process "vp", steps = 8, batch = 4,
  save_every = 2, optimizer = basin.optimizer ${2:-\"sgd\" { lr = 1e-3 \}}${1:+, $1}
}
print "finished"
LUA
}
run() { "$program" run "$@" --threads 1; }

# ---- plugin files --------------------------------------------------------------------------------------------------
mkdir found
head -c 5000 "$toys/toy.basin.so" >found/truncated.basin.so
echo "no library at all" >found/text.basin.so
: >found/empty.basin.so
for toy in no_note no_entry other_major throws small_table huge_table entry_fails; do cp "$toys/$toy.basin.so" found; done
export BASIN_PLUGIN_PATH=$PWD/found
plugin() { expect 1 "-e:1: " "$program" -e "basin.averager '$1' {}"; says "$2"; says "$1.basin.so"; }
plugin truncated "truncated"
plugin text "is no shared library"
plugin empty "is empty"
plugin no_note "note"
plugin no_entry "basin_plugin_entry"
plugin other_major "was built for ABI major 7"
plugin throws "let a C++ exception out of its entry function"
plugin entry_fails "it failed in its entry function"
plugin small_table "size"
plugin huge_table "size"
expect 0 "" "$program" plugins --why
[[ $(grep -c '^  refused' output) -eq 10 ]] || { echo "plugins --why does not name ten refused files"; cat output; failed=1; }
mkdir nothing_to_load
for file in found/text.basin.so nothing_to_load; do
  expect 1 "0 passed, 1 failed, 0 skipped" "$program" check $file  # and not once for each test
done
# Of another SDK, older or newer, each with the remedy.
for toy in older_draft newer_revision table_major; do cp "$toys/$toy.basin.so" found; done
plugin older_draft "build the plugin with this Basin's SDK"
plugin newer_revision "update Basin, or build the plugin with this Basin's SDK"
plugin table_major "it says ABI major 9"

# A plugin that ends the process when it is opened harms no script that does not ask for what it brings.
mkdir crash && cp "$(dirname "$program")/../tests/check/check_file_crash.basin.so" crash/aaa.basin.so
BASIN_PLUGIN_PATH=$PWD/crash expect 0 "optimizer" "$program" -e 'print(basin.optimizer "adam" {})'
BASIN_PLUGIN_PATH=$PWD/crash expect 134 "SIGABRT" "$program" plugins
says "aaa.basin.so"

# Two plugins of one component name: the first found is used, and it is said.
mkdir first second && cp "$toys/newer.basin.so" first/mine.basin.so && cp "$toys/toy.basin.so" second/toy.basin.so
BASIN_PLUGIN_PATH=$PWD/first:$PWD/second expect 0 "" "$program" plugins
grep -qE "^    averager toy +Keeps what it was given\." output && grep -qE "^    averager toy +not used: found first in $PWD/first/mine.basin.so" output ||
  { echo "the second averager 'toy' is not said to be unused"; cat output; failed=1; }

BASIN_PLUGIN_PATH=$PWD/first:$PWD/second expect 0 "" "$program" plugins --why toy
says "    loaded   mine.basin.so"
says "             used for averager 'toy'"
says "             not used for averager 'toy': found first in $PWD/first/mine.basin.so"
BASIN_PLUGIN_PATH=$PWD/first:$PWD/found expect 1 "" "$program" plugins --why text
says "    refused  text.basin.so"
BASIN_PLUGIN_PATH=$PWD/first expect 1 "did you mean 'toy'?" "$program" plugins --why toi
says "no file is called toi.basin.so or brings a component of that name; did you mean 'toy'?"
BASIN_PLUGIN_PATH=$PWD/first expect 1 "" "$program" plugins --why mine
says "             brings no component 'mine', but averager 'toy'"

# Links that lead to themselves, files instead of folders, and folders without rights.
mkdir links && ln -s loop.basin.so links/loop.basin.so && ln -s folder links/folder
BASIN_PLUGIN_PATH=$PWD/links plugin loop "remove it, or link to the file"
BASIN_PLUGIN_PATH=$PWD/links/folder expect 0 "2" "$program" -e 'print(1 + 1)'
says "warning: the plugin folder '$PWD/links/folder' cannot be read: Too many levels of symbolic links (a link leads back to itself: remove it, or link to the folder)"
BASIN_PLUGIN_PATH=$PWD/found/text.basin.so expect 0 "" "$program" plugins --why
says "text.basin.so  (is no folder: name the folder that the plugins are in)"
mkdir closed && cp "$toys/toy.basin.so" closed/closed.basin.so
# root without root's right to read everything
anyone() { if [[ $(id -u) -eq 0 ]]; then setpriv --bounding-set=-dac_override,-dac_read_search "$@"; else "$@"; fi; }
chmod 0 closed
if ! anyone ls closed >output 2>&1 && grep -q "Permission denied" output; then
  BASIN_PLUGIN_PATH=$PWD/closed expect 1 "-e:1: " anyone "$program" -e 'basin.averager "closed" {}'
  says "warning: the plugin folder '$PWD/closed' cannot be read: Permission denied (give yourself the right to it: chmod u+rx on it and those above)"
  says "Looked in: $PWD/closed (which cannot be read: Permission denied"
  chmod 755 closed && chmod 0 closed/closed.basin.so
  BASIN_PLUGIN_PATH=$PWD/closed expect 1 "-e:1: " anyone "$program" -e 'basin.averager "closed" {}'
  says "closed.basin.so' cannot be read: Permission denied (give yourself the right to it: chmod u+r on the file, u+rx on its folders)"
  chmod -R 755 closed
else
  chmod 755 closed
  echo "rights cannot be given away here: folders without rights are not tested"
fi
unset BASIN_PLUGIN_PATH

# ---- data ----------------------------------------------------------------------------------------------------------
mkdir nothing cifar
for i in 1 2 3 4 5; do head -c 1000 /dev/zero >cifar/data_batch_$i.bin; done
expect 1 "must be an existing folder, and 'none' does not exist" "$program" -e 'print((basin.dataset "image_folder" { root = "none" }).count)'
expect 1 "There is no picture below 'nothing'" "$program" -e 'print((basin.dataset "image_folder" { root = "nothing" }).count)'
expect 1 "which is not there" "$program" -e 'print((basin.dataset "cifar10" { root = "nothing" }).count)'
expect 1 "has 1000 bytes, but a file of CIFAR-10's binary version has 30730000" "$program" -e 'print((basin.dataset "cifar10" { root = "cifar" }).count)'
training "" "" ", classes = 3" | sed 's/size = 8 }/size = 16 }/' >shape.lua
expect 1 "shape.lua:4: the model takes [3, 8, 8] images ([channels, height, width]), the data set has [3, 16, 16]" run shape.lua

training | sed 's/batch = 4/batch = 100/; s/steps = 8/steps = 1/' >much.lua
expect 0 "finished" run much.lua --runs much
says "warning: a batch is 100 items and the data set has 64: each batch holds some of them more than once"
expect 1 "takes tensors by name, { noise = x }, got the number 1 as 'a'" "$program" -e 'basin.save("t.safetensors", { a = 1 })'

# ---- checkpoints ---------------------------------------------------------------------------------------------------
training 'on_step = function(s) if s.step == 7 then error "enough" end end' >half.lua
expect 1 "half.lua:6: enough" run half.lua --runs half
checkpoints=half/00001-small/checkpoints
newest=$checkpoints/step-000000006.safetensors
head -c 3000 "$newest" >cut && cp "$newest" whole && cp cut "$newest"
expect 1 "enough" run half.lua --runs half
says "passing over a checkpoint that cannot be read" half/00001-small/log.txt
says "step-000000006.safetensors" half/00001-small/log.txt
says "continuing at step 4 of 8" half/00001-small/log.txt
says "warning: passing over a checkpoint that cannot be read: '$newest' is truncated"
says "continuing half/00001-small at step 4 of 8"
[[ $(stat -c %s "$newest") == $(stat -c %s whole) ]] || { echo "the damaged checkpoint was not written again"; failed=1; }
training "" "" ", learned_variance = true" | sed 's/"small"/"other"/' >other.lua
expect 0 "finished" run other.lua --runs half
cp half/00002-other/checkpoints/step-000000008.safetensors "$newest"
before=$(sha256sum "$checkpoints"/*)
expect 1 "half.lua:4: '$newest' holds 'out.2." run half.lua --runs half
says "give this run another name, or begin it anew with --fresh"
[[ $(sha256sum "$checkpoints"/*) == "$before" ]] || { echo "refusing a checkpoint changed one"; failed=1; }
expect 1 "enough" run half.lua --runs half --fresh
mkdir damaged && cp -r half/00001-small damaged
for file in damaged/00001-small/checkpoints/*; do cp cut "$file"; done
expect 1 "enough" run half.lua --runs damaged
says "beginning damaged/00001-small again, which has no checkpoint to go on from"
[[ $(grep -c '^warning: passing over a checkpoint' output) -eq 2 ]] || { echo "not each damaged checkpoint is named"; cat output; failed=1; }

# A checkpoint is more than weights.
expect 1 "'$newest' is a checkpoint, from which a run goes on with its training; the weights alone are in model.safetensors" \
  "$program" -e "basin.model('adm_unet', { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }):load '$newest'"

# ---- losses that are no numbers --------------------------------------------------------------------------------------
training "" '"sgd" { lr = 1e30 }' >diverged.lua
expect 1 "diverged.lua:4: " run diverged.lua --runs diverged
grep -qE "(the loss is (NaN|infinite) at step [0-9]+|no longer finite after step [0-9]+); (the checkpoint of step [0-9]+ is kept|there is no checkpoint yet); try a lower learning rate$" output ||
  { echo "the sentence about NaN is missing"; cat output; failed=1; }
# An optimizer that writes NaN into the weights itself: heard in the next step's loss, and, where none follows, at the end.
for steps in 8 3; do
  training "steps = $steps" '("ruin", function(training)
    training:loss()
    if training.step == 3 then training.groups[1].values[{}] = 0 / 0 end
  end)' >ruined.lua
  text="the loss is NaN at step 4"
  [[ $steps -eq 3 ]] && text="the weights are no longer finite after step 3"
  expect 1 "$text; the checkpoint of step 2 is kept; try a lower learning rate" run ruined.lua --runs "ruined$steps"
done

# ---- memory: as much as the program needs for a small training, and a little more -------------------------------------
if ! grep -q __asan_init "$program"; then  # AddressSanitizer asks for more addresses than any limit leaves
  training 'log_every = 1' | sed 's/batch = 4/batch = 30000/' >large.lua
  limited() { (ulimit -v 3000000; run "$@"); }
  expect 0 "finished" limited other.lua --runs limited
  expect 1 "large.lua:4: " limited large.lua --runs limited
  says "out of memory on the CPU: "
  says "lower 'batch'"
fi

# ---- disks: a file system that is full, and one that cannot be written, where we may mount one; else a limit ------------
if ! unshare -m mount -t tmpfs none nothing 2>/dev/null; then
  echo "no tmpfs may be mounted here: disks are not tested"
  exit $failed
fi
cat >full.sh <<'SH'
mount -t tmpfs -o size=${3}k none nothing && cd nothing || exit 99
"$1" run ../half.lua --threads 1 --runs runs >../output 2>&1
echo $? >../status
cp -r runs ../left 2>/dev/null
SH
full=0
for kilobytes in 16 64 300 1000 1500; do
  rm -rf left
  unshare -m bash full.sh "$program" x $kilobytes
  if grep -q enough output; then continue; fi
  full=$((full + 1))
  [[ $(<status) -eq 1 && $(tail -1 output) == "../half.lua:4: "*"No space left on device"* ]] ||
    { echo "a disk of $kilobytes KiB: $(<status), $(tail -2 output)"; failed=1; }
done
[[ $full -ge 2 ]] || { echo "only $full of the disks were full: make them smaller"; failed=1; }
cat >readonly.sh <<'SH'
mount -t tmpfs none nothing && cd nothing && cp -r ../half ../half.lua . && mount -o remount,ro none . || exit 99
"$1" run half.lua --threads 1 --runs half >../output 2>&1
echo $? >../status
"$1" run half.lua --threads 1 --runs new >>../output 2>&1
echo $? >>../status
SH
unshare -m bash readonly.sh "$program"
[[ $(tr '\n' ' ' <status) == "1 1 " ]] || { echo "a read-only folder: $(<status)"; cat output; failed=1; }
[[ $(grep -c '^half.lua:4: .*Read-only file system' output) -eq 2 ]] || { echo "a read-only folder:"; cat output; failed=1; }

exit $failed
