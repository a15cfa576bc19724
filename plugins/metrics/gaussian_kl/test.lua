local basin = require "basin"

-- On toy data it is held to torch's in tests/metrics/pairs.cpp.
local kl = basin.metric("gaussian_kl", {})
local function normal(std, seed, mean) return basin.dataset("gaussian", { count = 3000, size = 2, std = std, seed = seed, mean = mean or 0 }) end

-- Of N(m, a^2 I) from N(0, b^2 I): (d (r - 1 - ln r) + d m^2 / b^2) / 2 with r = a^2 / b^2, here in 12 dimensions.
local a, b, mean, d = 1, 1.5, 0.5, 12
local r = a * a / (b * b)
local expected = (d * (r - 1 - math.log(r)) + d * mean * mean / (b * b)) / 2
local found = kl:measure(normal(b, 1), normal(a, 2, mean))
assert(math.abs(found.value - expected) < 0.1 * expected, tostring(found) .. " and " .. expected)
assert(found.low < found.value and found.value < found.high)
assert(math.abs(kl:measure(normal(a, 1), normal(a, 1)).value) < 1e-9)
assert(found.protocol.numbers == "12 pixels, 3000 images against 3000", found.protocol.numbers)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("got 3000 images and 0 items", function() return kl:measure(normal(1, 1)) end)
refused("The features of the images (10 items, 12 features) do not fill their covariance", function()
  return kl:measure(basin.dataset("gaussian", { count = 10, size = 2 }), normal(1, 1))
end)
print "ok"
