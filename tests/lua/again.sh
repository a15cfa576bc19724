#!/usr/bin/env bash
# The same line again, as a person gives it at the prompt with Up and Enter: a training that was stopped goes on in its
# run, a finished one is loaded, although the model has changed since; and a line says what is written where.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"
fail() { echo "$1"; cat output; exit 1; }
count() { find "$1" -mindepth 1 -maxdepth 1 -type d | wc -l; }
weights() { sha256sum <"$1/checkpoints/model.safetensors"; }

cat >start.lua <<'LUA'
basin = require "basin"
model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
data, process = basin.dataset "shapes" { count = 32, size = 8 }, basin.process "vp"
stop = 0
function train(run, steps)
  return run:train { model = model, data = data, process = process, steps = steps or 8, batch = 4, save_every = 2,
    optimizer = basin.optimizer "adam" { lr = 1e-3 }, averages = { ema = basin.averager "ema" { decay = 0.5 } },
    on_step = function(s) if s.step == stop then error "enough" end end }
end
LUA
prompt() {  # the lines of standard input, after start.lua, in run folders $1
  { tr '\n' ' ' <start.lua; echo; cat; } | "$program" repl --threads 1 --runs "$@" >output 2>&1
  local status=$?
  sed -i -E "s/^'.*': //; s/^enough;.*/enough/; /^[a-z ]+ [0-9]+ %  /d" output  # the line of train(), where it fails; progress on a slow machine
  return $status
}

# What an undisturbed training gives.
prompt whole <<<'train(basin.run { name = "x", device = "cpu" }).steps' || fail "the undisturbed training failed"
[[ $(<output) == $'new run whole/00001-x\n8' ]] || fail "a new run is not told"

# One run object.
prompt one <<'LUA'
run = basin.run { name = "x", device = "cpu" }
stop = 5 train(run)
stop = 0 print(train(run).steps)
lpf = basin.metric "lpf" { sigma = 0.01, draws = 2, images = 16 }
lpf:measure(model, data);
print(train(run).loss > 0, model:averaged("ema").label)
train(run, 9)
LUA
cat >expected <<'TEXT'
new run one/00001-x
enough
continuing one/00001-x at step 4 of 8
8
loaded the finished training in one/00001-x
true	ema
this run, one/00001-x, is of another training (other: steps); make another one with basin.run
TEXT
diff expected output || fail "the same run object does not go on as it should"
[[ $(count one) -eq 1 && $(weights one/00001-x) == $(weights whole/00001-x) ]] || fail "it is not the same training"
[[ $(grep -c '"step":8' one/00001-x/metrics.jsonl) -eq 1 ]] || fail "step 8 was not logged once"

# A run object of its own for each line, and the run of another process.
prompt two <<<'stop = 5 train(basin.run { name = "x", device = "cpu" })'
prompt two <<'LUA'
stop = 7 train(basin.run { name = "x", device = "cpu" })
stop = 0 train(basin.run { name = "x", device = "cpu" });
train(basin.run { name = "x", device = "cpu" });
train(basin.run { name = "y", device = "cpu" }, 2);
LUA
cat >expected <<'TEXT'
continuing two/00001-x at step 4 of 8
enough
continuing two/00001-x at step 6 of 8
loaded the finished training in two/00001-x
new run two/00002-y
TEXT
diff expected output || fail "a new run object begins anew"
[[ $(count two) -eq 2 && $(weights two/00001-x) == $(weights whole/00001-x) ]] || fail "it is not the same training"

# Without its checkpoints, which a user short of space removes, what is finished is loaded from its weights, in another
# process too, and what goes on from them (y) finds its run.
rm two/*/checkpoints/step-*
prompt two <<'LUA'
print(train(basin.run { name = "x", device = "cpu" }).steps, model:averaged("ema").label)
train(basin.run { name = "y", device = "cpu" }, 2);
model:averaged("ema", { decay = 0.6 })
LUA
cat >expected <<'TEXT'
loaded the finished training in two/00001-x
8	ema
loaded the finished training in two/00002-y
the run 'two/00002-y' has no checkpoint any more, which held the average
TEXT
diff expected output || fail "a finished training needs its checkpoints"
[[ $(weights two/00001-x) == $(weights whole/00001-x) ]] || fail "its weights were written over"

# Before the first checkpoint, what the run began with is what it begins with again: the seed's weights, or those that the
# model had (y goes on from x).
prompt three <<'LUA'
x = basin.run { name = "x", device = "cpu" }
stop = 1 train(x)
stop = 0 train(x);
y = basin.run { name = "y", device = "cpu" }
stop = 1 train(y)
stop = 0 train(y);
LUA
cat >expected <<'TEXT'
new run three/00001-x
enough
beginning three/00001-x again, which has no checkpoint to go on from
new run three/00002-y
enough
beginning three/00002-y again, which has no checkpoint to go on from
TEXT
diff expected output || fail "a training without a checkpoint is not begun again"
prompt straight <<'LUA'
train(basin.run { name = "x", device = "cpu" });
train(basin.run { name = "y", device = "cpu" });
LUA
[[ $(weights three/00001-x) == $(weights whole/00001-x) ]] || fail "x began from the weights that it had left"
[[ $(weights three/00002-y) == $(weights straight/00002-y) ]] || fail "y began from the weights that it had left"
[[ $(weights three/00002-y) != $(weights three/00001-x) ]] || fail "y trained nothing"

# Weights that something else has changed are another beginning.
prompt changed <<'LUA'
x = function() return basin.run { name = "x", device = "cpu" } end
train(x(), 2);
model:load "changed/00001-x/checkpoints/ema.safetensors";
train(x(), 2);
LUA
[[ $(<output) == $'new run changed/00001-x\nnew run changed/00002-x' ]] || fail "other weights are the same training"

# --fresh continues nothing.
prompt fresh --fresh <<<'for i = 1, 2 do train(basin.run { name = "x", device = "cpu" }, 2) end'
[[ $(count fresh) -eq 2 ]] || fail "--fresh went on in a run"

# A training that is refused leaves no folder, whoever refuses it, and a run that can still be used.
prompt refused <<'LUA'
run = basin.run { name = "x", device = "cpu" }
t = { model = model, data = data, process = process, steps = 2, optimizer = basin.optimizer "sgd" { lr = 1e-3 } }
t.averages = { swad = basin.averager "swad" {} }
run:train(t)
t.averages = nil t.accumulate = 64
run:train(t)
run.folder
t.accumulate = nil
run:train(t).steps
LUA
grep -q "^averager 'swad'" output || fail "swad is not refused"
grep -q '^nil$' output || fail "a refused training has a folder"
grep -q '^new run refused/00001-x$' output || fail "the run cannot be used after a refusal"
[[ $(count refused) -eq 1 ]] || fail "a refused training left its folder"

# Measurements and images that were there already.
cat >measure.lua <<'LUA'
local run = basin.run { name = "x", device = "cpu" }
train(run);
local images = run:sample { model = model, sampler = basin.sampler "ddim" { steps = 2 }, count = 4 }
for _ = 1, 3 do basin.metric "lpf" { sigma = 0.01, draws = 3, images = 16 }:measure(model, data) end
basin.metric "lpf" { sigma = 0.01, draws = 3, images = 16 }:measure(model:averaged "ema", data)
LUA
measure() { { cat start.lua measure.lua; } >both.lua && sed -i 's/^\(basin\|model\|stop\|data, process\) =/local &/; s/^function/local &/' both.lua &&
  "$program" run both.lua --runs one "$@" >output 2>&1 || fail "measuring failed"; }
measure --threads 1
grep -q '^already' output && fail "what was made now was there already"
measure --threads 1
grep -q '^already sampled: 4 images, from one/00001-x$' output || fail "loaded images are not told"
[[ $(grep -cx 'already measured, from one/00001-x: lpf' output) -eq 1 ]] || fail "a loaded result is not told once"

# Another build of the same version of a plugin: the run goes on, and it is said; sam, which the run does not use, is none of
# its business.
sed -i '2i basin.optimizer "sam" { base = basin.optimizer "adam" };' start.lua
measure --threads 1 --fresh
mkdir builds && for name in adam sam; do cp "$(dirname "$program")/../plugins/$name.basin.so" builds && echo >>builds/$name.basin.so; done
BASIN_PLUGIN_PATH=$PWD/builds measure --threads 1
grep -qE '^note: one/0000.-x was begun with another build of adam 0.1.0, and keeps what that found; --fresh begins anew$' output ||
  fail "another build is not told"
grep -q '^loaded the finished training in one/0000.-x$' output || fail "another build of a plugin began a new run"
measure --threads 1
grep -q '^note' output && fail "the same build is another"

# A training that goes on has steps of its own build.
prompt builds <<<'stop = 5 train(basin.run { name = "x", device = "cpu" })'
BASIN_PLUGIN_PATH=$PWD/builds prompt builds <<<'train(basin.run { name = "x", device = "cpu" });'
grep -qx 'note: builds/00001-x was begun with another build of adam 0.1.0; the steps from 5 on are this build.s; --fresh begins anew' output ||
  fail "whose the steps are is not told"

# Another process than the model was trained on, and an average that is none yet, are a line each.
prompt warned <<'LUA'
run = basin.run { name = "x", device = "cpu" }
run:train { model = model, data = data, process = process, steps = 8, batch = 4, optimizer = basin.optimizer "adam" {},
  averages = { late = basin.averager "swa" { start = 100, every = 10 } } };
other = basin.process "vp" { schedule = "linear", steps = 100 }
lpf = basin.metric "lpf" { sigma = 0.01, draws = 2, images = 16 }
for seed = 1, 2 do lpf:measure(model, data, { process = other, seed = seed }) end
run:sample { model = model, sampler = basin.sampler "ddim" { steps = 2 }, count = 2, process = other };
run:sample { model = model, sampler = basin.sampler "ddim" { steps = 2 }, count = 2, process = process };
LUA
cat >expected <<'TEXT'
new run warned/00001-x
warning: swa: there is no snapshot yet, so the average is the raw weights; the first is taken after step 110
warning: the model was trained on vp process, cosine schedule, 1000 steps and is measured on vp process, linear schedule, 100 steps
warning: the model was trained on vp process, cosine schedule, 1000 steps and is sampled with vp process, linear schedule, 100 steps
TEXT
diff expected output || fail "a warning is missing or too much"
exit 0
