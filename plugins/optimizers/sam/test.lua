local basin, toy = require "basin", require "toy"
local data, process, tiny = toy.data, toy.process, toy.tiny
local weights, distance, close, refused = toy.weights, toy.distance, toy.close, toy.refused

-- Trains and looks into each run of the closure: the weights, the noise and the prediction.
local function watched(name, steps, dropout, optimizer)
  local model, seen = tiny(dropout), {}
  local function loss(denoiser, x0, noise, t, context)
    local predicted = denoiser(context.process:noised(x0, noise, t), t)
    seen[#seen + 1] = { weights = weights(model), noise = noise:copy(), t = t:copy(), predicted = predicted:copy() }
    return ((predicted - noise) ^ 2):mean(2, 3, 4)
  end
  local before = weights(model)
  basin.run { name = name, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = steps, batch = 8, loss = loss, optimizer = optimizer,
  }
  return seen, before, weights(model)
end
local function same(a, b) return (a - b):abs():max():item() == 0 end

-- |e| = rho over all parameters together, and the weights return bit for bit.
local still = basin.optimizer "sgd" { lr = 0 }
for _, rho in ipairs { 0.05, 0.5 } do
  local seen, before, after = watched("sam-rho" .. rho * 100, 1, 0, basin.optimizer("sam", { rho = rho, base = still }))
  assert(#seen == 2)
  assert(distance(seen[1].weights, before) == 0)
  close(distance(seen[2].weights, before), rho, 1e-5)
  assert(distance(after, before) == 0)
end

-- Both passes see the same randomness: at rho = 0 they are the same, dropout and all. Two steps differ.
local adam = basin.optimizer "adam" { lr = 1e-2 }
local seen = watched("sam-same", 3, 0.5, basin.optimizer("sam", { rho = 0, base = adam }))
assert(#seen == 6)
for step = 0, 2 do
  local first, second = seen[2 * step + 1], seen[2 * step + 2]
  assert(same(first.noise, second.noise) and same(first.t, second.t) and same(first.predicted, second.predicted))
end
assert(not same(seen[1].noise, seen[3].noise) and not same(seen[5].predicted, seen[3].predicted))

-- So rho = 0 is the base optimizer.
local _, _, sam = watched("sam-zero", 3, 0.5, basin.optimizer("sam", { rho = 0, base = adam }))
local _, _, plain = watched("sam-plain", 3, 0.5, adam)
assert(distance(sam, plain) == 0)
local _, _, other = watched("sam-other", 3, 0.5, basin.optimizer("sam", { rho = 0.5, base = adam }))
assert(distance(other, plain) > 0)

-- Adaptive: weights that are 0 stay where they are.
seen = watched("sam-adaptive", 2, 0, basin.optimizer("sam", { rho = 0.1, adaptive = true, base = adam }))
assert(same(seen[2].weights["out.2.weight"], seen[1].weights["out.2.weight"]))
assert(distance(seen[4].weights, seen[3].weights) > 0)

toy.reports_sharpness("sam", basin.optimizer("sam", { rho = 0.5, base = adam }))

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local function sam_of(rho) return basin.optimizer("sam", { rho = rho, base = basin.optimizer "adam" { lr = 3e-3 } }) end
local share, advice = toy.started("sam-stuck", sam_of(5))
assert(share > 0.9 and advice and advice < 1, share)
local share_now, none = toy.started("sam-started", sam_of(advice))
assert(share_now < 0.5 and not none, share_now)

-- A radius that grows: after `warmup` steps it is the whole one.
seen = watched("sam-warmup", 4, 0, basin.optimizer("sam", { rho = 0.1, warmup = 2, base = adam }))
for step, radius in ipairs { 0.05, 0.1, 0.1, 0.1 } do
  assert(math.abs(distance(seen[2 * step].weights, seen[2 * step - 1].weights) - radius) < 1e-4, step)
end

refused("base", function()
  return basin.run { name = "sam-refused", device = "cpu" }:train {
    model = tiny(), data = data, process = process, steps = 1, batch = 8, optimizer = basin.optimizer "sam" {},
  }
end)
print "ok"
