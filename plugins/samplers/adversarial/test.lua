local basin, toy = require "basin", require "toy"
local process, refused = toy.process, toy.refused

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
basin.run { name = "attack-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = process, steps = 20, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-2 },
}

-- What a sampler is started from, and the loss of the first step there, by a sampler that looks and does no more.
local function start(name, options, batch)
  local starts, losses = {}, {}
  local function look(s)
    starts[#starts + 1] = s.start:copy()
    losses[#losses + 1] = s:denoise(s.start, 999)
    return s.start
  end
  local probe = basin.sampler("probe", look)
  local sampler = options and basin.sampler("adversarial", {
    radius = options.radius, iterations = options.iterations, base = probe,
  }) or probe
  basin.run { name = "attack-" .. name, device = "cpu", precision = "fp32" }:sample {
    model = model, sampler = sampler, count = 4, batch = batch or 4, seed = 0,
  }
  return basin.cat(starts), basin.cat(losses)
end
local function norms(x) return (x ^ 2):sum(2, 3, 4):sqrt() end

local z, plain = start "plain"
local function loss(epsilon) return ((epsilon - z) ^ 2):sum(2, 3, 4) end

assert((start("none", { radius = 0 }) - z):abs():max():item() == 0)
local attacked, epsilon = start("attacked", { radius = 2, iterations = 10 })
local moved = norms(attacked - z)
assert(moved:max():item() <= 2.0001 and moved:min():item() > 1.5, tostring(moved))
-- The attack finds more than a random direction of the same length, for every image.
local random, at_random = start("random", { radius = 2, iterations = 0 })
toy.close(norms(random - z):mean():item(), 2, 1e-4)
assert((loss(epsilon) - loss(at_random)):min():item() > 0)
assert((loss(epsilon) - loss(plain)):min():item() > 0)
-- The ascent written out, from the same beginning: half a radius away, then steps of 2.5 radius / iterations along each
-- image's own gradient, back into the ball after each.
local beginning
basin.run { name = "attack-beginning", device = "cpu", precision = "fp32" }:sample {
  model = model, count = 4, batch = 4, seed = 0,
  sampler = basin.sampler("probe", function(s)
    beginning = s:noise(1001):copy()
    return s.start
  end),
}
local function to_norm(x, norm) return x * (norm / norms(x)):reshape(4, 1, 1, 1) end
local delta = to_norm(beginning, 1)
for _ = 1, 10 do
  local at = (z + delta):require_gradient()
  delta = delta + to_norm(((model(at, 999) - z) ^ 2):sum():gradient(at), 0.5)
  delta = delta * (2 / norms(delta)):clamp(0, 1):reshape(4, 1, 1, 1)
end
assert((attacked - z - delta):abs():max():item() < 1e-3, (attacked - z - delta):abs():max():item())

-- An image is attacked in the same way whatever it is sampled beside.
assert((start("single", { radius = 2, iterations = 10 }, 1) - attacked):abs():max():item() < 1e-3)

refused("radius", function() return basin.sampler "adversarial" { radius = -1, base = basin.sampler "ddim" {} } end)
print "ok"
