local basin, toy = require "basin", require "toy"
local process, refused = toy.process, toy.refused

-- A model that predicts something: a few steps of training.
local model = basin.model "adm_unet" {
  image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, learned_variance = true,
}
basin.run { name = "ddim-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = process, steps = 5, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-2 },
}
local function pixels(name, options, count, batch, seed)
  local images = basin.run { name = name, device = "cpu", precision = "fp32" }:sample {
    model = model, sampler = basin.sampler("ddim", options), count = count or 4, batch = batch or 4, seed = seed or 0,
  }
  assert(images.count == (count or 4))
  return images.pixels
end
-- uint8 wraps around: compare as numbers
local function difference(a, b) return ((a * 1.0) - (b * 1.0)):abs():max():item() end

local first = pixels("ddim-first", { steps = 5 })
assert(difference(pixels("ddim-again", { steps = 5 }), first) == 0)
assert(difference(pixels("ddim-single", { steps = 5 }, 4, 1), first) <= 1)
assert(difference(pixels("ddim-noisy", { steps = 5, eta = 1 }), first) > 0)
assert(difference(pixels("ddim-even", { steps = 5, spacing = "even" }), first) > 0)

-- With all levels and eta = 1 it is DDPM with the small variance, which the noise of both tells.
local function same_noise(kind, options)
  local fixed = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  return basin.run { name = "ddim-as-ddpm-" .. kind, device = "cpu", precision = "fp32" }:sample {
    model = fixed, process = process, sampler = basin.sampler(kind, options), count = 4, batch = 4, seed = 0,
  }.pixels
end
local ddpm = same_noise("ddpm", { steps = 20, spacing = "even" })
local ddim = same_noise("ddim", { steps = 20, spacing = "even", eta = 1 })
assert(difference(ddpm, ddim) <= 1)

refused("eta", function() return basin.sampler "ddim" { eta = 2 } end)
print "ok"
