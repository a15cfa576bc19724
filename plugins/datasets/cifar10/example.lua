-- 64 of the training images at half their size:   basin run example.lua --set data=DIR
local basin = require "basin"

basin.arguments { data = { type = "folder", help = "CIFAR-10, binary layout" } }
local data = basin.dataset "cifar10" { root = basin.args.data, split = "train", size = 16 }
data:images(1, 64):grid "cifar10.png"
print(data.reference .. ": see cifar10.png")
