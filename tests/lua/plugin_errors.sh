#!/usr/bin/env bash
# plugin_errors.sh PROGRAM FOLDER TOYS: whose failure it is. The engine's own sentences get the operator and the plugin's
# function; what is wrong with the loss is none of the optimizer's.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"
export BASIN_PLUGIN_PATH=$3
failed=0

# expect TEXT table: the last line of a training whose table has these changes begins with TEXT
expect() {
  cat >train.lua <<LUA
local basin = require "basin"
local options = {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "gaussian" { count = 16, size = 8 }, process = basin.process "vp", steps = 2, batch = 4,
  optimizer = basin.optimizer "adam",
}
for key, value in pairs($2) do options[key] = value end
basin.run { name = "x", device = "cpu" }:train(options)
LUA
  rm -rf runs
  "$program" run train.lua --threads 1 >output 2>&1
  if [[ $? -ne 1 || $(tail -1 output) != "$1"* ]]; then
    printf 'expected: %s\ngot:      %s\n' "$1" "$(tail -3 output)"
    failed=1
  fi
}
expect "train.lua:8: optimizer 'clumsy' (plugin clumsy 0.1.0) in step: aten::add: The size of tensor a" \
  '{ optimizer = basin.optimizer "clumsy" }'
expect "train.lua:8: optimizer 'clumsy_boxed' (plugin clumsy 0.1.0) in step: aten::maximum: The size of tensor a" \
  '{ optimizer = basin.optimizer "sam" { base = basin.optimizer "clumsy_boxed" } }'
expect "train.lua:8: the loss is NaN at step 1; there is no checkpoint yet; try a lower learning rate" \
  '{ loss = function(model, x0, noise, t) return model(x0, t):mean(2, 3, 4) * (0 / 0) end }'
expect "train.lua:8: model 'adm_unet' is conditioned on 3 classes, and the data set 'gaussian' has no labels; train on data" \
  '{ model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, classes = 3 } }'
[[ -e runs ]] && { echo "a training that is refused made a folder"; failed=1; }
expect "train.lua:8: model 'adm_unet' is conditioned on 2 classes, and the data set 'shapes' has 3; give the model as many" \
  '{ model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, classes = 2 }, data = basin.dataset "shapes" { count = 16, size = 8, classes = 3 } }'

# Images that no memory holds are refused at once.
cat >sample.lua <<'LUA'
local basin = require "basin"
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
basin.run { name = "x" }:sample { model = model, sampler = basin.sampler "ddim" {}, count = 1e9 // 1 | 0,
  process = basin.process "vp" }
LUA
timeout 120 "$program" run sample.lua --threads 1 >output 2>&1
grep -q "^sample.lua:3: 1000000000 images take 384 GB of memory" output || { echo "1e9 images:"; tail -3 output; failed=1; }

exit $failed
