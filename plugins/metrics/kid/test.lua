local basin = require "basin"

local features = basin.model "small_features" {}
local kid = basin.metric "kid" { features = features, subsets = 20 }
local data = basin.dataset "shapes" { count = 400, size = 16, seed = 1 }
local other = basin.dataset "shapes" { count = 400, size = 16, seed = 2 }
local noise = basin.dataset "gaussian" { count = 400, size = 16, std = 0.5 }

-- Two draws of one distribution are near zero, beside the distance of another distribution.
local near, far = kid:measure(other, data), kid:measure(noise, data)
assert(near.low < far.low / 10, "near " .. tostring(near) .. ", far " .. tostring(far))
assert(far.low > near.high, "near " .. tostring(near) .. ", far " .. tostring(far))
assert(far.kid_spread > 0)

-- A subset has at most half of the images; the batch does not matter.
assert(near.protocol.numbers:find "20 subsets of 200")
local batched = basin.metric("kid", { features = features, subsets = 20, batch = 7 }):measure(other:images(1, 400), data)
assert(math.abs(batched.kid - near.kid) < 1e-6)

local ok, message = pcall(function() return kid:measure(data:images(1, 3), data) end)
assert(not ok and tostring(message):find "at least 4 of each", message)
print "ok"
