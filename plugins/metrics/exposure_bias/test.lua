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
local sampling, training, squares, deviations, images = {}, {}, {}, {}, data:images(1, 128).pixels / 127.5 - 1
local probe = basin.sampler("probe", function(s)
  local levels, x = s:levels(5), s.start
  for i = #levels, 1, -1 do
    local t = levels[i]
    local alpha, sigma = process:alpha(t), process:sigma(t)
    squares[t], deviations[t] = {}, {}
    local function norm(epsilon, of)
      local squared = (epsilon ^ 2):sum(2, 3, 4)
      local norms = squared:sqrt()
      local mean = norms:mean():item()
      squares[t][of], deviations[t][of] = squared:mean():item(), math.sqrt(((norms - mean) ^ 2):sum():item() / 127)
      return mean
    end
    local epsilon = s:denoise(x, t)
    sampling[t] = norm(epsilon, "sampling")
    training[t] = norm(s:denoise(images * alpha + s:noise(i) * sigma, t), "training")
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
  local error = 0
  for _, of in ipairs { "sampling", "training" } do
    close(curves[of .. " squared norm"].y[i], squares[t][of], 0.1)
    error = error + deviations[t][of] ^ 2 / 128
  end
  -- 95 % of the difference of two independent means: Student's t of 127 degrees of freedom.
  close(curves.gap.high[i] - curves.gap.y[i], 1.978820 * math.sqrt(error), 0.2)
  close(curves.gap.y[i], curves["sampling norm"].y[i] - curves["training norm"].y[i], 1e-6)
end
local sums = { y = 0, low = 0, high = 0 }
for i = 1, 5 do
  for what, sum in pairs(sums) do sums[what] = sum + curves.gap[what][i] / 5 end
end
close(found.gap_mean, sums.y, 1e-9)
close(found.intervals.gap_mean.low, sums.low, 1e-9)
close(found.intervals.gap_mean.high, sums.high, 1e-9)
close(found.squared_gap_last_step, curves["sampling squared norm"].y[1] - curves["training squared norm"].y[1], 1e-6)
-- It does not depend on how many are handled at once.
local again = basin.metric("exposure_bias", { sampler = ddim, images = 128, batch = 50 }):measure(model, data)
close(again.gap_mean, found.gap_mean, 1e-3)

refused("measures a model", function() return bias:measure(data, data) end)
refused("sampler", function() return basin.metric "exposure_bias" {} end)
print "ok"
