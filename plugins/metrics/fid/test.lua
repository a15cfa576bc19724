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

-- Without the bias of few images: of one distribution, infinitely many images are at distance 0 from as many items.
local many = basin.dataset "shapes" { count = 4000, size = 16, seed = 3 }
local few = basin.metric("fid", { features = features, points = 5 }):measure(other, many)
assert(few.fid > 0 and math.abs(few.fid_infinity) < few.fid / 2, tostring(few))
local curve = few.curves[1]
assert(#curve.x == 6 and curve.x[1] == 0 and curve.y[1] == few.fid_infinity)
assert(math.abs(curve.x[2] - 1 / 600) < 1e-12 and math.abs(curve.x[6] - 1 / 150) < 1e-12, curve.x[6])
assert(curve.y[6] > curve.y[2] and curve.y[2] == few.fid)

local function refused(what, ...)
  local ok, message = pcall(...)
  assert(not ok and tostring(message):find(what, 1, true), tostring(message))
end
refused("got 600 images and 0 items", function() return fid:measure(data) end)
refused("a line goes through at least 2 points", function() return basin.metric("fid", { features = features, points = 1 }):measure(other, data) end)
refused("39 images are too few", function()
  return basin.metric("fid", { features = features, points = 5 }):measure(other:images(1, 39), data)
end)
refused("shape [3, 16, 16], the data set's items have [3, 8, 8]", function()
  return fid:measure(other, basin.dataset("shapes", { count = 50, size = 8 }))
end)

-- Too few images, and one picture many times, are measured, and it is said what that does.
fid:measure(other:images(1, 33), data)  -- just enough: 32 differences from the mean
fid:measure(other:images(1, 32), data)
--> warning: fid: 32 images cannot fill a covariance of 32 features; the distance will be far too large. Use more images or fewer features.
fid:measure(other:images(1, 20), data)
--> warning: fid: 20 images cannot fill a covariance of 32 features; the distance will be far too large. Use more images or fewer features.
fid:measure(basin.dataset("gaussian", { count = 150, size = 16, mean = 0.3, std = 0 }), data)
--> warning: fid: all 150 images have the same features; the distance is that of a single picture.
print "ok"
--> ok
