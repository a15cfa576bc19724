local basin, toy = require "basin", require "toy"
local data, process, tiny = toy.data, toy.process, toy.tiny
local weights, distance, refused = toy.weights, toy.distance, toy.refused

-- Trains and keeps the weights after every step.
local steps, model, history = 120, tiny(), {}
local options = {
  model = model, data = data, process = process, steps = steps, batch = 8, optimizer = basin.optimizer "adam" { lr = 1e-2 },
  averages = { pema = basin.averager "post_hoc_ema" { every = 5 }, ema = basin.averager "ema" { decay = 0.9 } },
  on_step = function(step) history[step.step] = weights(model) end,
}
basin.run { name = "post-hoc-ema", device = "cpu" }:train(options)

-- What tracking the exponent from the first step on gives.
local function online(gamma)
  local all = {}
  for name in pairs(history[1]) do
    local a = history[1][name]
    for t = 2, steps do
      local kept = (1 - 1 / t) ^ (gamma + 1)
      a = a * kept + history[t][name] * (1 - kept)
    end
    all[name] = a
  end
  return all
end
local function size(all)
  local sum = 0
  for _, value in pairs(all) do sum = sum + (value ^ 2):sum():item() end
  return math.sqrt(sum)
end
local function near(found, gamma)
  local wanted = online(gamma)
  local off = distance(weights(found), wanted) / size(wanted)
  assert(off < 1e-4, ("gamma %g: off by %g"):format(gamma, off))
  assert(distance(history[steps], wanted) > 1e-2 * size(wanted))  -- the check can fail
end

near(model:averaged "pema", 16.9722)                          -- sigma_rel = 0.05
near(model:averaged("pema", { sigma_rel = 0.1 }), 6.93720)
near(model:averaged("pema", { gamma = 6.94 }), 6.94)
near(model:averaged("pema", { gamma = 11 }), 11)              -- between what was tracked
near(model:averaged("pema", { gamma = 4 }), 4)                -- and a little beyond
assert(model:averaged("pema", { gamma = 11 }).label == "pema, gamma = 11", model:averaged("pema", { gamma = 11 }).label)

refused("span", function() return model:averaged("pema", { gamma = 1000 }) end)
refused("The profile of sigma_rel 0.28 lies outside", function() return model:averaged("pema", { sigma_rel = 0.28 }) end)
refused("other values of every", function() return model:averaged("pema", { every = 10 }) end)
near(model:averaged("pema", { sigma_rel = 0.05 }), 16.9722)  -- what it was made with, named
near(model:averaged("pema", { gamma = 5, sigma_rel = 0.1 }), 5)  -- the exponent goes before the width
refused("sigma_rel", function() return model:averaged("pema", { sigma = 0.1 }) end)
refused("acts while it is trained", function() return model:averaged("ema", { decay = 0.5 }) end)
refused("no average", function() return model:averaged("emma", { decay = 0.5 }) end)
print "ok"
