-- What my_averager must give: the weights of each step, weighed by decay^(steps ago), the weights adding up to 1.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_averager").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_averager.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local function weights(model)
  local all = {}
  for name, value in pairs(model:parameters()) do all[name] = value:copy() end
  return all
end
local function distance(a, b)
  local sum = 0
  for name, value in pairs(a) do sum = sum + ((value - b[name]) ^ 2):sum():item() end
  return math.sqrt(sum)
end

local model, history = basin.model "adm_unet" {
  image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {},
}, {}
local before = weights(model)
basin.run { name = "test-averager", device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "gaussian" { count = 64, size = 8 },
  process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 4, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-2 },
  averages = { slow = basin.averager "my_averager" { decay = 0.75 }, last = basin.averager "my_averager" { decay = 0 } },
  on_step = function(step) history[step.step] = weights(model) end,
}
assert(#history == 4)

local decay, total, wanted = 0.75, 0, {}
for step = 1, 4 do total = total + decay ^ (4 - step) end
for name in pairs(before) do
  local sum = history[1][name] * (decay ^ 3 / total)
  for step = 2, 4 do sum = sum + history[step][name] * (decay ^ (4 - step) / total) end
  wanted[name] = sum
end
local moved = distance(history[4], before)
assert(moved > 0)
assert(distance(weights(model:averaged "slow"), wanted) < 1e-5 * moved)
assert(distance(weights(model:averaged "last"), history[4]) == 0)

local ok, message = pcall(function() return basin.averager "my_averager" { decay = 1 } end)
assert(not ok and tostring(message):find "decay", message)
print "ok"
