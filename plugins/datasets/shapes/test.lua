local basin = require "basin"

local function difference(a, b) return (a - b):abs():max():item() end

local data = basin.dataset "shapes" { count = 100, size = 32 }
assert(data.count == 100 and data.classes == 8)
assert(data.shape[1] == 3 and data.shape[2] == 32 and data.shape[3] == 32)

-- A picture is a function of (seed, item): neither the batch nor the count matters.
local batch = data:read(11, 20)
local many = basin.dataset "shapes" { count = 5000, size = 32 }
for i = 1, 20 do assert(difference(batch[i], many:read(10 + i)[1]) == 0) end
assert(difference(batch, basin.dataset("shapes", { count = 100, seed = 1 }):read(11, 20)) > 0.5)

-- The same scene at another size: the means of 2x2 pixels of the large one are nearly the small one.
local large = basin.dataset("shapes", { count = 100, size = 64 }):read(11, 20)
local halved = large:reshape(20, 3, 32, 2, 32, 2):mean(4, 6)
assert((halved - batch):abs():mean():item() < 0.02)

-- Pictures use the range, and are not alike.
assert(batch:max():item() > 0.5 and batch:min():item() < -0.5)
assert((batch[1] - batch[2]):abs():mean():item() > 0.05)

-- One kind of shape: one class.
assert(basin.dataset("shapes", { classes = 1 }).classes == 1)

local ok, message = pcall(function() return basin.dataset("shapes", { classes = 9 }).count end)
assert(not ok and tostring(message):find "classes", message)
print "ok"
