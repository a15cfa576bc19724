-- A distance of pairs, in the features of a small classifier; scripts/convert_lpips.py has the weights of LPIPS.
local basin = require "basin"

local lpips = basin.metric "lpips" { features = basin.model "small_features" {} }
local data, other = basin.dataset "shapes" { count = 64, seed = 1 }, basin.dataset "shapes" { count = 64, seed = 2 }
print(lpips:measure(data:images(1, 64), other:images(1, 64)))
