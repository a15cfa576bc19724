#!/usr/bin/env bash
# basin runs, show, compare, report and export on runs that the program made, and on folders that a hand or a kill left.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"
failed=0

# expect CODE TEXT command...: the exit code, and somewhere in the output TEXT
expect() {
  local code=$1 text=$2 status
  shift 2
  "$@" >output 2>&1 </dev/null
  status=$?
  if [[ $status -ne $code ]] || ! grep -qF -- "$text" output; then
    printf '%s\n  expected: %s, exit code %s\n  got:      exit code %s, %s\n' "$*" "$text" "$code" "$status" "$(head -20 output)"
    failed=1
  fi
}
says() { grep -qF -- "$1" output || { printf 'missing: %s\n' "$1"; cat output; failed=1; }; }
sentence() {  # the last output was one line
  [[ $(wc -l <output) -eq 1 ]] || { echo "more than one sentence:"; cat output; failed=1; }
}

expect 0 "there are no runs in 'runs' yet" "$program" runs
expect 0 "[]" "$program" runs --json
expect 1 "there is no folder of runs 'nowhere'" "$program" runs --runs nowhere
mkdir runs
expect 0 "there are no runs in 'runs' yet" "$program" runs
expect 1 "there is no run 'x': 'runs' holds none" "$program" show x
sentence

cat >train.lua <<'LUA'
local basin = require "basin"
basin.arguments { rho = { type = "number", default = 0.05 }, steps = { type = "integer", default = 20 } }
local data, process = basin.dataset "shapes" { count = 64, size = 8 }, basin.process "vp"
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local run = basin.run { name = "sam", device = "cpu" }
run:train {
  model = model, data = data, process = process, steps = basin.args.steps, batch = 8, log_every = 5, save_every = 20,
  optimizer = basin.optimizer "sam" { rho = basin.args.rho, base = basin.optimizer "adam" { lr = 1e-3 } },
}
local lpf = basin.metric "lpf" { sigma = 0.01, draws = 2, images = 16 }
local small, cost = run:quantize { model = model, quantizer = basin.quantizer "uniform" { bits = 4 } }
print(("cost %.17g %.17g"):format(cost.relative_error, cost.bits_per_weight))
for _, candidate in ipairs { model, small } do
  run:sample { model = candidate, sampler = basin.sampler "ddpm" { steps = 3 }, count = 6 }
  lpf:measure(candidate, data)
end
LUA
for rho in 0.05 0.5; do
  "$program" run train.lua --threads 1 --set rho=$rho >output 2>&1 || { cat output; exit 1; }
done

# ---- what quantization cost, as a result of the run's --------------------------------------------------------------------
cp output cost
python3 - <<'PY' || failed=1
import glob, json, math
error, bits = next(map(float, line.split()[1:]) for line in open("cost") if line.startswith("cost "))
[file] = glob.glob("runs/00002-sam/results/quantization-*.json")
kept = json.load(open(file))
numbers = {s["name"]: s["value"] for s in kept["scalars"]}
assert kept["label"] == "4 bits" and numbers["relative_error"] == error and numbers["bits_per_weight"] == bits, numbers
assert numbers["bytes_after"] < numbers["bytes_before"] / 4
[curve] = kept["curves"]  # of each weight: what rounding to 15 levels can do
assert len(curve["y"]) == numbers["layers"] and all(0 < y < 0.5 for y in curve["y"]), curve
PY
expect 0 "quantization" "$program" show 2
"$program" report 2 -o cost.html >output 2>&1 || { cat output; failed=1; }
python3 - <<'PY' || failed=1
page = open("cost.html").read()
for part in ("<h2>Quantization</h2>", "quantization: relative_error", "relative error of each weight"):
    assert part in page, part
PY

# ---- a plugin's warning says once whose it is -----------------------------------------------------------------------------
"$program" -e 'local d = basin.dataset "shapes" { count = 8, size = 8 }
  basin.metric("fid", { features = basin.model "small_features" {} }):measure(d, d)' --threads 1 >output 2>&1
grep -qE '^warning: fid: 8 images cannot fill a covariance of [0-9]+ features' output || { echo "fid warns otherwise:"; cat output; failed=1; }

# ---- lists -----------------------------------------------------------------------------------------------------------
expect 0 "00002-sam" "$program" runs
says "finished"
expect 0 "00002-sam" "$program" runs --where 'rho>0.1'
grep -q 00001 output && { echo "--where let a run through"; failed=1; }
expect 0 "optimizer.rho" "$program" runs --columns rho,lpf --sort rho --reverse
[[ $(sed -n '3s/ .*//p' output) == 00002-sam ]] || { echo "--sort --reverse:"; cat output; failed=1; }
expect 1 "no run has 'rhp'; did you mean 'rho'?" "$program" runs --sort rhp
sentence
expect 1 "'rho' is no condition" "$program" runs --where rho
sentence
expect 0 "no run in 'runs' is like that" "$program" runs --where 'rho>9'
"$program" runs --json | python3 -c '
import json, sys
runs = json.load(sys.stdin)
assert [r["options"]["optimizer.rho"] for r in runs] == [0.05, 0.5], runs
assert all(r["state"] == "finished" and r["step"] == 20 and r["metrics"]["lpf"]["low"] < r["metrics"]["lpf"]["value"] for r in runs)
' || failed=1
expect 0 "optimizer.base.lr" "$program" runs --names
rm runs/.index.sqlite
expect 0 "read 2 runs in 'runs' into its index" "$program" runs --rebuild

# ---- one, and two side by side ---------------------------------------------------------------------------------------
expect 0 "runs/00001-sam: finished, step 20 of 20" "$program" show 1
says "optimizer.rho"
says "checkpoints/model.safetensors"
"$program" show 1 --json | python3 -c '
import json, sys
run = json.load(sys.stdin)
assert run["record"]["name"] == "sam" and [row["step"] for row in run["rows"]] == [5, 10, 15, 20], run
assert sorted(r["metric"] for r in run["results"]) == ["lpf", "lpf", "quantization"], run["results"]
' || failed=1
expect 0 "optimizer.rho" "$program" compare 1 2 -o cells.png
says "00001-sam"
says "at step 20"
says "00002-sam from 00001-sam"
[[ $(grep -n 'optimizer.rho' output | cut -d: -f1) -lt $(grep -n '^lpf' output | head -1 | cut -d: -f1) ]] ||
  { echo "what differs does not come first"; cat output; failed=1; }
[[ $(head -c 8 cells.png | od -An -tx1 | tr -d ' \n') == 89504e470d0a1a0a ]] || { echo "cells.png is no picture"; failed=1; }
"$program" compare 1 2 --json | python3 -c '
import json, sys
c = json.load(sys.stdin)
assert "optimizer.rho" in c["differs"] and "optimizer.base.lr" in c["same"], c["differs"]
assert [len(s["difference"][1]) for s in c["samples"]] == [6, 6] and c["samples"][0]["difference"][0] == [0] * 6
' || failed=1
expect 1 "a comparison needs two runs or more" "$program" compare 1
sentence
expect 1 "there is no run 'sma' in 'runs'; did you mean 'sam'?" "$program" compare 1 sma
sentence
expect 0 "two.html" "$program" report 1 2 -o two.html --title "Two of them"
grep -q '<h1>Two of them</h1>' two.html || failed=1

# ---- other programs: Python's own readers ----------------------------------------------------------------------------
"$program" export 1 2 -o rows.csv && "$program" export 1 2 -o rows.jsonl && "$program" export 1 2 --results -o results.csv || failed=1
expect 1 "basin export writes .csv and .jsonl, and 'rows.xlsx' ends in .xlsx; give it one of these, or say which with --format" \
  "$program" export 1 -o rows.xlsx
sentence
[[ -e rows.xlsx ]] && { echo "it wrote rows.xlsx"; failed=1; }
"$program" export 1 -o rows.txt --format csv || { echo "--format does not say what rows.txt is"; failed=1; }
python3 - <<'PY' || failed=1
import csv, json
rows = list(csv.DictReader(open("rows.csv", newline="")))
lines = [json.loads(line) for line in open("rows.jsonl")]
assert len(rows) == len(lines) == 8
for row, line in zip(rows, lines):
    assert row["run"] == line["run"] and int(row["step"]) == line["step"] and float(row["loss"]) == line["loss"]
own = [json.loads(line) for line in open("runs/00002-sam/metrics.jsonl")]
assert [r["loss"] for r in own] == [line["loss"] for line in lines if line["run"] == "00002-sam"]
results = list(csv.DictReader(open("results.csv", newline="")))
assert {r["weights"] for r in results} == {"raw weights", "4 bits"}, results
assert all(json.loads(r["protocol"]) for r in results)
PY

# ---- two runs at once while lists are made, and one that is killed -----------------------------------------------------
for rho in 0.1 0.2; do "$program" run train.lua --threads 1 --set rho=$rho --set steps=40 >out.$rho 2>&1 & pids[${rho#0.}]=$!; done
for ((i = 0; i < 5; i++)); do "$program" runs >output 2>&1 || { cat output; failed=1; }; done
wait "${pids[1]}" || { cat out.0.1; failed=1; }
wait "${pids[2]}" || { cat out.0.2; failed=1; }
expect 0 "00004-sam" "$program" runs --where step=40 --where state=finished
says "00003-sam"

"$program" run train.lua --threads 1 --set steps=100000 >output 2>&1 & pid=$!
for ((i = 0; i < 1200; i++)); do grep -q '"step":10[,}]' runs/00005-sam/metrics.jsonl 2>/dev/null && break; sleep 0.05; done
expect 0 "running" "$program" runs --where number=5 --where state=running
expect 0 "00005-sam: running" "$program" show 5
kill -KILL $pid
wait $pid 2>/dev/null
echo "2026-11-21 12:00:00  the last thing it said" >>runs/00005-sam/log.txt
expect 0 "00005-sam died; the last line of its log: 2026-11-21 12:00:00  the last thing it said" "$program" runs
expect 0 "00005-sam: died" "$program" show 5

# ---- folders that a hand changed ---------------------------------------------------------------------------------------
before=$(find runs/00001-sam runs/00002-sam -type f ! -name run.lock -exec sha256sum {} + | sort)
cp -r runs/00002-sam runs/00006-broken && echo '{ "name": ' >runs/00006-broken/run.json
cp -r runs/00002-sam runs/00007-bare && rm -r runs/00007-bare/{run.json,results,metrics.jsonl,samples}
cp -r runs/00002-sam runs/00008-rows && echo 'no JSON' >>runs/00008-rows/metrics.jsonl && echo '{' >runs/00008-rows/results/lpf-x.json
mkdir notes
expect 0 "00006-broken: 'runs/00006-broken/run.json' is not as Basin wrote it" "$program" runs
says "00007-bare/run.json"
expect 0 "is not as Basin wrote it" "$program" show 6
expect 0 "No such file" "$program" show 7
expect 0 "results/lpf-x.json' is not as Basin wrote it" "$program" show 8
expect 0 "is not as Basin wrote it" "$program" compare 1 6
expect 0 "broken.html" "$program" report 1 6 7 8 -o broken.html
expect 0 "run" "$program" export 1 6 7 8
expect 1 "'notes' is no run's folder" "$program" show notes
sentence
expect 1 "'runs/00001-sam' is the folder of one run" "$program" runs --runs runs/00001-sam
sentence
expect 1 "'train.lua' is a file" "$program" runs --runs train.lua
sentence
expect 1 "no/where/r.html" "$program" report 1 -o no/where/r.html
sentence
[[ $(find runs/00001-sam runs/00002-sam -type f ! -name run.lock -exec sha256sum {} + | sort) == "$before" ]] ||
  { echo "looking at runs changed one"; failed=1; }
rm -r runs/00006-broken
expect 0 "00007-bare" "$program" runs
grep -q 00006 output && { echo "a deleted folder is still listed"; failed=1; }
# A comma in brackets is part of a name.
sed -i 's/"4 bits"/"ema, 4 bits"/' runs/00008-rows/results/lpf-*.json && touch runs/00008-rows/results
expect 0 "lpf[ema, 4 bits]" "$program" runs --columns 'lpf[ema, 4 bits],rho'
says "optimizer.rho"

exit $failed
