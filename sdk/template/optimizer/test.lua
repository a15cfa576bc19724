-- What my_optimizer must do: one step moves every weight that has a gradient by lr, to one side or the other.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_optimizer").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_optimizer.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local data = basin.dataset "gaussian" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }

-- The weights of a fresh model before and after `steps` steps, and the loss.
local function trained(name, steps, options)
  local model, before = basin.model "adm_unet" {
    image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {},
  }, {}
  for key, value in pairs(model:parameters()) do before[key] = value:copy() end
  local result = basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = steps, batch = 16,
    optimizer = basin.optimizer("my_optimizer", options),
  }
  return before, model:parameters(), result.loss
end

local before, after = trained("test-one", 1, { lr = 0.01 })
local moved = 0
for key, old in pairs(before) do
  for _, change in ipairs((after[key] - old):reshape(-1):totable()) do
    assert(change == 0 or math.abs(math.abs(change) - 0.01) < 1e-6, key .. " moved by " .. change)
    if change ~= 0 then moved = moved + 1 end
  end
end
assert(moved > 0)

-- Weight decay alone: a weight without a gradient shrinks by lr times weight_decay.
before, after = trained("test-decay", 1, { lr = 0.01, weight_decay = 0.5 })
local key = "input_blocks.0.0.weight"  -- behind a layer that begins as 0
assert((after[key] - before[key] * (1 - 0.01 * 0.5)):abs():max():item() < 1e-7)

-- It learns: the loss of a model that knows nothing is 1.
local _, _, loss = trained("test-learns", 40, { lr = 2e-3 })
assert(loss < 0.9, loss)

local ok, message = pcall(function() return basin.optimizer "my_optimizer" { momentum = 2 } end)
assert(not ok and tostring(message):find "momentum", message)
print "ok"
