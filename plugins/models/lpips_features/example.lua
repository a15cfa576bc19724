-- The tree of the network; its weights are converted by scripts/convert_lpips.py.
local basin = require "basin"

print(basin.model "lpips_features" { trunk = "squeeze" })
