-- Circles alone, beside all kinds of shape.
local basin = require "basin"

local diversity = basin.metric "diversity" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 1000, seed = 1 }
print(diversity:measure(basin.dataset("shapes", { count = 1000, seed = 2, classes = 1 }), data))
