-- What is in shards of WebDataset's layout:   basin run example.lua --set data=DIR
local basin = require "basin"

basin.arguments { data = { type = "folder", help = "a folder with .tar files" } }
local data = basin.dataset "webdataset" { root = basin.args.data, size = 64 }
data:images(1, math.min(64, data.count)):grid "shards.png"
print(data.reference .. ": see shards.png")
