#!/usr/bin/env bash
# TensorBoard's own reader sees the curves of an experiment while it runs, and after a kill and a restart the values of
# the latest start alone; and the grids of samples, at the step they were made.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
python=${BASIN_TENSORBOARD_PYTHON:-python3}
"$python" -c 'import tensorboard.backend.event_processing.event_accumulator' 2>/dev/null ||
  { echo "no TensorBoard here (pip install tensorboard; BASIN_TENSORBOARD_PYTHON names another Python): its reader is not asked"; exit 77; }
work_in "$2"

cat >train.lua <<'LUA'
local basin = require "basin"
local run = basin.run { name = "long", device = "cpu" }
run:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "shapes" { count = 64, size = 8 }, process = basin.process "vp", steps = 100000, batch = 8,
  log_every = 1, save_every = 25, optimizer = basin.optimizer "adam" { lr = 1e-3 },
}
LUA
# steps FOLDER: what TensorBoard shows of the loss, a line "step value" each
cat >steps.py <<'PY'
import logging, sys
logging.disable(logging.CRITICAL)
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
if "loss" in events.Tags()["scalars"]:
    for e in events.Scalars("loss"):
        print(e.step, repr(e.value))
PY
steps() { "$python" steps.py runs/00001-long 2>/dev/null; }
start() {
  "$program" run train.lua --threads 1 >output 2>&1 & pid=$!
  for ((i = 0; i < 2400; i++)); do
    [[ $(tail -1 runs/00001-long/metrics.jsonl 2>/dev/null | grep -o '"step":[0-9]*' | grep -o '[0-9]*') -gt $1 ]] 2>/dev/null && return
    sleep 0.05
  done
  echo "step $1 did not come"; cat output; exit 1
}

start 30
steps >seen
kill -0 $pid || { echo "the training ended early"; cat output; exit 1; }
[[ $(wc -l <seen) -ge 30 ]] || { echo "TensorBoard saw $(wc -l <seen) steps of a training that runs"; exit 1; }
kill -KILL $pid
wait $pid 2>/dev/null
first=$(steps | tail -1 | cut -d' ' -f1)

start $((first + 10))
kill -KILL $pid
wait $pid 2>/dev/null
steps >seen
"$program" export 1 -o rows.csv || exit 1
"$python" - <<'PY'
import csv, json, struct
seen = [(int(step), float(value)) for step, value in (line.split() for line in open("seen"))]
rows = [(int(r["step"]), float(r["loss"])) for r in csv.DictReader(open("rows.csv", newline=""))]
as_float = [(step, struct.unpack("f", struct.pack("f", loss))[0]) for step, loss in rows]
assert len({json.loads(line)["segment"] for line in open("runs/00001-long/metrics.jsonl")}) == 2
assert [s for s, _ in seen] == sorted({s for s, _ in seen}), "a step twice"
assert seen == as_float[:len(seen)] and len(as_float) - len(seen) <= 1, (seen[-3:], as_float[-3:])
PY

# ---- pictures ----------------------------------------------------------------------------------------------------------
cat >sample.lua <<'LUA'
local basin = require "basin"
local run = basin.run { name = "pictures", device = "cpu" }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
run:train { model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = basin.process "vp", steps = 4,
  batch = 8, optimizer = basin.optimizer "adam" { lr = 1e-3 } }
local small = run:quantize { model = model, quantizer = basin.quantizer "uniform" { bits = 4 } }
for i, candidate in ipairs { model, small } do
  run:sample { model = candidate, sampler = basin.sampler "ddim" { steps = 2 }, count = 3 * i }
end
LUA
for i in 1 2; do "$program" run sample.lua --threads 1 >output 2>&1 || { cat output; exit 1; }; done  # the second loads all
ls runs/00002-pictures/samples/*.png >/dev/null 2>&1 || { echo "no pictures can be written here: they are not looked for"; exit 0; }
"$python" - <<'PY'
import glob, io, logging, struct
logging.disable(logging.CRITICAL)
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator("runs/00002-pictures", size_guidance={"images": 0})
events.Reload()
assert sorted(events.Tags()["images"]) == ["samples/4 bits (ddim)", "samples/raw (ddim)"], events.Tags()
files = {open(name, "rb").read() for name in glob.glob("runs/00002-pictures/samples/*.png")}
for tag in events.Tags()["images"]:
    [image] = events.Images(tag)
    assert image.step == 4 and image.encoded_image_string in files, (tag, image.step)
    assert struct.unpack(">II", image.encoded_image_string[16:24]) == (image.width, image.height)
assert [e.step for e in events.Scalars("loss")][-1] == 4  # a file of pictures takes no curve back
PY
