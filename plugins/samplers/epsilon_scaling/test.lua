local basin, toy = require "basin", require "toy"
local process, refused = toy.process, toy.refused

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
basin.run { name = "scaling-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = basin.dataset "shapes" { count = 64, size = 8 }, process = process, steps = 5, batch = 8,
  optimizer = basin.optimizer "adam" { lr = 1e-2 },
}
local function pixels(name, sampler)
  return basin.run { name = "scaling-" .. name, device = "cpu", precision = "fp32" }:sample {
    model = model, sampler = sampler, count = 4, batch = 4, seed = 0,
  }.pixels * 1.0
end
local function difference(a, b) return (a - b):abs():max():item() end

local ddim = basin.sampler "ddim" { steps = 5, spacing = "even" }
local plain = pixels("plain", ddim)
assert(difference(pixels("one", basin.sampler "epsilon_scaling" { scale = 1, base = ddim }), plain) <= 1)

-- DDIM at eta = 0 written out, with the prediction divided by the scale.
local scaled = basin.sampler("written", function(s)
  local levels, x = s:levels(5), s.start
  for i = #levels, 1, -1 do
    local alpha, sigma = s.process:alpha(levels[i]), s.process:sigma(levels[i])
    local epsilon = s:denoise(x, levels[i]) / 1.3
    local x0 = ((x - epsilon * sigma) / alpha):clamp(-1, 1)
    epsilon = (x - x0 * alpha) / sigma
    local before = i > 1 and levels[i - 1]
    x = before and x0 * s.process:alpha(before) + epsilon * s.process:sigma(before) or x0
  end
  return x
end)
local moved = pixels("moved", basin.sampler "epsilon_scaling" { scale = 1.3, base = ddim })
assert(difference(moved, plain) > 2)
assert(difference(moved, pixels("written", scaled)) <= 1)

-- What a sampler is given is the scaled prediction itself, too.
local given = {}
local probe = basin.sampler("probe", function(s)
  given[#given + 1] = s:denoise(s.start, 500):copy()
  return s.start
end)
pixels("given", probe)
pixels("given-scaled", basin.sampler "epsilon_scaling" { scale = 1.3, base = probe })
assert(difference(given[1], given[2] * 1.3) < 1e-5 and difference(given[1], given[2]) > 1e-2)

-- Around ddpm.
pixels("ddpm", basin.sampler "epsilon_scaling" { scale = 1.01, base = basin.sampler "ddpm" { steps = 3 } })

refused("scale", function() return basin.sampler "epsilon_scaling" { scale = 0, base = ddim } end)
refused("base", function() return basin.sampler "epsilon_scaling" {} end)
print "ok"
