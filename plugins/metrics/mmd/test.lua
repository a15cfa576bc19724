local basin = require "basin"

-- The number, the median and the interval are held to scipy's in tests/metrics/pairs.cpp.
local function mmd(options) return basin.metric("mmd", options) end
local function normal(std, seed) return basin.dataset("gaussian", { count = 1500, size = 2, std = std, seed = seed }) end

-- Of N(0, a^2 I) and N(0, b^2 I): E k = (1 + (a^2 + b^2) / s^2)^(-d / 2).
local a, b, s, d = 1.5, 1, 3, 12
local function mean_kernel(p, q) return (1 + (p * p + q * q) / (s * s)) ^ (-d / 2) end
local expected = mean_kernel(a, a) + mean_kernel(b, b) - 2 * mean_kernel(a, b)
local far, near = mmd { bandwidth = s }:measure(normal(a, 1), normal(b, 2)), mmd { bandwidth = s }:measure(normal(b, 1), normal(b, 2))
assert(math.abs(far.value - expected) < 0.05 * expected, tostring(far) .. " and " .. expected)
assert(near.low < 0 and near.high > 0 and far.low > near.high, tostring(near))
assert(far.protocol.numbers == "12 pixels, 1500 images against 1500" and far.bandwidth == 3)

local data = basin.dataset "shapes" { count = 100, size = 16, seed = 1 }
local limited = mmd { features = basin.model "small_features" {}, limit = 50 }:measure(data, basin.dataset("shapes", { count = 100, size = 16, seed = 2 }))
assert(limited.protocol.numbers == "32 features, 50 images against 50" and limited.low == nil, limited.protocol.numbers)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("got 100 images and 0 items", function() return mmd {}:measure(data) end)
local one = basin.dataset("gaussian", { count = 20, size = 2, std = 0 })
refused("their median distance is 0: give a bandwidth", function() return mmd {}:measure(one, one) end)
print "ok"
