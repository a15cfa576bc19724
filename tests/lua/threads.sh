#!/usr/bin/env bash
# Another number of threads is another run, and that is said with the way back; the same number goes on in silence.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"

cat >train.lua <<'LUA'
local basin = require "basin"
basin.arguments { seed = { type = "integer", default = 0, help = "of the run" } }
local run = basin.run { name = "threads", seed = basin.args.seed, device = "cpu" }
run:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "shapes" { count = 16, size = 8 }, process = basin.process "vp", steps = 1, batch = 4,
  optimizer = basin.optimizer "adam",
}
print(run.folder)
LUA
fail() { echo "$1"; cat output; exit 1; }
train() { "$program" run train.lua --runs runs "$@" >output 2>&1 || fail "it failed"; }

sentence='beginning a new run, because runs/00001-threads was computed with 1 thread and this is 2; --threads 1 goes on there'
train --threads 1
grep -q 'beginning a new run' output && fail "the first run speaks of another"
train --threads 2
grep -qx "$sentence" output || fail "it does not say why it begins anew"
grep -q '^runs/00002-threads$' output || fail "it is not another run"
grep -q "$sentence" runs/00002-threads/log.txt || fail "log.txt does not say it"
grep -A1 "$sentence" runs/00002-threads/log.txt | grep -q 'beginning at step 0 of 1$' || fail "a run that dies at once would end in a line about another"
train --threads 1
grep -q '^runs/00001-threads$' output || fail "it did not go on where it was told"
grep -q 'beginning a new run' output && fail "it goes on and says that it begins"
train --threads 3 --set seed=1
grep -q 'beginning a new run' output && fail "another seed is no question of threads"
train --threads 3 --fresh
grep -q 'beginning a new run' output && fail "who asks for a fresh run needs no reason"
exit 0
