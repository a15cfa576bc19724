-- Measurements: numbers by name, intervals, protocol; kept in the run, and loaded when the same is asked again.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 64, size = 8 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local run = basin.run { name = "results", device = "cpu" }
assert(run.folder == nil and run.name == "results" and run.seed == 0)
local steps = {}
local trained = run:train {
  model = model, data = data, process = basin.process "vp", steps = 4, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-3 }, averages = { ema = basin.averager "ema" { decay = 0.5 } },
  on_step = function(info) steps[#steps + 1] = info.step end,
}
assert(#steps == 4 and steps[4] == 4 and trained.steps == 4 and trained.loss > 0 and trained.seconds > 0)
local ema = model:averaged "ema"
assert(ema.label == "ema" and model.label == "raw" and ema.count == model.count and ema.process.steps == 1000)

local lpf = basin.metric "lpf" { sigma = 0.01, draws = 3, images = 16 }
local first = lpf:measure(ema, data)
assert(first.value == first.lpf and first.low < first.value and first.value < first.high)
assert(first.intervals.loss.value == first.loss and first.metric == "lpf" and first.label == "ema")
assert(tostring(first):find "^lpf %(ema%) [%d.]+ %[[%d.]+, [%d.]+%], loss ")
assert(first.protocol.reference == data.reference and first.seconds > 0)
local again = lpf:measure(ema, data)
assert(again.seconds == first.seconds, "it was measured twice")
assert(lpf:measure(ema, data, { seed = 1 }).lpf ~= first.lpf)
assert(lpf:measure(model, data).lpf ~= first.lpf)
local ok, message = pcall(function() return first.lss end)
assert(not ok and message == "results.lua:28: the result of lpf has no 'lss'; did you mean 'loss'?", message)
ok, message = pcall(function() return lpf:measure(ema, data, { sead = 1 }) end)
assert(not ok and message:find "did you mean 'seed'", message)
ok, message = pcall(function() return lpf:measure(3, data) end)
assert(not ok and message:find("'subject' must be images, a model or a dataset, got the number 3", 1, true), message)

-- Quantized copies leave the original alone.
local before = lpf:measure(ema, data).loss
local small, report = run:quantize { model = ema, quantizer = basin.quantizer "uniform" { bits = 4 } }
assert(small.label == "ema, 4 bits" and report.bits_per_weight > 4 and report.bits_per_weight < 5)
assert(report.bytes_after < report.bytes_before / 4 and report.relative_error > 0)
assert(lpf:measure(small, data).loss ~= before and lpf:measure(ema, data).loss == before)

-- The tables that verbs give know their names.
ok, message = pcall(function() return trained.los end)
assert(not ok and message == "results.lua:43: what run:train gives has no 'los'; did you mean 'loss'?", message)
ok, message = pcall(function() return report.bit end)
assert(not ok and message:find("what run:quantize gives has no 'bit'", 1, true), message)
assert(basin.table { columns = { "loss", "note" }, rows = { trained } }:find "%-")

run:log "a line of the script"
local log = assert(io.open(run.folder .. "/log.txt")):read "a"
assert(log:find "a line of the script")
assert(basin.report { runs = { run } } == run.folder .. "/report.html")
assert(run:report { path = "page.html" } == "page.html" and io.open "page.html")

-- The same again loads; another length is another run.
local function train(n, name)
  local r = basin.run { name = name or "results", device = "cpu" }
  r:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }, data = data,
    process = basin.process "vp", steps = n, batch = 8, optimizer = basin.optimizer "adam" { lr = 1e-3 },
  }
  return r.folder
end
local folder = train(2)
assert(train(3) ~= folder and train(2, "other") ~= folder)
