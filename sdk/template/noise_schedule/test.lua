-- What my_noise_schedule must draw: of four levels Phi(-ln 3) = 0.136 at each end and 0.364 for each in the middle.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_noise_schedule").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_noise_schedule.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local data = basin.dataset "gaussian" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 4 }
-- Trains with a loss that is `loss_of[t]` at level t. Gives each level's share of the draws, and the mean of the steps' losses.
local function drawn(name, schedule, steps, loss_of)
  local counts, total, sum = { [0] = 0, 0, 0, 0 }, 0, 0
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
    data = data, process = process, steps = steps, batch = 64, optimizer = basin.optimizer "sgd" { lr = 0 },
    noise_schedule = schedule,
    loss = function(model, x0, noise, t, context)
      local factors = {}
      for i, level in ipairs(t:totable()) do
        counts[math.floor(level)], total = counts[math.floor(level)] + 1, total + 1
        factors[i] = loss_of[level]
      end
      return (model(context.process:noised(x0, noise, t), t) * 0):mean(2, 3, 4) + basin.tensor(factors)
    end,
    on_step = function(step) sum = sum + step.loss end,
  }
  for level = 0, 3 do counts[level] = counts[level] / total end
  return counts, sum / steps
end

local loss_of = { [0] = 1, 2, 3, 6 }  -- the mean over uniform levels is 3
local shares = drawn("test-levels", basin.noise_schedule "my_noise_schedule" {}, 30, loss_of)
for level, wanted in pairs { [0] = 0.136, 0.364, 0.364, 0.136 } do
  assert(math.abs(shares[level] - wanted) < 0.04, ("level %d: %g"):format(level, shares[level]))  -- 1920 draws: 0.011
end

-- Weights make up for it.
local _, loss = drawn("test-unbiased", basin.noise_schedule "my_noise_schedule" { unbiased = true }, 30, loss_of)
assert(math.abs(loss - 3) < 0.3, loss)

-- A higher mean: more noise.
shares = drawn("test-mean", basin.noise_schedule "my_noise_schedule" { mean = 1 }, 10, loss_of)
assert(shares[3] > shares[0] + 0.2)

local ok, message = pcall(function() return basin.noise_schedule "my_noise_schedule" { std = 0 } end)
assert(not ok and tostring(message):find "std", message)
print "ok"
