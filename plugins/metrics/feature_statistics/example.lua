-- A reference kept in a file, and images measured against it.
local basin = require "basin"

local features, file = basin.model "small_features" {}, "shapes-statistics.npz"
local data = basin.dataset "shapes" { count = 1000, seed = 1 }
print(basin.metric("feature_statistics", { features = features, to = file }):measure(data))
local other = basin.dataset "shapes" { count = 1000, seed = 2 }
print(basin.metric("fid", { features = features, statistics = file }):measure(other))
