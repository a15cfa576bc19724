#!/usr/bin/env bash
# reload.sh PROGRAM FOLDER TOYS: a plugin is built anew while a script runs; new objects have the new code, living ones
# keep theirs. Then a hundred times in a row.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1 toys=$3
work_in "$2"
mkdir plugins
cp "$toys/step_1.basin.so" plugins/step.basin.so
cat >reload.lua <<LUA
local basin = require "basin"
local data, process = basin.dataset "gaussian" { count = 8, size = 8 }, basin.process "vp" {}

-- How far one step of this optimizer moves a weight.
local count = 0
local function moves(optimizer)
  count = count + 1
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  basin.run { name = "reload-" .. count, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = 1, batch = 2, optimizer = optimizer,
  }
  return model:parameters()["out.2.bias"]:max():item()
end
local function build(step)
  assert(os.execute("cp $toys/step_" .. step .. ".basin.so step.new && mv step.new plugins/step.basin.so"))
end
local pid = io.open "/proc/self/stat":read "n"
local function files()  -- that are open
  collectgarbage()
  local pipe <close> = io.popen("ls /proc/" .. pid .. "/fd")
  return select(2, pipe:read "a":gsub("\n", ""))
end

local old = basin.optimizer "step" {}
assert(basin.plugins.reload "step".version == "0.0.1")  -- as it is: nothing new
assert(moves(old) == 1)
build(2)
local before = os.clock()
local info = basin.plugins.reload "step"
assert(os.clock() - before < 1)
assert(info.version == "0.0.2" and info.components[1].name == "step")
local new = basin.optimizer "step" {}
assert(moves(new) == 2, "the new object has the old code")
assert(moves(old) == 1, "the living object lost its code")

local open = files()
for i = 1, 100 do
  build(i % 2 + 1)
  basin.plugins.reload "step"
end
assert(moves(basin.optimizer "step" {}) == 1)
assert(files() == open, "reloading leaves files open")
assert(not pcall(basin.plugins.reload, "stepp"))

-- A build that cannot be used leaves the one before it in its place.
assert(os.execute "echo broken > plugins/step.basin.so")
local ok, why = pcall(basin.plugins.reload, "step")
assert(not ok and tostring(why):find("step.basin.so", 1, true), why)
assert(moves(basin.optimizer "step" {}) == 1)
print "ok"
LUA
"$program" run reload.lua --trust --fresh --threads 1 --runs runs >output 2>&1
status=$?
tail -3 output
[[ $status -eq 0 && $(tail -1 output) == ok ]]
