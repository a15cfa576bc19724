local basin, toy = require "basin", require "toy"

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

local flat = { [0] = 1, 1, 1, 1 }
local batches = levels("uniform", basin.noise_schedule "uniform" {}, 8, flat)
assert(#batches == 8 and #batches[1] == 64)
local found = shares(batches, 1, 8)
for level = 0, 3 do assert(math.abs(found[level] - 0.25) < 0.1, found[level]) end  -- 512 draws: five standard errors

-- A step's levels are a function of seed and step; another step has others.
local again = levels("uniform-again", basin.noise_schedule "uniform" {}, 8, flat)
local different = false
for i = 1, 64 do
  assert(batches[3][i] == again[3][i])
  different = different or batches[3][i] ~= batches[4][i]
end
assert(different)

-- A part of the levels.
found = shares(levels("uniform-part", basin.noise_schedule "uniform" { from = 1, to = 3 }, 8, flat), 1, 8)
assert(found[0] == 0 and found[3] == 0 and math.abs(found[1] - 0.5) < 0.1, found[1])
found = shares(levels("uniform-end", basin.noise_schedule "uniform" { from = 3 }, 1, flat), 1, 1)
assert(found[3] == 1)
toy.refused("to = 5 lies beyond the process, which has 4 levels", function()
  levels("uniform-beyond", basin.noise_schedule "uniform" { to = 5 }, 1, flat)
end)
toy.refused("from = 2 leaves no level: they end before 2", function()
  levels("uniform-none", basin.noise_schedule "uniform" { from = 2, to = 2 }, 1, flat)
end)
print "ok"
