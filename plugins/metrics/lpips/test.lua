local basin = require "basin"

-- The distance is held to the package's in tests/metrics/lpips.cpp.
local features = basin.model "lpips_features" { trunk = "squeeze" }
local lpips = basin.metric "lpips" { features = features }
local data = basin.dataset "shapes" { count = 6, size = 32, seed = 1 }
local a, b = data:images(1, 6), basin.dataset("shapes", { count = 6, size = 32, seed = 2 }):images(1, 6)
assert(lpips:measure(a, a).lpips == 0)
local found = lpips:measure(a, b)
assert(found.lpips > 0 and found.low < found.lpips and found.lpips < found.high, tostring(found))
assert(math.abs(lpips:measure(b, a).lpips - found.lpips) < 1e-9)
assert(math.abs(basin.metric("lpips", { features = features, batch = 4 }):measure(a, b).lpips - found.lpips) < 1e-5 * found.lpips)
assert(found.protocol.numbers == "6 pairs" and found.protocol.features:find('^lpips_features { trunk = "squeeze" }'), found.protocol.features)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("there are 6 images and 5 to compare them with", function() return lpips:measure(a, data:images(1, 5)) end)
refused("needs images of at least 17x17, and these are 16x16", function()
  local small = basin.dataset("shapes", { count = 2, size = 16 }):images(1, 2)
  return lpips:measure(small, small)
end)
print "ok"
