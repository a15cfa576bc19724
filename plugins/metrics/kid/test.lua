local basin = require "basin"

local features = basin.model "small_features" { pretrained = false }  -- any function of the image will do
local function kid(options)
  options.features = features
  return basin.metric("kid", options)
end
local data = basin.dataset "shapes" { count = 400, size = 16, seed = 1 }
local other = basin.dataset "shapes" { count = 400, size = 16, seed = 2 }
local noise = basin.dataset "gaussian" { count = 400, size = 16, std = 0.5 }

-- Two draws of one distribution are as near as nothing, another distribution is not.
local options = { subsets = 50, subset_size = 100 }
local near, far = kid(options):measure(other, data), kid(options):measure(noise, data)
assert(near.low < 0 and near.high > 0, tostring(near))
assert(far.low > near.high and far.low < far.kid and far.kid < far.high, "near " .. tostring(near) .. ", far " .. tostring(far))
assert(near.protocol.numbers == "32 features, 400 images against 400, 50 subsets of 100", near.protocol.numbers)

-- Unbiased: subsets of any size mean the same, within the interval. (A biased one is larger by about 1 / size.)
local small = kid { subsets = 400, subset_size = 8 }:measure(noise, data)
assert(math.abs(small.kid - far.kid) < (small.high - small.low + far.high - far.low) / 2)

-- The interval is t times the spread times sqrt(m / (n - m) + 1 / subsets); t of 49 degrees of freedom.
local half = 2.009575 * far.kid_spread * math.sqrt(100 / 300 + 1 / 50)
assert(math.abs((far.high - far.low) / 2 - half) < 1e-4 * half)

-- Neither the batch nor whether images or a data set are measured changes the number.
local batched = kid { subsets = 50, subset_size = 100, batch = 7 }:measure(noise, data)
assert(math.abs(batched.kid - far.kid) < 1e-6 * far.kid)

-- A limit spreads over everything: 100 of 400 are every fourth item, and no subset has more than half of them.
local limited = kid { subsets = 50, limit = 100 }:measure(noise, data)
assert(limited.protocol.numbers == "32 features, 100 images against 100, 50 subsets of 50", limited.protocol.numbers)
assert(math.abs(limited.kid - far.kid) < (limited.high - limited.low + far.high - far.low) / 2)
assert(limited.kid ~= far.kid)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("at least 4 of each, but got 3 images", function() return kid({}):measure(data:images(1, 3), data) end)
refused("(limit = 3)", function() return kid({ limit = 3 }):measure(other, data) end)
refused("subsets", function() return kid { subsets = 1 } end)

-- One picture many times is measured, and said.
local one = basin.dataset "gaussian" { count = 150, size = 16, mean = 0.3, std = 0 }
kid({ subsets = 2 }):measure(one, data)
--> warning: kid: all 150 images have the same features; the distance is that of a single picture.
kid({ subsets = 2 }):measure(data, one)
--> warning: kid: all 150 items of the data set have the same features; the distance is that of a single picture.
print "ok"
--> ok
