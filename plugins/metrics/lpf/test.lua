local basin = require "basin"

local data = basin.dataset "shapes" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
local function lpf(options) return basin.metric("lpf", options):measure(model, data, { process = process }) end

local before = {}
for name, value in pairs(model:parameters()) do before[name] = value:copy() end
local function unchanged()
  for name, value in pairs(model:parameters()) do assert((value - before[name]):abs():max():item() == 0, name) end
end

-- A fresh model predicts 0: its loss is the mean square of the noise.
local none = lpf { sigma = 0, draws = 2, images = 32 }
assert(none.lpf == none.loss and none.lpf_minus_loss == 0)
assert(math.abs(none.loss - 1) < 0.1)
unchanged()

-- Noise on the weights makes it worse, more noise more so; the same call gives the same numbers.
local little, much = lpf { sigma = 0.02, images = 32 }, lpf { sigma = 0.1, images = 32 }
assert(little.lpf > none.lpf and much.lpf > little.lpf)
assert(little.low < little.lpf and little.lpf < little.high)
assert(math.abs(much.lpf_minus_loss - (much.lpf - much.loss)) < 1e-9)
assert(lpf({ sigma = 0.1, images = 32 }).lpf == much.lpf)
assert(lpf({ sigma = 0.1, images = 32, mode = "filter_wise" }).lpf ~= much.lpf)
unchanged()

-- Both kinds at once are each alone; by noise level the bands' mean is the whole, where they have as many images.
local both = lpf { sigma = 0.1, images = 32, mode = "both", bands = 4 }
assert(both.lpf == much.lpf and both.lpf_filter_wise == lpf({ sigma = 0.1, images = 32, mode = "filter_wise" }).lpf)
for _, curve in ipairs(both.curves) do
  local sum = 0
  for _, y in ipairs(curve.y) do sum = sum + y end
  assert(#curve.y == 4 and math.abs(sum / 4 - both[curve.name]) < 1e-6, curve.name)
end
assert(#both.curves == 5 and #lpf({ draws = 2, images = 32, bands = 0 }).curves == 0)
unchanged()

local ok, message = pcall(function() return basin.metric("lpf", {}):measure(data:images(1, 8), data) end)
assert(not ok and tostring(message):find "measures a model, not images or data", message)
print "ok"
