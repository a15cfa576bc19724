local basin = require "basin"

-- The numbers are held to torch-fidelity's in tests/metrics/distances.cpp.
local classifier = basin.model "small_features" { layer = "logits" }
local is = basin.metric "inception_score" { features = classifier }
local varied = is:measure(basin.dataset("shapes", { count = 400, size = 16, seed = 1 }))
local alike = is:measure(basin.dataset("gaussian", { count = 400, size = 16, std = 0.02 }))  -- grey
assert(varied.low > alike.high and alike.value >= 1 and varied.value <= 10, tostring(varied) .. tostring(alike))
assert(varied.protocol.numbers == "10 classes, 400 images in 10 splits, in order", varied.protocol.numbers)
assert(varied.protocol.features:find("layer = \"logits\"", 1, true), varied.protocol.features)

local one = basin.metric("inception_score", { features = classifier, splits = 1 }):measure(basin.dataset("gaussian", { count = 60, size = 8 }))
assert(one.low == nil and one.value >= 1)

local ok, message = pcall(function() return is:measure(basin.dataset("shapes", { count = 19 })) end)
assert(not ok and tostring(message):find("at least 2 images for each of its 10 splits, but got 19", 1, true), message)
print "ok"
