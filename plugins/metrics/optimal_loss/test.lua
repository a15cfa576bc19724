local basin = require "basin"

local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
local function measure(data, options) return basin.metric("optimal_loss", options):measure(model, data, { process = process }) end
local function curve(found, name)
  for _, c in ipairs(found.curves) do
    if c.name == name then return c.y end
  end
end

-- Gaussian data: the optimal loss is a formula. A fresh model predicts 0, so its gap is E|best prediction|^2 = 1 - optimal.
local s = 0.4
local levels = { 100, 500, 900 }
local found = measure(basin.dataset("gaussian", { count = 2000, size = 8, std = s }), { queries = 64, levels = levels })
for i, t in ipairs(levels) do
  local a, b = process:alpha(t), process:sigma(t)
  local optimal = a * a * s * s / (a * a * s * s + b * b)
  assert(math.abs(curve(found, "optimal")[i] - optimal) < 1e-9)
  assert(math.abs(curve(found, "loss")[i] - 1) < 0.05)
  assert(math.abs(curve(found, "gap")[i] - (1 - optimal)) < 0.05)
end

-- A finite set: nothing is left to guess where there is little noise, and all of it (s^2 of 1) where there is only noise.
local shapes = basin.dataset "shapes" { count = 200, size = 8 }
found = measure(shapes, { queries = 32 })
local optimal, gap = curve(found, "optimal"), curve(found, "gap")
assert(#optimal == 9)
assert(optimal[1] < 1e-9 and optimal[#optimal] < 1e-4)  -- epsilon is known when x0 is, and when x_t is epsilon
assert(math.abs(gap[1] - 1) < 0.1)
assert(found.optimal < found.loss and found.low < found.gap and found.gap < found.high)
-- In expectation gap = loss - optimal.
assert(math.abs(found.gap - (found.loss - found.optimal)) < 0.05)

-- Fewer items are easier to know by heart.
assert(measure(shapes, { queries = 32, items = 20 }).optimal < found.optimal)

local ok, message = pcall(measure, shapes, { levels = { 5, 1000 } })
assert(not ok and tostring(message):find "outside 0..999", message)
print "ok"
