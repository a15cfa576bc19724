local basin, toy = require "basin", require "toy"
local process, refused = toy.process, toy.refused

-- A model that predicts something: a few steps of training.
local model = basin.model "adm_unet" {
  image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {}, learned_variance = true,
}
basin.run { name = "ddpm-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = process, steps = 5, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-2 },
}
local function pixels(name, options, count, batch, seed)
  local images = basin.run { name = name, device = "cpu", precision = "fp32" }:sample {
    model = model, sampler = basin.sampler("ddpm", options), count = count or 4, batch = batch or 4, seed = seed or 0,
  }
  assert(images.count == (count or 4))
  return images.pixels
end
-- uint8 wraps around: compare as numbers
local function difference(a, b) return ((a * 1.0) - (b * 1.0)):abs():max():item() end

local first = pixels("ddpm-first", { steps = 5 })
assert(#first == 4)
assert(difference(pixels("ddpm-again", { steps = 5 }), first) == 0)
assert(difference(pixels("ddpm-seed", { steps = 5 }, 4, 4, 1), first) > 0)
-- An image does not depend on those beside it, but for rounding.
assert(difference(pixels("ddpm-single", { steps = 5 }, 4, 1), first) <= 1)
assert(difference(pixels("ddpm-steps", { steps = 6 }), first) > 0)
assert(difference(pixels("ddpm-stride", { steps = 5, spacing = "stride" }), first) > 0)

-- One step has no noise to add: with the estimate clipped it is x0 itself, and DDIM's.
local one = pixels("ddpm-one", { steps = 1 })
local ddim = basin.run { name = "ddpm-ddim", device = "cpu", precision = "fp32" }:sample {
  model = model, sampler = basin.sampler("ddim", { steps = 1, spacing = "even" }), count = 4, batch = 4, seed = 0,
}
assert(difference(one, ddim.pixels) == 0)

refused("1001 steps", function() return pixels("ddpm-refused", { steps = 1001 }) end)
refused("spacing", function() return basin.sampler "ddpm" { spacing = "odd" } end)
print "ok"
