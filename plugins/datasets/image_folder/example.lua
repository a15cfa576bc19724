-- What a folder of pictures looks like to a model:   basin run example.lua --set data=DIR
local basin = require "basin"

basin.arguments { data = { type = "folder", help = "a folder of pictures" } }
local data = basin.dataset "image_folder" { root = basin.args.data, size = 64 }
data:images(1, math.min(64, data.count)):grid "folder.png"
print(data.reference .. ": see folder.png")
