-- The mean and the spread of what is drawn.
local basin = require "basin"

local data = basin.dataset "gaussian" { count = 1000, size = 8, channels = 3, mean = 0.2, std = 0.5 }
local x = data:read(1, 1000)
local mean = x:mean()
print("mean", mean:item(), "standard deviation", ((x - mean) ^ 2):mean():sqrt():item())
