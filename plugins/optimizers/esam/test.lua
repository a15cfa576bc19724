local basin, toy = require "basin", require "toy"
local data, process, weights, distance, refused = toy.data, toy.process, toy.weights, toy.distance, toy.refused

local function tiny()
  return basin.model "adm_unet" {
    image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, dropout = 0.3,
  }
end

-- Trains and notes for each run of the closure how many samples it had and how far the weights were from the beginning.
local function watched(name, steps, optimizer)
  local model, seen = tiny(), {}
  local before = weights(model)
  local function loss(denoiser, x0, noise, t, context)
    seen[#seen + 1] = { samples = #x0, away = distance(weights(model), before) }
    return ((denoiser(context.process:noised(x0, noise, t), t) - noise) ^ 2):mean(2, 3, 4)
  end
  local result = basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = steps, batch = 8, loss = loss, optimizer = optimizer,
  }
  return seen, distance(weights(model), before), weights(model), result.loss
end

-- The whole batch at w, the whole batch at w + e, and a quarter of it there. |e|^2 is rho^2 / beta in the mean.
local still, rho, beta = basin.optimizer "sgd" { lr = 0 }, 0.2, 0.5
local seen, away = watched("esam-passes", 1, basin.optimizer("esam", { rho = rho, beta = beta, gamma = 0.25, base = still }))
assert(#seen == 3 and seen[1].samples == 8 and seen[2].samples == 8 and seen[3].samples == 2)
assert(seen[1].away == 0 and seen[2].away == seen[3].away and away == 0)
local rounded = watched("esam-rounded", 1, basin.optimizer("esam", { rho = rho, gamma = 0.35, base = still }))
assert(rounded[3].samples == 3)  -- the nearest number to 2.8
local share = seen[2].away ^ 2 / (rho ^ 2 / beta)
assert(share > 0.7 and share < 1.3, share)

-- All weights and all samples: SAM, bit for bit, in two passes.
local adam = basin.optimizer "adam" { lr = 1e-2 }
local two, _, whole = watched("esam-whole", 3, basin.optimizer("esam", { rho = rho, beta = 1, gamma = 1, base = adam }))
assert(#two == 6)
local _, _, sam = watched("esam-sam", 3, basin.optimizer("sam", { rho = rho, base = adam }))
assert(distance(whole, sam) == 0)
local _, _, part = watched("esam-part", 3, basin.optimizer("esam", { rho = rho, base = adam }))
assert(distance(part, sam) > 0)

-- Of the whole batch, also where the second gradients are of a part of it; and around optimizers that cut the batch into
-- parts, those whose losses grew are looked for in each part.
toy.reports_sharpness("esam", basin.optimizer("esam", { rho = 0.5, gamma = 0.25, base = adam }))
local halves = basin.optimizer("lpf_sgd", { sigma = 0, draws = 2, base = still })
local nested = toy.watched("esam-parts", 1, basin.optimizer("esam", { rho = rho, gamma = 0.5, base = halves }))
assert(#nested == 6)
for half = 0, 1 do
  local whole, chosen = nested[3 * half + 2], nested[3 * half + 3]
  assert(whole.images == 4 and chosen.images == 2)
  for i = 1, 2 do
    local found = 0
    for j = 1, 4 do
      if (chosen.noise[i] - whole.noise[j]):abs():max():item() == 0 then found = found + 1 end
    end
    assert(found == 1)
  end
end

-- It learns.
local _, _, _, loss = watched("esam-learns", 40, basin.optimizer("esam", { rho = 0.05, base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(loss < 0.9, loss)

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local share, advice = toy.started("esam-stuck", basin.optimizer("esam", { rho = 5, base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(share > 0.9 and advice and advice < 1, share)

refused("gamma", function() return basin.optimizer "esam" { gamma = 2, base = adam } end)
print "ok"
