-- How far one half of a data set is from the other, and from fewer kinds of shape.
local basin = require "basin"

local kid = basin.metric "kid" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 1000, seed = 1 }
print("the same kinds:", kid:measure(basin.dataset("shapes", { count = 500, seed = 2 }), data))
print("circles alone: ", kid:measure(basin.dataset("shapes", { count = 500, seed = 2, classes = 1 }), data))
