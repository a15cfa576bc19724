local basin = require "basin"

local data = basin.dataset "gaussian" { count = 2000, size = 4, channels = 2, mean = 0.3, std = 0.2 }
assert(data.count == 2000 and data.classes == 0)
assert(data.shape[1] == 2 and data.shape[2] == 4 and data.shape[3] == 4)

local x = data:read(1, 2000)
local mean = x:mean()
local deviation = ((x - mean) ^ 2):mean():sqrt():item()
assert(math.abs(mean:item() - 0.3) < 4 * 0.2 / math.sqrt(64000))
assert(math.abs(deviation - 0.2) < 0.003)

-- An item is a function of (seed, item).
assert((data:read(500)[1] - x[500]):abs():max():item() == 0)
local other = basin.dataset("gaussian", { count = 2000, size = 4, channels = 2, mean = 0.3, std = 0.2, seed = 1 })
assert((other:read(500)[1] - x[500]):abs():max():item() > 0)
print "ok"
