-- A look at the data: 64 pictures side by side.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 64, size = 64 }
data:images(1, 64):grid "shapes.png"
print(data.reference .. ": see shapes.png")
