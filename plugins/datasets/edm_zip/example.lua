-- What EDM's dataset tool wrote:   basin run example.lua --set file=cifar10-32x32.zip
local basin = require "basin"

basin.arguments { file = { type = "file", help = "a zip file of EDM's dataset tool" } }
local data = basin.dataset "edm_zip" { file = basin.args.file }
data:images(1, math.min(64, data.count)):grid "edm.png"
print(data.reference .. ": see edm.png")
