local basin = require "basin"

-- The numbers are held to the definitions in tests/metrics/distances.cpp.
local prdc = basin.metric "precision_recall" { features = basin.model "small_features" { pretrained = false } }
local data = basin.dataset "shapes" { count = 300, size = 16, seed = 1 }
local same = prdc:measure(data, data)
assert(same.value == 1 and same.precision == 1 and same.recall == 1 and same.coverage == 1)
assert(same.low < 1 and same.low > 0.98 and same.high <= 1 + 1e-12)

local noise = prdc:measure(basin.dataset("gaussian", { count = 300, size = 16, std = 0.5 }), data)
assert(noise.precision < 0.05 and noise.coverage < 0.05, tostring(noise))
assert(noise.protocol.numbers == "32 features, 300 images against 300, k = 3", noise.protocol.numbers)

local limited = basin.metric("precision_recall", { features = basin.model "small_features" { pretrained = false }, limit = 100 })
assert(limited:measure(data, data).protocol.numbers == "32 features, 300 images against 100, k = 3")

local ok, message = pcall(function() return prdc:measure(data:images(1, 3), data) end)
assert(not ok and tostring(message):find("more than k = 3 of each, but got 3 images", 1, true), message)

-- One picture many times is measured, and said.
local one = basin.dataset "gaussian" { count = 150, size = 16, mean = 0.3, std = 0 }
prdc:measure(one, data)
--> warning: precision_recall: all 150 images have the same features: the balls around them have no extent, so recall counts copies of them alone, and precision is that of a single picture.
prdc:measure(data, one)
--> warning: precision_recall: all 150 items of the data set have the same features: the balls around them have no extent, so precision counts copies of them alone, and recall is that of a single picture.
print "ok"
--> ok
