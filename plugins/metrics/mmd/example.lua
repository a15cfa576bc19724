-- Two draws of shapes are as near as nothing; circles alone are not.
local basin = require "basin"

local mmd = basin.metric "mmd" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 500, seed = 1 }
print(mmd:measure(basin.dataset("shapes", { count = 500, seed = 2 }), data))
print(mmd:measure(basin.dataset("shapes", { count = 500, seed = 2, classes = 1 }), data))
