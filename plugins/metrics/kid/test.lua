local basin = require "basin"

local kid = basin.metric "kid" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 400, size = 16, seed = 1 }
local other = basin.dataset "shapes" { count = 400, size = 16, seed = 2 }
local noise = basin.dataset "gaussian" { count = 400, size = 16, std = 0.5 }

-- Two draws of one distribution are nearer than another distribution.
local near, far = kid:measure(other, data), kid:measure(noise, data)
assert(far.low > near.high, "near " .. tostring(near) .. ", far " .. tostring(far))

local ok, message = pcall(function() return kid:measure(data:images(1, 1), data) end)
assert(not ok, message)
print "ok"
