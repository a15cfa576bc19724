-- 64 of the training images:   basin run example.lua --set data=DIR
local basin = require "basin"

basin.arguments { data = { type = "folder", help = "CIFAR-100, binary layout" } }
local data = basin.dataset "cifar100" { root = basin.args.data }
data:images(1, 64):grid "cifar100.png"
print(data.reference .. ": see cifar100.png")
