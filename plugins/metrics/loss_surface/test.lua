local basin = require "basin"

local data = basin.dataset "shapes" { count = 32, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local function measure(options)
  options.images, options.points = 8, options.points or 3
  return basin.metric("loss_surface", options):measure(model, data, { process = process })
end

local before = {}
for name, value in pairs(model:parameters()) do before[name] = value:copy() end
local found = measure { bands = 2 }
for name, value in pairs(model:parameters()) do assert((value - before[name]):abs():max():item() == 0, name) end
assert(#found.grids == 3 and found.grids[2].name == "loss, t from 0 to 500")
local z, low, high = found.grids[1].z, found.grids[1].low, found.grids[1].high
assert(#z == 3 and #z[1] == 3 and z[2][2] == found.loss)
for j = 1, 3 do
  for i = 1, 3 do assert(low[j][i] <= z[j][i] and z[j][i] <= high[j][i] and found.lowest <= z[j][i]) end
end
assert(measure({ bands = 0 }).grids[1].z[1][3] == z[1][3])
assert(measure({ bands = 0, draw = 1 }).grids[1].z[1][3] ~= z[1][3])

local picture = os.tmpname()
assert(found:contour { path = picture, grid = found.grids[3].name } == picture)
assert(found:surface { path = picture, log = true, width = 300, height = 200 } == picture)
os.remove(picture)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("an odd number of points along each axis, so that the model itself is one: 5 instead of 4", measure, { points = 4 })
refused("has no grid 'los'; did you mean 'loss'?", found.contour, found, { grid = "los" })
local flat = basin.metric("lpf", { draws = 1, images = 4 }):measure(model, data, { process = process })
refused("the result of lpf has no grid to draw", flat.surface, flat)
print "ok"
