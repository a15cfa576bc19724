#!/usr/bin/env bash
# Ctrl-C ends a training after its step, with a checkpoint; SIGKILL loses nothing that matters: the same command goes on,
# and what comes out is what an undisturbed run gives, bit for bit.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"

cat >train.lua <<'LUA'
local basin = require "basin"
local run = basin.run { name = "interrupted", seed = 3, device = "cpu" }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
run:train {
  model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = basin.process "vp", steps = 120, batch = 8,
  save_every = 20, optimizer = basin.optimizer "sam" { base = basin.optimizer "adam" { lr = 1e-3 } },
  averages = { ema = basin.averager "ema" { decay = 0.9 } },
}
print "finished"
LUA

train=("$program" run train.lua --threads 1 --runs)  # no function: $! is then the program itself
wait_for_step() {  # until the run in folder $1 has logged step $2
  local i
  for ((i = 0; i < 1200; i++)); do
    grep -q "\"step\":$2[,}]" "$1"/*/metrics.jsonl 2>/dev/null && return
    sleep 0.05
  done
  echo "step $2 did not come"
  exit 1
}
fail() { echo "$1"; cat output; exit 1; }

"${train[@]}" whole >output 2>&1 || fail "the undisturbed training failed"
grep -q '^finished$' output || fail "it did not finish"

# Ctrl-C
"${train[@]}" disturbed >output 2>&1 & pid=$!
wait_for_step disturbed 30
kill -INT $pid
wait $pid
status=$?
[[ $status -eq 130 ]] || fail "exit code $status instead of 130"
grep -q '^train.lua:4: stopped after step [0-9]* of 120; the same command goes on from there$' output || fail "the sentence is missing"
grep -q finished output && fail "it went on"

# SIGKILL
"${train[@]}" disturbed >output 2>&1 & pid=$!
wait_for_step disturbed 70
kill -KILL $pid
wait $pid 2>/dev/null

"${train[@]}" disturbed >output 2>&1 || fail "it did not go on"
grep -qE '^continuing disturbed/00001-interrupted at step [0-9]+ of 120$' output || fail "it does not say that it goes on"
for file in model ema; do
  cmp whole/00001-interrupted/checkpoints/$file.safetensors disturbed/00001-interrupted/checkpoints/$file.safetensors || fail "$file differs"
done

"${train[@]}" disturbed >output 2>&1 || fail "the finished training does not load"
grep -q '^loaded the finished training in disturbed/00001-interrupted$' output || fail "it does not say that it was finished"

# A script that computes nothing hears Ctrl-C too; so does one that catches errors.
echo 'print "looping" while true do pcall(function() while true do end end) end' >loop.lua
"$program" run loop.lua >output 2>&1 & pid=$!
for ((i = 0; i < 200; i++)); do grep -q looping output && break; sleep 0.05; done
kill -INT $pid
wait $pid
[[ $? -eq 130 ]] || fail "the endless loop did not end with 130"

# A training in the middle of a script's own function ends that step too, and only then stops.
sed 's/name = "interrupted"/name = "slow-loss"/; s/save_every = 20,/save_every = 1000, loss = slow, on_step = print_step,/' train.lua >loss.lua
sed -i '1a local function slow(model, x0, noise, t, context)\
  for i = 1, 3e6 do end\
  local x = context.process:noised(x0, noise, t)\
  return ((model(x, t) - noise) ^ 2):mean(2, 3, 4)\
end\
local function print_step(s) print("step " .. s.step) end' loss.lua
"$program" run loss.lua --runs slow --threads 1 >output 2>&1 & pid=$!
for ((i = 0; i < 1200; i++)); do grep -q '^step 3$' output && break; sleep 0.05; done
kill -INT $pid
wait $pid
[[ $? -eq 130 ]] || fail "a training with a slow loss did not end with 130"
grep -qE '^loss.lua:[0-9]+: stopped after step [0-9]+ of 120; the same command goes on from there$' output || fail "the slow loss was cut short"
step=$(grep -oE 'after step [0-9]+' output | grep -oE '[0-9]+')
[[ -e $(printf 'slow/00001-slow-loss/checkpoints/step-%09d.safetensors' "$step") ]] || fail "step $step was not saved"

# The second Ctrl-C ends the program at once, whatever it does.
sed 's/save_every = 20,/on_step = function() print "stuck" while true do end end,/' train.lua >stuck.lua
"$program" run stuck.lua --runs stuck --threads 1 >output 2>&1 & pid=$!
for ((i = 0; i < 1200; i++)); do grep -q stuck output && break; sleep 0.05; done
kill -INT $pid
sleep 1
kill -0 $pid || fail "the first Ctrl-C ended a training in the middle of its step"
kill -INT $pid
wait $pid
[[ $? -eq 130 ]] || fail "the second Ctrl-C did not end the program"
