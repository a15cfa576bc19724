local basin = require "basin"

local data = basin.dataset "gaussian" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 4 }
-- Trains with a loss that is `scale[t]` times the usual one; gives the levels of each step's batch.
local function levels(name, schedule, steps, scale)
  local all = {}
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
    data = data, process = process, steps = steps, batch = 64, optimizer = basin.optimizer "sgd" { lr = 0 },
    noise_schedule = schedule,
    loss = function(model, x0, noise, t, context)
      local drawn, factors = t:totable(), {}
      for i, level in ipairs(drawn) do factors[i] = scale[level] end
      all[#all + 1] = drawn
      return ((model(context.process:noised(x0, noise, t), t) - noise) ^ 2):mean(2, 3, 4) * basin.tensor(factors)
    end,
  }
  return all
end
local function shares(batches, first, last)
  local counts, total = { [0] = 0, 0, 0, 0 }, 0
  for i = first, last do
    for _, level in ipairs(batches[i]) do
      assert(math.type(level) == "integer" or level == math.floor(level))
      assert(level >= 0 and level <= 3)
      counts[math.floor(level)] = counts[math.floor(level)] + 1
      total = total + 1
    end
  end
  for level = 0, 3 do counts[level] = counts[level] / total end
  return counts
end

-- Losses of 1, 1, 2 and 4 a level: p is 1/8, 1/8, 2/8 and 4/8 once every level has its history, and uniform before.
local scale = { [0] = 1, 1, 2, 4 }
local schedule = basin.noise_schedule "loss_second_moment" { history = 10, uniform_prob = 0 }
local batches = levels("second-moment", schedule, 30, scale)
local before, after = shares(batches, 1, 1), shares(batches, 5, 30)  -- 64 a step: 10 of each level by the third step
for level = 0, 3 do
  assert(math.abs(before[level] - 0.25) < 0.2, before[level])
  assert(math.abs(after[level] - scale[level] / 8) < 0.06, ("level %d: %g"):format(level, after[level]))  -- 1664 draws
end

-- uniform_prob = 1 is uniform.
local flat = shares(levels("second-moment-flat", basin.noise_schedule "loss_second_moment" { uniform_prob = 1 }, 20, scale), 5, 20)
for level = 0, 3 do assert(math.abs(flat[level] - 0.25) < 0.07, flat[level]) end

local ok, message = pcall(function() return basin.noise_schedule "loss_second_moment" { uniform_prob = 2 } end)
assert(not ok and tostring(message):find "uniform_prob", message)
print "ok"
