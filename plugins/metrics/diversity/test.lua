local basin = require "basin"

-- The number and its interval are held to scipy's over all pairs in tests/metrics/pairs.cpp.
local diversity = basin.metric "diversity" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 300, size = 16, seed = 1 }
local alike = diversity:measure(basin.dataset("gaussian", { count = 300, size = 16, std = 0.02 }), data)  -- grey
assert(alike.high < alike.diversity_of_reference and alike.low < alike.value, tostring(alike))
local own = diversity:measure(data)
assert(math.abs(own.value - alike.diversity_of_reference) < 1e-9 * own.value)
assert(math.abs(own.low - alike.intervals.diversity_of_reference.low) < 1e-9 * own.value)
assert(own.protocol.numbers == "300 images" and alike.protocol.numbers == "300 images, and 300 of the reference")

-- One picture over and over: none at all, and no interval of too few images.
local constant = basin.dataset("gaussian", { count = 30, size = 16, std = 0 })
local none = diversity:measure(constant)
assert(math.abs(none.value) < 1e-9 and none.low == nil, tostring(none))

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("there are 1 images: at least 2 are needed", function() return diversity:measure(data:images(1, 1)) end)
print "ok"
