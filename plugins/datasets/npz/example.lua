-- The first images of a .npz:   basin run example.lua --set file=samples.npz
local basin = require "basin"

basin.arguments { file = { type = "file", help = "a .npz with arr_0, uint8 [N,H,W,3]" } }
local data = basin.dataset "npz" { file = basin.args.file }
data:images(1, math.min(64, data.count)):grid "npz.png"
print(data.reference .. ": see npz.png")
