-- What my_metric must give: the loss of a model that predicts 0 is the mean square of the noise, 1 at every level.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_metric").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_metric.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local data = basin.dataset "shapes" { count = 512, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local fresh = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local function measure(options) return basin.metric("my_metric", options):measure(fresh, data, { process = process }) end

local few, many = measure { images = 32, levels = 4 }, measure { images = 512, levels = 4 }
assert(math.abs(many.loss - 1) < 0.02, many.loss)  -- the mean of 512 * 192 squares of N(0, 1): 1 within 0.0045
-- A mean over 192 values has variance 2 / 192, so the interval over 512 images is 1.96 sqrt(2 / 192 / 512) to each side.
assert(math.abs((many.high - many.low) / 2 / (1.96 * math.sqrt(2 / 192 / 512)) - 1) < 0.15, many.high - many.low)
assert(few.high - few.low > 2 * (many.high - many.low))
assert(many.low < many.loss and many.loss < many.high)

local curve = many.curves[1]
assert(#many.curves == 1 and #curve.x == 4 and curve.x[1] == 125 and curve.x[4] == 875)
local sum = 0
for i = 1, 4 do
  assert(math.abs(curve.y[i] - 1) < 0.05, curve.y[i])
  sum = sum + curve.y[i] / 4
end
assert(math.abs(sum - many.loss) < 1e-9)
assert(measure({ images = 32, levels = 4 }).loss == few.loss)

local ok, message = pcall(measure, { images = 8, levels = 8 })
assert(not ok and tostring(message):find "2 images a level", message)
ok, message = pcall(function() return basin.metric("my_metric", {}):measure(data:images(1, 8), data) end)
assert(not ok and tostring(message):find "measures a model, not images", message)
print "ok"
