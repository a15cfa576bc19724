-- In pixels: shapes and other shapes, shapes and noise.
local basin = require "basin"

local distance = basin.metric("sliced_wasserstein", {})
local data = basin.dataset "shapes" { count = 1000, size = 16, seed = 1 }
print(distance:measure(basin.dataset("shapes", { count = 1000, size = 16, seed = 2 }), data))
print(distance:measure(basin.dataset("gaussian", { count = 1000, size = 16, std = 0.5 }), data))
