-- The tree of the network; its weights are converted by scripts/convert_inception.py.
local basin = require "basin"

print(basin.model "inception_v3" { layer = "spatial" })
