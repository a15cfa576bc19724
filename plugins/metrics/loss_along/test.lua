local basin = require "basin"

local data = basin.dataset "shapes" { count = 32, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local function measure(options)
  options.images, options.iterations = 8, 3
  return basin.metric("loss_along", options):measure(model, data, { process = process })
end
local function curve(result, name)
  for _, c in ipairs(result.curves) do if c.name == name then return c end end
  error("no curve " .. name)
end

local before = {}
for name, value in pairs(model:parameters()) do before[name] = value:copy() end
local all = measure { radii = { 0.01, 0.02 }, draws = 2, bands = 2 }
for name, value in pairs(model:parameters()) do assert((value - before[name]):abs():max():item() == 0, name) end

for _, kind in ipairs { "random", "filter_normalised", "gradient", "hessian" } do
  local c = curve(all, "loss_" .. kind)
  assert(#c.x == 3 and c.x[1] == 0 and c.y[1] == all.loss, kind)
  assert(c.low[3] <= c.y[3] and c.y[3] <= c.high[3])
  assert(all.intervals["slope_" .. kind].low)
end
assert(all.slope_gradient > all.slope_random)  -- nothing rises faster, to first order
assert(#all.grids == 4 and #all.grids[1].z == 2 and #all.grids[1].z[1] == 3)

-- A relative radius is the absolute one as a share of the weights' norm.
local absolute = measure { along = "random", radii = { 0.01 * all.weight_norm, 0.02 * all.weight_norm }, norm = "absolute",
  draws = 2, bands = 0 }
assert(math.abs(curve(absolute, "loss_random").y[3] - curve(all, "loss_random").y[3]) < 1e-5)
assert(#absolute.grids == 0)

-- Of one radius the slope is the rise over it, and so are the ends of its interval.
for _, kind in ipairs { "random", "gradient" } do
  local one = measure { along = kind, radii = { 0.02 }, draws = 3, bands = 0 }
  local c, slope = curve(one, "loss_" .. kind), one.intervals["slope_" .. kind]
  for _, pair in ipairs { { slope.low, c.low }, { slope.high, c.high }, { one["slope_" .. kind], c.y } } do
    assert(math.abs(pair[1] * 0.02 - (pair[2][2] - one.loss)) < 1e-9, kind)
  end
end

local function refused(what, options)
  local ok, message = pcall(measure, options)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("ascending", { radii = { 0.2, 0.1 } })
refused("one radius at least", { radii = {} })
print "ok"
