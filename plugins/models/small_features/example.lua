-- The model, and a distance in its features.
local basin = require "basin"

local features = basin.model "small_features" {}
print(features)
local data = basin.dataset "shapes" { count = 500, seed = 1 }
print(basin.metric("kid", { features = features }):measure(basin.dataset("shapes", { count = 500, seed = 2 }), data))
