-- Shapes against other shapes, pair by pair.
local basin = require "basin"

local data, other = basin.dataset "shapes" { count = 64, seed = 1 }, basin.dataset "shapes" { count = 64, seed = 2 }
print(basin.metric("psnr", {}):measure(data:images(1, 64), other:images(1, 64)))
