-- A small one, and what it is made of.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 16, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = { 8 } }
print(model)
print(("%d parameters"):format(model.count))
