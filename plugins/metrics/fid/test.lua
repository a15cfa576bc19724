local basin = require "basin"

local features = basin.model "small_features" { pretrained = false }  -- any function of the image will do
local fid = basin.metric "fid" { features = features }
local data = basin.dataset "shapes" { count = 600, size = 16, seed = 1 }
local other = basin.dataset "shapes" { count = 600, size = 16, seed = 2 }
local circles = basin.dataset "shapes" { count = 600, size = 16, seed = 2, classes = 1 }

local same, near, far = fid:measure(data, data), fid:measure(other, data), fid:measure(circles, data)
assert(math.abs(same.fid) < 1e-6, same.fid)
assert(near.fid > 0 and far.fid > near.high, "near " .. tostring(near) .. ", far " .. tostring(far))
assert(near.low < near.fid and near.fid < near.high)
assert(near.protocol.numbers == "32 features, 600 images against 600")

-- Neither the batch nor whether images or a data set are measured changes the number.
local batched = basin.metric("fid", { features = features, batch = 7 }):measure(other:images(1, 600), data)
assert(math.abs(batched.fid - near.fid) < 1e-6 * (1 + near.fid))

local ok, message = pcall(function() return fid:measure(data:images(1, 1), data) end)
assert(not ok and tostring(message):find "at least 2 of each", message)
print "ok"
