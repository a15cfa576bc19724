-- How far one half of a data set is from the other, and from fewer kinds of shape.
local basin = require "basin"

local fid = basin.metric "fid" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 1000, seed = 1 }
print("the same kinds:", fid:measure(basin.dataset("shapes", { count = 1000, seed = 2 }), data))
print("circles alone: ", fid:measure(basin.dataset("shapes", { count = 1000, seed = 2, classes = 1 }), data))
