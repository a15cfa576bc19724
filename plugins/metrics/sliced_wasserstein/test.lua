local basin = require "basin"

-- On a line it is held to scipy's and POT's in tests/metrics/pairs.cpp.
local function distance(options) return basin.metric("sliced_wasserstein", options) end
local function normal(std, seed, count) return basin.dataset("gaussian", { count = count or 3000, size = 4, std = std, seed = seed }) end

-- Of N(0, s^2 I) and N(0, r^2 I) every direction shows N(0, s^2) and N(0, r^2), which are |s - r| apart.
for _, order in ipairs { 1, 2 } do
  local found = distance { order = order }:measure(normal(1.5, 1), normal(1, 2, 2000))
  local expected = order == 2 and 0.5 or 0.5 * math.sqrt(2 / math.pi)
  assert(math.abs(found.value - expected) < 0.02, tostring(found))
  assert(found.protocol.numbers == "48 pixels, 3000 images against 2000, 128 directions", found.protocol.numbers)
end
assert(distance {}:measure(normal(1, 1), normal(1, 1)).value == 0)

local data = basin.dataset "shapes" { count = 300, size = 16, seed = 1 }
local features = basin.model "small_features" {}
local near = distance { features = features }:measure(basin.dataset("shapes", { count = 300, size = 16, seed = 2 }), data)
local far = distance { features = features }:measure(basin.dataset("gaussian", { count = 300, size = 16, std = 0.5 }), data)
assert(far.low > near.high, tostring(near) .. " " .. tostring(far))
assert(far.protocol.features:find "^small_features")

local ok, message = pcall(function() return distance {}:measure(data) end)
assert(not ok and tostring(message):find("got 300 images and 0 items", 1, true), message)
print "ok"
