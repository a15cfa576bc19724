local basin = require "basin"

local data = basin.dataset "shapes" { count = 32, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local function measure(options)
  options.images = 8
  return basin.metric("hessian", options):measure(model, data, { process = process })
end

local before = {}
for name, value in pairs(model:parameters()) do before[name] = value:copy() end
local found = measure { top = 2, iterations = 5, probes = 2, density = 3, bands = 2 }
for name, value in pairs(model:parameters()) do assert((value - before[name]):abs():max():item() == 0, name) end
assert(found.lowest_eigenvalue < found.top_eigenvalue and found.low <= found.value and found.value <= found.high)
local curves = {}
for _, c in ipairs(found.curves) do curves[c.name] = c end
assert(#curves.eigenvalues.y == 2 and curves.eigenvalues.y[1] == found.top_eigenvalue)
assert(curves.eigenvalues.y[2] <= curves.eigenvalues.y[1])
assert(#curves.trace.y == 2 and math.abs((curves.trace.y[1] + curves.trace.y[2]) / 2 - found.trace) < 1e-3 * math.abs(found.trace))
assert(#curves.spectral_density.x == #curves.spectral_density.y)

-- The curvature is how the loss rises: along the top eigenvector by lambda r^2 / 2.
local along = basin.metric("loss_along", { along = "hessian", radii = { 0.02 }, norm = "absolute", images = 8, bands = 0,
  iterations = 5 }):measure(model, data, { process = process })
local rise = along.curves[1].y[2] - along.loss
assert(math.abs(rise - along.top_eigenvalue * 0.02 ^ 2 / 2) < 0.05 * rise, rise)

local ok, message = pcall(function() return basin.metric("hessian", {}):measure(data:images(1, 8), data) end)
assert(not ok and tostring(message):find "measures a model, not images", message)
print "ok"
