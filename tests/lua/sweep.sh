#!/usr/bin/env bash
# A sweep shared out with --task k/n: every point once, the whole table when the script runs without it; --dry-run.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"
fail() { echo "$1"; cat output; exit 1; }

cat >sweep.lua <<'LUA'
local basin = require "basin"
local sweep = basin.sweep { lr = { 1e-3, 3e-3, 1e-2 }, momentum = { 0, 0.9 } }
for point in sweep do
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  local run = basin.run { name = "point-" .. point.point, device = "cpu" }
  point.loss = run:train {
    model = model, data = basin.dataset "gaussian" { count = 16, size = 8 }, process = basin.process "vp", steps = 2,
    batch = 4, optimizer = basin.optimizer "sgd" { lr = point.lr, momentum = point.momentum },
  }.loss
end
print(sweep)
LUA
run=("$program" run sweep.lua --threads 1 --runs runs)

# Four tasks at once, as an array job: 6 points, so two of them have one more.
for k in 1 2 3 4; do "${run[@]}" --task $k/4 >"output.$k" 2>&1 & done
wait
cat output.* >output
[[ $(ls -d runs/*-point-* | sed 's/.*-//' | sort | tr '\n' ' ') == "1 2 3 4 5 6 " ]] || fail "the tasks did not do every point once: $(ls runs)"
[[ $(grep -c '^sweep, point ' output) -eq 6 ]] || fail "not every point was begun once"
grep -q '^task 3 of 4: 1 of 6 points; without --task the table has all$' output.3 || fail "the table does not say that it is a part"
grep -q '^sweep, point 6 of 6: lr = 0.01, momentum = 0.9$' output.2 || fail "the second task's last point is not the sixth"

"${run[@]}" >output 2>&1 || fail "the whole does not come together"
[[ $(grep -c '^loaded the finished training' output) -eq 6 && $(ls runs | grep -c point) -eq 6 ]] || fail "finished points were computed again"
[[ $(grep -cE '^0.0' output) -eq 6 ]] || fail "the table has not six rows"

"${run[@]}" --task 5/4 >output 2>&1 && fail "--task 5/4 was taken"
grep -q "^--task takes k/n, the k-th of n tasks with k from 1 to n, got '5/4'$" output || fail "the sentence is another"
echo 'print "hello"' >none.lua
"$program" run none.lua --task 1/2 >output 2>&1 && fail "--task was taken without a sweep"
grep -q 'this script has no basin.sweep whose points could be shared out' output || fail "the sentence is another"
exit 0
