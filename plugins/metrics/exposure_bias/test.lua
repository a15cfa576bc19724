local basin, toy = require "basin", require "toy"
local process, refused, close = toy.process, toy.refused, toy.close

local data = basin.dataset "shapes" { count = 256, size = 8 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local ddim = basin.sampler "ddim" { steps = 5, spacing = "even" }
local bias = basin.metric "exposure_bias" { sampler = ddim, images = 128 }

-- A network at its beginning predicts zero wherever it is asked.
local zero = bias:measure(model, data, { process = process })
assert(zero.gap_last_step == 0 and zero.squared_gap_last_step == 0)

basin.run { name = "bias-model", device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = process, steps = 40, batch = 16, optimizer = basin.optimizer "adam" { lr = 3e-3 },
}
local found = bias:measure(model, data)
local curves = {}
for _, curve in ipairs(found.curves) do curves[curve.name] = curve end
assert(#curves.gap.x == 5 and curves.gap.x[1] == 0 and curves.gap.x[5] == 999)
close(curves["sampling norm"].y[1] - curves["training norm"].y[1], found.gap_last_step, 1e-9)

-- The same norms by a sampler in Lua, of other images and other noise: within what that changes.
local sampling, training, images = {}, {}, data:images(1, 128).pixels / 127.5 - 1
local probe = basin.sampler("probe", function(s)
  local levels, x = s:levels(5), s.start
  for i = #levels, 1, -1 do
    local t = levels[i]
    local alpha, sigma = process:alpha(t), process:sigma(t)
    local function norm(epsilon) return (epsilon ^ 2):sum(2, 3, 4):sqrt():mean():item() end
    local epsilon = s:denoise(x, t)
    sampling[t], training[t] = norm(epsilon), norm((s:denoise(images * alpha + s:noise(i) * sigma, t)))
    local x0 = ((x - epsilon * sigma) / alpha):clamp(-1, 1)
    local before = i > 1 and levels[i - 1]
    epsilon = (x - x0 * alpha) / sigma
    x = before and x0 * process:alpha(before) + epsilon * process:sigma(before) or x0
  end
  return x
end)
basin.run { name = "bias-probe", device = "cpu", precision = "fp32" }:sample {
  model = model, sampler = probe, count = 128, batch = 128,
}
for i, t in ipairs(curves.gap.x) do
  t = math.tointeger(t)
  close(curves["sampling norm"].y[i], sampling[t], 0.05)
  close(curves["training norm"].y[i], training[t], 0.05)
end
-- It does not depend on how many are handled at once.
local again = basin.metric("exposure_bias", { sampler = ddim, images = 128, batch = 50 }):measure(model, data)
close(again.gap_mean, found.gap_mean, 1e-3)

refused("measures a model", function() return bias:measure(data, data) end)
refused("sampler", function() return basin.metric "exposure_bias" {} end)
print "ok"
